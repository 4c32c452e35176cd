"""`python -m amanat` is the `amanat` command."""

from amanat.start import main

if __name__ == "__main__":
    main()
