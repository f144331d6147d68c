"""`python -m cs_exporter`: the same as `cs-exporter`.

For machines where the folder of installed commands is not in the PATH.
"""

from cs_exporter.cli import main

main()
