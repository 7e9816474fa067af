"""`python -m pirn_core`: the command line `pirn`."""

from pirn_core.cli.app import main

if __name__ == "__main__":
    main()
