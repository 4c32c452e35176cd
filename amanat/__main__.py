"""`python -m amanat` is the `amanat` command."""

from amanat.cli.app import main

main()
