"""The collector: its frame in sh, the session that speaks to it, the shell that keeps one per host.

What carries it, SSH or a child's pipes, knows nothing of what is asked.
"""
