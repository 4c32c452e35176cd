"""Base backups, WAL archiving, restores and drills."""
