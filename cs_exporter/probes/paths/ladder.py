r"""The collector's section that measures one path from its host, with ping(8): packets, ladder of sizes, search.

The whole round runs on the host, because a search is a dozen steps of a second each, and an SSH round trip between
them would measure the poll and not the path. What a packet's line means is told by parsers/ping.py.
"""

from __future__ import annotations

from cs_exporter.spec import Section

SMALL = 84
"""Bytes of the small packet, which passes wherever anything does: ping's own default."""

LARGEST = 65535
"""Bytes that a packet may have: the loopback device's MTU is one more."""

SIZES = (8950, 8900, 1500, 1492, 1450, 1420, 1400, 1280)
"""What paths carry in practice, largest first: VXLAN over jumbo frames with IPv4 and with a VLAN or IPv6 beside it,
Ethernet, PPPoE, VXLAN over Ethernet, WireGuard, tunnels of providers, and the least that IPv6 allows (RFC 8200)."""

AT_ONCE = 6
"""Packets under way to one peer, at most; each is two processes for up to a second."""

LEAST_AT_ONCE = 3
"""With fewer a search would go up byte by byte: the size sent once more, the next one up, and one in the middle."""

OF_A_HOST = 36
"""Packets under way from one host, about: where all its paths lose large ones at once, all of them search at once."""

_PACKET = r"""
import errno, select, socket, struct, sys, time
address, size, wait = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
six = ":" in address
level, discover, errors = (41, 23, 25) if six else (0, 10, 11)
udp = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(level, discover, 3)
udp.setsockopt(level, errors, 1)
began = time.monotonic()
try:
    udp.connect((address, 33434))
    udp.send(bytes(size))
except OSError as error:
    if error.errno not in (errno.EMSGSIZE, errno.ECONNREFUSED):
        sys.exit("connect: " + error.strerror)
waiting = select.poll()
waiting.register(udp, select.POLLIN)
waiting.poll(wait * 1000)
passed = "time=%.3f ms" % ((time.monotonic() - began) * 1000)
try:
    about = [part[2] for part in udp.recvmsg(1, 512, 0x2000)[1] if part[0] == level and part[1] == errors]
except OSError:
    about = []
if not about:
    try:
        udp.recv(1, socket.MSG_DONTWAIT)
    except OSError:
        sys.exit(1)
    sys.exit(print(passed))
number, origin, _, _, _, mtu, _ = struct.unpack("=IBBBBII", about[0][:16])
by = socket.inet_ntop(udp.family, about[0][24:40] if six else about[0][20:24]) if origin > 1 else ""
if number == errno.EMSGSIZE:
    sys.exit("From %s Frag needed (mtu = %d)" % (by, mtu) if by else "local error: message too long, mtu=%d" % mtu)
if by != address:
    sys.exit("From %s Destination unreachable" % by)
print(passed)
"""
"""One UDP packet to a closed port, with "don't fragment" set and the cached path MTU left aside (IP_PMTUDISC_PROBE,
ip(7)), which needs no privilege. The peer's refusal means that it arrived; a host gives only a few of those a second.
"""

PATH = Section(
    name="path",
    blocks=True,
    body=r"""
# Lists of sizes are split on purpose, and "do" is a word of ping.
# shellcheck disable=SC1010,SC2086
set -f
address=$1 expected=$2 hint=$3 wait=$4 budget=$5 ladder=$6 less=$((${7:-@AT_ONCE@} - 1))
small=@SMALL@ passes=0 failed='' told=0 refused='' learnt='' device='' mtu='' again=$expected
nl='
'
IFS=' '
read -r up _ </proc/uptime
until=$((${up%.*} + budget))

one() { # SIZE[u]: sends a packet of that size (u: by UDP) which may not be fragmented, and prints a line about it
	way=$how size=${1%u}
	[ "$how" = do ] && [ -n "$python" ] && [ "${learnt:-$size}" -lt "$size" ] && way=udp
	[ "$size" = "$1" ] || way=udp
	if [ "$way" = udp ]; then
		out=$("$python" -I -S -c "$packet" "$address" "$((size - head))" "$wait" 2>&1)
	else
		out=$(ping -n -c 1 -i 9 -w "$wait" -W "$wait" -M "$way" -s "$((size - head))" "$address" 2>&1)
	fi
	status=$? text=''
	IFS=$nl
	for line in $out; do
		case $line in PING* | ---* | rtt* | pipe* | *' packets transmitted'*) ;; *) text=$line ;; esac
	done
	printf '%s %s %s %.100s\n' "$size" "$way" "$status" "$text"
}

note() { # SIZE WAY STATUS TEXT...: what one of these lines means for the search
	if [ "$3" = 0 ]; then
		[ "$1" -le "$passes" ] || passes=$1
		return
	fi
	failed="$failed $1" text=$*
	case $text in
	*socket:*permitted | *socket:*denied | *socket:*supported* | *cap_net_raw*) refused=1 ;;
	*mtu*)
		text=${text##*mtu}
		text=${text#"${text%%[0-9]*}"}
		text=${text%%[!0-9]*}
		told=${text:-0}
		;;
	esac
}

round() { # SIZE...: a packet of each size at once
	lines=$(
		for size; do one "$size" & done
		wait
	)
	printf '%s\n' "$lines"
	IFS=$nl
	for line in $lines; do
		IFS=' '
		note $line
	done
	IFS=' '
}

between() { # the sizes to try next: known ones, the least among them, else the next one up and some that part the rest
	sizes=$again again='' count=0 known='' place=0
	for size in $ladder; do
		if [ "$size" -gt "$passes" ] && [ "$size" -lt "$fails" ]; then
			known="$known $size" count=$((count + 1))
		fi
	done
	for size in $known; do
		[ "$((place * less / count))" = "$(((place + 1) * less / count))" ] || sizes="$sizes $size"
		place=$((place + 1))
	done
	[ "$count" = 0 ] || return 0
	last=$((passes + 1)) part=1
	sizes="$sizes $last"
	while [ "$part" -lt "$less" ]; do
		size=$((passes + (fails - passes) * part / less)) part=$((part + 1))
		[ "$size" -gt "$last" ] || continue
		sizes="$sizes $size" last=$size
	done
}

case $address in *[!0-9.]*)
	case $address in *:*) ;; *)
		unknown='Name or service not known'
		command -v getent >/dev/null || unknown='no getent on the host to resolve it with'
		found=$(getent ahosts "$address" 2>/dev/null)
		found=${found%%[!0-9A-Fa-f.:]*}
		if [ -z "$found" ]; then
			printf '%s name 2 %s: %s\n' "$small" "$address" "$unknown"
			exit 0
		fi
		address=$found
		;;
	esac
	;;
esac
case $address in *:*) head=48 ;; *) head=28 ;; esac

route=$(ip -j route get "$address" 2>/dev/null)
case $route in *'"dev":"'*)
	printf 'route %s\n' "$route"
	device=${route#*'"dev":"'}
	device=${device%%'"'*}
	if { read -r mtu <"/sys/class/net/$device/mtu"; } 2>/dev/null; then
		[ "$mtu" -le @LARGEST@ ] || mtu=@LARGEST@
		printf 'device %s %s\n' "$device" "$mtu"
	fi
	;;
esac
case $route in *'"expires":'*'"mtu":'*)
	learnt=${route#*'"mtu":'}
	learnt=${learnt%%[!0-9]*}
	;;
esac
expected=${expected:-$mtu} again=$expected

if ping -M probe -V; then how=probe; elif ping -M do -V; then how=do; else how=''; fi >/dev/null 2>&1
python=''
if [ "$how" = probe ]; then learnt=''; else
	packet='@PACKET@'
	for each in python3 /usr/libexec/platform-python; do
		[ -z "$python" ] && command -v "$each" >/dev/null && python=$each
	done
	[ -n "$how" ] || how=${python:+udp}
	[ "$how" = do ] || learnt=''
	told=${learnt:-0}
fi
if [ -z "$how" ]; then
	echo none
	exit 0
fi

first="$small $expected${learnt:+${python:+ ${small}u}}"
if [ -n "$hint" ] && [ "$hint" -lt "${expected:-0}" ]; then
	first="$first $hint"
	[ "$((hint + 1))" = "$expected" ] || first="$first $((hint + 1))"
fi
round $first
if [ -n "$refused" ]; then
	if [ "$how" = udp ] || [ -z "$python" ]; then
		echo none
		exit 0
	fi
	how=udp failed=''
	round $first
fi
[ "$passes" -gt 0 ] || round "$small"
if [ "$passes" = 0 ] || [ -z "$expected" ]; then exit 0; fi
while [ "$passes" -lt "$expected" ] && [ "$passes" != "$told" ]; do
	fails=$expected
	for size in $failed; do
		[ "$size" -gt "$passes" ] && [ "$size" -lt "$fails" ] && fails=$size
	done
	read -r up _ </proc/uptime
	if [ "$((fails - passes))" -le 1 ] || [ "${up%.*}" -ge "$until" ]; then break; fi
	if [ "$told" -gt "$passes" ] && [ "$told" -lt "$fails" ]; then
		round "$told" ${learnt:+$again}
		again=''
	else
		between
		round $sizes
	fi
done

# A path that loses packets of any size now and then must not pass for one that swallows large ones.
if [ "$passes" -lt "$expected" ] && [ "$passes" != "$told" ]; then
	doubt=''
	if [ -z "$hint" ] || [ "$((expected - passes))" -le 1 ]; then doubt=1; fi
	for size in $failed; do
		[ "$size" -gt "$passes" ] || doubt=1
	done
	read -r up _ </proc/uptime
	[ -z "$doubt" ] || [ "${up%.*}" -ge "$until" ] || round "$expected"
fi
exit 0
""".replace("@LARGEST@", str(LARGEST))
    .replace("@SMALL@", str(SMALL))
    .replace("@AT_ONCE@", str(AT_ONCE))
    .replace("@PACKET@", _PACKET),
)
"""Arguments: address, expected size (or nothing: the device's MTU), the size that passed last time (or nothing),
seconds that a packet is waited for, seconds for the search, ladder of sizes, packets at once.

A round in which all is well sends two packets. A fault that persists is confirmed by two more: the size that passed
last time, and the next one. Only a new loss is searched for: known sizes first, a few of them at a time, then the
interval is cut until the size is exact or the time is up; the round after goes on from there. Where the fault is new,
the size found is next to the expected one, or a smaller packet was lost too, the expected one is sent once more:
three losses in a row are seldom mere chance. Prints `route` and `device`, then
`SIZE WAY STATUS TEXT` for every packet, or `none` where no packet can be sent.

Where ping can't leave the cached path MTU aside (-M probe: iputils 20231222 and later), packets larger than a learnt
one go by UDP, by Python where the host has it: else a repaired path would look broken for ten minutes. A small one by
UDP beside them tells whether silence means anything. Every ping has
a deadline of its own (-w), so none outlives its worker. Here-documents are avoided: some shells keep them in files.
"""


def at_once(peers: int) -> int:
    """Packets that may be under way to each of so many peers of a host."""
    return max(LEAST_AT_ONCE, min(AT_ONCE, OF_A_HOST // max(peers, 1)))


def budget(limit: int, wait: int) -> int:
    """Seconds in which a search may begin another step, so that the section ends within its limit."""
    return max(0, limit - wait - 1)
