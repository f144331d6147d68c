"""Tests of the configuration, a module each as in the package.

`test_load` turns every file in `tests/captures/config` into the lines that an operator would read.
"""
