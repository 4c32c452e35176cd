"""What guards and reads the PostgreSQL server."""
