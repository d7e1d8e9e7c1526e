"""``python -m pdsearch`` is the command ``pdsearch``."""

import sys

from pdsearch.cli import main

sys.exit(main())
