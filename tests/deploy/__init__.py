"""What is delivered besides the package: the container image and the systemd unit, each run as operators run it.

Stands that build and start them are beside the tests.
"""
