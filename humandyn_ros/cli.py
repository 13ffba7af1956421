"""The `humandyn` command; heavy imports happen inside the functions that need them."""

import sys


def main() -> int:
    """Run the command line."""
    return 0


if __name__ == '__main__':
    sys.exit(main())
