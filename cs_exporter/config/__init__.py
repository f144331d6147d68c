"""The configuration: a YAML file, overridden by the environment, validated as a whole, then frozen.

Every mistake in it is a line of a ConfigError. Whoever needs a value takes it from `Config`; nobody else reads files.
"""

from cs_exporter.config.errors import ConfigError
from cs_exporter.config.load import Config, load, schema, shown, summary

__all__ = ["Config", "ConfigError", "load", "schema", "shown", "summary"]
