"""Probes of what CloudStack's own programs write into their logs, followed on their hosts as it is written.

One file per probe; a file is one sheet.
"""
