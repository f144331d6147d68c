#!/bin/sh
# machine_init.sh ROOT GROUP PYTHON VERSION LIBRARIES PACKAGE: becomes a machine run by systemd, on this machine's kernel.
# Started in fresh mount, pid, uts and ipc namespaces, and in the network namespace that shall be the machine's. No mount
# is shared, as the lab sees to: in a bare chroot, where "/" is no mount point, its propagation could not be changed here.
#
# ROOT: an empty folder. GROUP: the name of its control group. PYTHON: the prefix of a Python VERSION, with its LIBRARIES
# and PACKAGE, cs_exporter itself: what the machine has in /opt/cs_exporter, as if it were installed there.
set -eu
here=$(dirname "$0")
root=$1 group=$2

if [ -n "$group" ]; then
	# Below a group of our own, systemd sees no group of this machine's.
	mount -t cgroup2 cgroup2 "$root"
	mkdir "$root/$group"
	echo $$ >"$root/$group/cgroup.procs"
	umount "$root"
	shift 2
	exec unshare --cgroup sh "$here/machine_init.sh" "$root" '' "$@"
fi

programs() {
	mkdir usr
	mount --rbind /usr usr
	mount -o remount,bind,ro usr
	for folder in bin sbin lib lib32 lib64 libx32; do
		[ ! -L "/$folder" ] || ln -s "$(readlink "/$folder")" "$folder"
	done
}

devices() {
	mount -t tmpfs -o mode=755 tmpfs dev
	for name in null zero full random urandom tty; do
		touch "dev/$name"
		mount --bind "/dev/$name" "dev/$name"
	done
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
	mount -t tmpfs -o mode=1777 tmpfs dev/shm
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
}

# Read-only, as in every container: the kernel is not this machine's alone.
kernel() {
	mount -t proc proc proc
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
}

settings() {
	cp -a /etc/alternatives /etc/ld.so.* /etc/nsswitch.conf /etc/protocols /etc/services etc/
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n' >etc/passwd
	printf 'root:x:0:\nnogroup:x:65534:\n' >etc/group
	echo 'cafecafecafecafecafecafecafecafe' >etc/machine-id
	echo 'cs-machine' >etc/hostname
	mkdir -p etc/systemd/system
	# The only units there are: nothing of Debian's boot is wanted here, nor would be good for the kernel.
	for unit in basic network-online nss-lookup shutdown sysinit multi-user; do
		printf '[Unit]\nDefaultDependencies=no\n' >"etc/systemd/system/$unit.target"
	done
}

exporter() { # PYTHON VERSION LIBRARIES PACKAGE
	mkdir -p opt/cs_exporter/bin opt/cs_exporter/python opt/cs_exporter/libraries opt/cs_exporter/source/cs_exporter
	mount --bind "$1" opt/cs_exporter/python
	mount --bind "$3" opt/cs_exporter/libraries
	mount --bind "$4" opt/cs_exporter/source/cs_exporter
	cat >opt/cs_exporter/bin/cs-exporter <<-END
		#!/bin/sh
		export LD_LIBRARY_PATH=/opt/cs_exporter/python/lib PYTHONPATH=/opt/cs_exporter/source:/opt/cs_exporter/libraries
		exec /opt/cs_exporter/python/bin/python$2 -m cs_exporter "\$@"
	END
	chmod 755 opt/cs_exporter/bin/cs-exporter
}

mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir -p dev etc home mnt opt proc root run srv sys tmp var/lib var/log var/tmp
chmod 1777 tmp var/tmp
programs
devices
kernel
settings
exporter "$3" "$4" "$5" "$6"
mount -t tmpfs -o mode=755 tmpfs run

exec env PYTHONPATH="$here/../.." "$3/bin/python$4" -S -m tests.deploy.machine_root \
	env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/etc/systemd/system: \
	/lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no </dev/null
