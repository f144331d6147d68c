"""cs_exporter: watches every host of a private cloud and pages with the cause before the cloud gives a host up.

It is a read-only guest: no agent, no root on the hosts, nothing written there and nothing left behind.
"""
