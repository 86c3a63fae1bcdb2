"""`python -m facert_blender …`: the same work without a window."""

import sys

from .command import main

sys.exit(main(sys.argv[1:], prog="python -m facert_blender"))
