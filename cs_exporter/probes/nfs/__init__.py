"""NFS: `nfs_mounts` asks the host that mounts, `nfs_server` the server itself.

One sheet per probe; what it is made of stands beside it.
"""
