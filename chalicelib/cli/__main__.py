"""`python -m chalicelib.cli` is `timbre`."""

from chalicelib.cli.main import main

raise SystemExit(main())
