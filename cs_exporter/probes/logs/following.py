"""The collector's section that follows a log: what is new in it since a place, reduced on the host to a short answer.

The place (inode, offset, checksum of the bytes before) is kept by the exporter, so that nothing is written on the host
and an answer that got lost is asked for again. A log may be rolled by another name, or copied and cut: the rest of the
old file is read where it can be found uncompressed. Reading is bounded, from the end; and it runs behind the guard,
since a log may lie on a disk that hangs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cs_exporter.parsers.management_log import LETTERS, Cursor
from cs_exporter.ports import SectionCall
from cs_exporter.probes.logs import stems
from cs_exporter.spec import Section

SERVER, AGENT = "server", "agent"
"""Kinds of logs: which lines are looked for."""

ROOM = 3300
"""Bytes of an answer: what a worker may say is a little more."""

MOST_RANGES = 2000
"""Ranges of agents that are named as known, at most: who the others are is said again."""

_FILES = r"""
	path=$1 kind=$2 most=$3 known=$4
	shift 4
	dir=${path%/*} base=${path##*/} part=$path
	while part=${part%/*} && [ -n "$part" ]; do
		if [ -d "$part" ] && [ ! -x "$part" ]; then echo denied; exit 0; fi
	done
	[ -e "$path" ] || { echo missing; exit 0; }
	[ -f "$path" ] || { echo irregular; exit 0; }
	[ -r "$path" ] || { echo denied; exit 0; }
	# bytes DESCRIPTOR FROM COUNT. By its number in /proc a file is opened anew, whatever its name is by now. (Commands
	# are given descriptors as their input: ksh closes others.)
	bytes() {
		{ dd bs=1 skip="$2" count=0; head -c "$3"; } <"/proc/self/fd/$1" 2>/dev/null
	}
	measure() {
		size=$(stat -Lc "%i %s" /proc/self/fd/0 <&"$1")
		inode=${size%% *} size=${size##* }
	}
	# seal DESCRIPTOR OFFSET: a checksum of what is just before, which tells a file from another one in its place.
	seal() {
		before=$(($2 < 256 ? $2 : 256))
		sum=$(bytes "$1" $(($2 - before)) "$before" | cksum)
		sum=${sum%% *}
	}
	# whole DESCRIPTOR FROM TO: the end of the last whole line. A line longer than all that may be read is passed over.
	whole() {
		end=$3
		[ "$2" -lt "$3" ] && [ "$(bytes "$1" $(($3 - 1)) 1 | wc -l)" -eq 0 ] || return
		for window in 65536 "$most"; do
			length=$(($3 - $2))
			[ "$length" -le "$window" ] || length=$window
			rest=$(bytes "$1" $(($3 - length)) "$length" | tail -n 1 | wc -c)
			if [ "$rest" -lt "$length" ]; then end=$(($3 - rest)); return; fi
			if [ "$length" -eq $(($3 - $2)) ]; then end=$2; return; fi
		done
	}
	# fits NUMBER NAME INODE OFFSET SEAL
	fits() {
		case $2 in *.gz | *.bz2 | *.xz | *.zst | *.zip) return 1 ;; esac
		[ "$1" = "$3" ] || [ "$3" = "$here" ] || return
		[ "$1" = "$3" ] || [ "$4" -gt 0 ] || return
		[ -f "$dir/$2" ] || return
		[ -r "$dir/$2" ] || return
		exec 5<"$dir/$2"
		measure 5
		[ "$size" -ge "$4" ] || return
		seal 5 "$4"
		[ "$sum" = "$5" ]
	}
	# other INODE OFFSET SEAL: opens that file under its new name, or a copy of it, as 5; between: it was not the last
	# one that was rolled away. (By ls, for find can't sort by time; names that it would spoil are none of a log.)
	other() {
		# shellcheck disable=SC2012
		found=$(ls -it "${dir:-/}" | while read -r number name; do
			case $name in "$base") continue ;; "${base%.*}"*) ;; *) continue ;; esac
			if fits "$number" "$name" "$@"; then echo "$name/$newer"; break; fi
			case $name in *[0-9]*) newer=$newer/$name ;; esac
		done)
		between=${found#*/} found=${found%%/*}
		# What is being compressed is there twice.
		case $between in */*/*) ;; "/$found."*) between='' ;; esac
		[ -n "$found" ] && exec 5<"$dir/$found"
	}
	exec 2>/dev/null 4<"$path"
	measure 4
	here=$inode all=$size from=0 old='' torn='' newer=''
	if [ $# -lt 3 ]; then
		whole 4 0 "$all"
		from=$end
	elif [ "$1" = "$here" ] && [ "$2" -le "$all" ] && seal 4 "$2" && [ "$sum" = "$3" ]; then
		from=$2
		if [ $# -ge 6 ] && other "$4" "$5" "$6"; then old=$5; fi
	elif other "$1" "$2" "$3"; then
		old=$2 torn=$between
	else
		torn=yes
	fi
	whole 4 "$from" "$all"
	new=$end rest=0 lost=0 former=''
	if [ -n "$old" ]; then
		measure 5
		former=$inode
		whole 5 "$old" "$size"
		rest=$((end - old)) old=$end
	fi
	lost=$((new - from + rest - most))
	[ "$lost" -gt 0 ] || lost=0
	[ "$lost" -gt "$rest" ] && from=$((from + lost - rest)) rest=0
	[ "$lost" -gt 0 ] && [ "$rest" -gt 0 ] && rest=$((rest - lost))
	seal 4 "$new"
	echo "at $here $new $sum"
	if [ -n "$old" ]; then
		seal 5 "$old"
		echo "former $former $old $sum"
	fi
	[ -z "$torn" ] || echo torn
	[ "$lost" -eq 0 ] || echo "lost $lost"
	echo "read $((new - from + rest))"
	[ $((new - from + rest)) -gt 0 ] || { echo end; exit 0; }
	case $kind in
	server) texts='@SERVER@' ;;
	*) texts='@AGENT@' ;;
	esac
	lines() {
		[ "$rest" -eq 0 ] || bytes 5 $((old - rest)) "$rest"
		bytes 4 "$from" $((new - from))
	}
	# One such line is enough, and mostly stands at the start: what is behind it is not read for that.
	[ "$kind" != server ] ||
		lines | grep -aF '@LOGGER@' | awk 'index($0, "@DEBUG@") && !index($0, "@PING@") { print "debug"; exit }'
	lines | grep -aF -e "$texts" | cut -b 1-16384 | awk -v kind="$kind" -v known="$known" -v room=@ROOM@ '@AWK@'
"""

_AWK = r"""
		function has(text) { return index($0, text) }
		function between(text, start, stop,   i) {
			if (!(i = index(text, start))) return ""
			text = substr(text, i + length(start))
			return (i = index(text, stop)) ? substr(text, 1, i - 1) : ""
		}
		# What follows the layout. Whatever others have written there stands behind the first logid.
		function message(   i, text) {
			if (!(i = index($0, "(logid:"))) return ""
			text = substr($0, i)
			return (i = index(text, ") ")) ? substr(text, i + 2) : ""
		}
		function ping(text,   id, uuid, name, i) {
			sub(/^Routing host /, "", text)
			if (index(text, "AgentAttache {") == 1) {
				id = between(text, "\"_id\":", ",")
				name = between(text, "\"_name\":\"", "\"")
				uuid = between(text, "\"_uuid\":\"", "\"")
			} else if (index(text, "[id: ") == 1) {
				id = between(text, "[id: ", ",")
				uuid = between(text, ", uuid: ", ",")
				name = between(text, ", name: ", "]")
			} else if (i = index(text, "(")) {
				id = substr(text, 1, i - 1)
				name = substr(text, i + 1)
				sub(/[)][^)]*$/, "", name)
			}
			pings++
			if (id !~ /^[1-9][0-9]*$/ || length(id) > 15) { strange++; return }
			pinged[id] = 1
			delete behind[id]
			who[id] = (uuid ~ /^[-0-9A-Fa-f]+$/ ? uuid : "-") " " (name ~ /^[!-~]+$/ && length(name) < 256 ? name : "-")
		}
		function late(text,   n, i, id) {
			sub(/[]].*/, "", text)
			listed = 1
			split("", behind)
			n = split(text, id, /[^0-9]+/)
			for (i = 1; i <= n; i++) if (id[i] > 0) behind[id[i]] = 1
		}
		function pool(   text, name, figure) {
			if (!match($0, /[A-Za-z0-9_.-]+ - [^-]*[(]total=[0-9]+, active=[0-9]+, idle=[0-9]+, waiting=[0-9]+/)) return
			text = substr($0, RSTART, RLENGTH)
			name = substr(text, 1, index(text, " ") - 1)
			split(substr(text, index(text, "(total=") + 7), figure, /[^0-9]+/)
			if (length(name) > 32 || (!(name in pools) && n_pools++ >= 8)) return
			pools[name] = figure[1] " " figure[2] " " figure[3] " " figure[4]
		}
		function spell(d) {
			if (d <= 52) return substr(letters, d, 1)
			if (d > 672) return "." d "."
			return int((d - 53) / 62) substr(digits letters, (d - 53) % 62 + 1, 1)
		}
		function list(set, bound,   id, n, i, j, gap, held, sorted, last, text) {
			n = last = 0
			for (id in set) sorted[n++] = id + 0
			for (gap = int(n / 2); gap; gap = int(gap / 2)) for (i = gap; i < n; i++) {
				held = sorted[i]
				for (j = i; j >= gap && sorted[j - gap] > held; j -= gap) sorted[j] = sorted[j - gap]
				sorted[j] = held
			}
			for (i = 0; i < n; i++) {
				if (length(text) > bound) { crowded = 1; break }
				text = text spell(sorted[i] - last)
				last = sorted[i]
			}
			return text
		}
		function say(text) { print text; room -= length(text) + 1 }
		function is_known(id,   i) {
			if (!ranges) ranges = split(known, range, ".")
			for (i = 1; i <= ranges; i++) {
				split(range[i], ends, "-")
				if (id + 0 >= ends[1] + 0 && id + 0 <= ends[2] + 0) return 1
			}
			return 0
		}
		BEGIN {
			letters = "@LETTERS@"
			digits = "0123456789"
			split("", behind)
			split("", pinged)
		}
		has("@PING@") && index(said = message(), "@PING@") == 1 { ping(substr(said, 1 + @PING_LENGTH@)); next }
		has("@POOL@") { pool() }
		has("@BEHIND@") { late(substr($0, has("@BEHIND@") + @BEHIND_LENGTH@)) }
		@RULES@
		END {
			for (event in n) say("n " event " " n[event])
			for (name in pools) say("pool " name " " pools[name])
			if (strange) say("strange " strange)
			if (listed) say("behind " list(behind, room / 3))
			if (pings) say("pings " pings " " list(pinged, room - 60))
			if (crowded) say("crowded")
			for (id in who) if (known != "all" && !is_known(id)) {
				if (room < length(who[id]) + length(id) + 20) break
				say("agent " id " " who[id])
			}
			print "end"
		}
"""


def _awk() -> str:
    rules = "\n\t\t".join(stems.for_awk(kind, texts) for kind, texts in ((SERVER, stems.SERVER), (AGENT, stems.AGENT)))
    return (
        _AWK.replace("@LETTERS@", LETTERS)
        .replace("@PING_LENGTH@", str(len(stems.PING)))
        .replace("@PING@", stems.PING)
        .replace("@POOL@", stems.POOL)
        .replace("@BEHIND_LENGTH@", str(len(stems.BEHIND)))
        .replace("@BEHIND@", stems.BEHIND)
        .replace("@RULES@", rules)
    )


def _body() -> str:
    return (
        _FILES.replace("@SERVER@", stems.for_grep(stems.SERVER, stems.PING, stems.POOL))
        .replace("@AGENT@", stems.for_grep(stems.AGENT))
        .replace("@ROOM@", str(ROOM))
        .replace("@LOGGER@", stems.PINGS_LOGGER)
        .replace("@DEBUG@", stems.DEBUG)
        .replace("@AWK@", _awk())
        .replace("@PING@", stems.PING)
    )


SECTION = Section(name="followed_log", body=_body(), blocks=True, tool="awk", mount_argument=True)
"""Arguments: the log's path, its kind, most bytes to read, known agents; inode, offset, seal of a file or two."""


def call(path: str, kind: str, most: int, limit: int, known: str, cursors: Sequence[Cursor]) -> SectionCall:
    """What to ask; `known`: what `ranges` gives, or "all" where nobody new was heard; `limit` in seconds."""
    places = (str(one) for cursor in cursors for one in (cursor.inode, cursor.offset, cursor.seal))
    return SectionCall(SECTION.name, (path, kind, str(most), known, *places), limit)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as ranges, `4-7.9-9`: those of agents mostly follow each other."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number <= found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ".".join(f"{first}-{last}" for first, last in found[:MOST_RANGES])
