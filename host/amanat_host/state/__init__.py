"""The whole state of a host, read for the audit's closed world: a module for each dimension."""
