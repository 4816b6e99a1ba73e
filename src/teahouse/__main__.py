"""`python -m teahouse`."""

from teahouse.cli import main

if __name__ == "__main__":
    main()
