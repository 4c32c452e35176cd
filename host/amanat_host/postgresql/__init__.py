"""What guards and reads the PostgreSQL server."""

from pathlib import Path

BIN = Path("/usr/lib/postgresql/17/bin")
