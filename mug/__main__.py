"""``python -m mug`` equals ``mug``."""

import sys

from mug.cli import main

if __name__ == "__main__":
    sys.exit(main())
