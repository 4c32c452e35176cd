"""Twenty states that a stack in order is found in, and an audit of each: none may be red."""
