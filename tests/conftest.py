"""What all tests share: the lab's fixtures, and its rule for machines that cannot carry it."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.lab.fixtures", "tests.lab.mysql_fixtures"]

# Whoever starts the tests under nohup has it ignored, and a shell can't trap what was ignored when it began.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes is the machine's affair.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
