"""The tests; a package so that they can share the lab and the house rules.

Its folders are those of the package, so that a module's tests are found where one looks first.
"""
