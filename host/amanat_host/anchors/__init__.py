"""Heads of the archive's chain, kept on another host."""
