"""``python -m agent`` is ``superbill``."""

import sys

from agent.cli import main

sys.exit(main())
