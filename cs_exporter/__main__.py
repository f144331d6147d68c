"""`python -m cs_exporter`: the same as `cs-exporter`."""

from cs_exporter.cli import main

main()
