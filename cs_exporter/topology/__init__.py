"""Who has to do with whom: what each host's runs look at on other machines, derived from the inventory alone.

Pure functions over all hosts; the inventory puts what they give onto the hosts, so that a probe sees its own rows only.
"""
