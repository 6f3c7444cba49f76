"""`python -m kapso`: the command line."""

from kapso.cli import main

if __name__ == "__main__":
    main()
