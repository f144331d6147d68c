"""What all tests share: the lab's fixtures, and its rule for machines that cannot carry it."""

pytest_plugins = ["tests.lab.fixtures", "tests.lab.mysql_fixtures"]
