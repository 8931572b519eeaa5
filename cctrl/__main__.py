"""`python -m cctrl` is `cctrl`."""

from cctrl.cli import main

raise SystemExit(main())
