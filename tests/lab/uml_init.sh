#!/bin/sh
# First process of a User-Mode-Linux host: mounts what a host writes to, starts its daemons, then does the jobs that the
# test leaves in /run/lab. A job is announced by its number on the console, which works without network and sshd.
#
# The kernel hands over as environment: LAB_ADDRESS (with prefix length), LAB_ROUTER, LAB_NAME.

mount_all() {
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o gid=5,mode=620 devpts /dev/pts
    for folder in /dev/shm /home /mnt /root /run /srv /tmp /var; do
        mount -t tmpfs -o mode=755 tmpfs "$folder"
    done
    chmod 1777 /tmp /dev/shm
    mkdir -p /home/csmon /run/lab /run/rpcbind /run/sshd /run/chrony /run/modules/lib /var/log /var/lib/chrony \
        /var/lib/nfs/sm /var/lib/nfs/sm.bak
    chown csmon:csmon /home/csmon
    chmod 700 /home/csmon /root
    ln -s /run /var/run
    mount -t hostfs none /run/lab -o /run/lab
}

# The modules lie where modprobe looks only if it is told of a folder that has them under lib/modules.
load_modules() {
    ln -s /usr/lib/uml/modules /run/modules/lib/modules
    modprobe -d /run/modules -a nfsv3 nfsv4
}

start_network() {
    hostname "$LAB_NAME"
    ip link set lo up
    ip address add "$LAB_ADDRESS" dev vec0
    ip link set vec0 up
    ip route add default via "$LAB_ROUTER"
    # ping's file capabilities do not show through hostfs.
    echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
}

# NFS version 3 without "nolock", as CloudStack mounts it, needs a lock manager's status daemon on the client.
start_daemons() {
    rpcbind -w
    rpc.statd --no-notify
    /usr/sbin/sshd -f /etc/ssh/sshd_config -E /var/log/sshd.log
}

do_job() {
    sh "/run/lab/$1.sh" </dev/null >"/run/lab/$1.out" 2>"/run/lab/$1.err"
    echo "$?" >"/run/lab/$1.part"
    mv "/run/lab/$1.part" "/run/lab/$1.status"
}

main() {
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/
    mount_all
    load_modules
    start_network
    start_daemons
    while read -r job; do
        [ -z "$job" ] || do_job "$job" &
    done
}

main
