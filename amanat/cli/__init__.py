"""The `amanat` command: what a person types, what it prints, how it ends."""
