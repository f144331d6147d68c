"""The house rules as functions: each looks at a source and names what breaks the rule, with file and line.

Rules that a machine holds need no reviewer. `tests/test_house.py` turns each on the whole tree, and first on a planted
violation, so that a rule that can no longer see anything fails by itself.
"""
