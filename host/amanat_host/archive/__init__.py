"""The message archive: its chaining job, and what tries and measures it on scratch clusters."""
