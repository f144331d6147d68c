"""Primary storage that comes as block devices: iSCSI sessions and multipath maps of a hypervisor.

From sysfs alone: multipathd and iscsid answer to root only.
"""
