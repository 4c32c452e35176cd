"""Copies of every host's files: restic's client and its append-only server."""
