#!/bin/sh
# The cs_exporter collector: answers questions about this host, read-only. It writes nothing and leaves nothing behind.
# Requests come on standard input, one line each; answers go to standard output, those of background workers to
# standard error. Its last line starts it: a script that arrives in part does nothing.
main() {
	LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export LC_ALL PATH
	unset ENV BASH_ENV
	set -f
	umask 077
	rs=$(printf '\036')
	supervisors='' watchdog=''
	# A worker that waits for its command. Its record is one write, small enough not to mix with another's: exec, for
	# the printf that is a program, because bash's own writes line by line.
	# shellcheck disable=SC2016
	worker='
		rs=$1 id=$2 index=$3 kind=$4
		shift 4
		[ -z "$CS_LATER" ] || sleep "$CS_LATER"
		# Two that keep meeting on a mount must not wait alike: they wait by the digits of their numbers.
		try=1 digits=$$
		while :; do
			read -r began _ </proc/uptime
			case $kind in
			mount) out=$(CS_EXPORTER_MOUNT="$CS_MARK;" sh -c "eval \"\$CS_GUARD\"" cs_exporter "$@" 2>&1 3>&-) ;;
			*) out=$(eval "$CS_BODY" 2>&1 3>&-) ;;
			esac
			status=$?
			case $kind$status in mount75) ;; *) break ;; esac
			status=200
			[ "$try" = 5 ] && break
			sleep "0.$((digits % 5 + 1))"
			try=$((try + 1)) digits=$((digits / 5))
		done
		read -r ended _ </proc/uptime
		[ ${#out} -le 3500 ] || out=$(printf %.3500s "$out")
		exec printf "%s%s ! %s %s %s %s\n%s\n%s%s ;\n" \
			"$rs" "$id" "$index" "$status" "$began" "$ended" "$out" "$rs" "$id" >&3'
	# Runs marked, so that any other guard of this account sees it before it touches the mount. Whoever sees another
	# mark withdraws: held since that process began (status 200), or, where it has only just begun, try again (75).
	# shellcheck disable=SC2016
	guard='
		set +f
		begun() {
			stat=${stat##*") "}
			set -f
			# shellcheck disable=SC2086
			set -- $stat
			set +f
			parent=$2 start=${20}
		}
		# shellcheck disable=SC2013
		for other in $(CS_EXPORTER_MOUNT="" grep -lsF "CS_EXPORTER_MOUNT=$CS_MARK;" /proc/[0-9]*/environ); do
			other=${other%/environ}
			[ "${other#/proc/}" = "$$" ] && continue
			{ read -r stat <"$other/stat"; } 2>/dev/null || continue
			begun
			[ "$parent" = "$$" ] && continue
			read -r now _ </proc/uptime
			echo "held $start $now"
			[ "$((${now%.*} - start / 100))" -ge 2 ] && exit 200
			exit 75
		done
		eval "$CS_BODY"'
	# What a login prints may lack the end of its line, on either stream: our frames begin on a new one.
	echo >&2
	exec 3>&2 2>/dev/null
	trap 'reap; kill $supervisors ${watchdog:-$!}; exit 0' EXIT
	(
		exec </dev/null >/dev/null 3>&-
		watch $$
	) &
	watchdog=$!
	# Not before: what is forked has its parent's traps for a moment, and would lose the signal that ends it.
	trap 'exit 0' HUP INT PIPE TERM
	printf '\n%sready @PROTOCOL@ %s %s\n' "$rs" '@HASH@' '@NAMES@'
	# (Without a separator of its own: bash would still use that in the traps.)
	while read -r line; do
		# shellcheck disable=SC2086
		answer $line
	done
}

# The inside of every section, and how it is run: inline, worker, or mount (a worker behind the guard).
section() {
	kind='' tool='' body=''
	# shellcheck disable=SC2016
	case $1 in
	# @SECTIONS@
	esac
	[ -z "$tool" ] || command -v "$tool" >/dev/null || kind=''
	case $kind in worker | mount) command -v timeout >/dev/null || kind='' ;; esac
}

# answer ID TOKEN...: one request. A token is NAME,LIMIT,ARGUMENT,...
answer() {
	id=$1
	case $id in '' | *[!0-9a-f.]*) return ;; esac
	shift
	clock
	index=0 jobs='' count=0
	for token; do
		name=${token%%,*}
		case $token in *[!A-Za-z0-9_.,/:@+=\\-]*) name='' ;; esac
		section "$name"
		case $kind in
		inline) inline "$token" ;;
		worker | mount) jobs="$jobs $index:$token" count=$((count + 1)) ;;
		*) printf '%s%s > %s -\n' "$rs" "$id" "$index" ;;
		esac
		index=$((index + 1))
	done
	printf '%s%s . %s\n' "$rs" "$id" "$count"
	[ -z "$jobs" ] || background
}

clock() {
	# shellcheck disable=SC3028
	if [ -n "$BASH_VERSION" ] && [ -n "$EPOCHREALTIME" ]; then
		printf '%s%s @ %s\n' "$rs" "$id" "$EPOCHREALTIME"
	else
		date "+$rs$id @ %s.%N" </dev/null 3>&-
	fi
}

inline() {
	printf '%s%s < %s\n' "$rs" "$id" "$index"
	arguments "$1"
	printf '\n%s%s > %s %s\n' "$rs" "$id" "$index" "$status"
}

# arguments TOKEN: decodes the token's limit and arguments, then runs the section with them.
arguments() {
	token=$1
	shift
	rest=${token#*,}
	limit=${rest%%,*}
	case $rest in *,*) rest=${rest#*,}, ;; *) rest='' ;; esac
	case $limit in *[!0-9]* | ????*) limit=2 ;; *[1-9]*) ;; *) limit=2 ;; esac
	[ "$limit" -le 60 ] || limit=60
	mark=${rest%%,*}
	while [ -n "$rest" ]; do
		one=${rest%%,*}
		rest=${rest#*,}
		case $one in *\\*)
			one=$(printf '%b.' "$one")
			one=${one%.}
			;;
		esac
		set -- "$@" "$one"
	done
	if [ "$kind" = inline ]; then
		{ eval "$body"; } </dev/null 2>&1 3>&-
		status=$?
	else
		launch "$@"
	fi
}

# Starts a supervisor for this request's jobs. (exec, because a shell that redirects a function keeps a copy of what was
# there before, to its end.)
background() {
	reap
	(
		exec </dev/null >/dev/null
		supervise
	) &
	supervisors="$supervisors $!"
}

# Forgets the supervisors that have ended: a shell remembers every child until it waits for it. The parent is looked at
# because a number may have been given to somebody else's process meanwhile.
reap() {
	alive=''
	for pid in $supervisors; do
		stat=''
		read -r stat <"/proc/$pid/stat"
		# shellcheck disable=SC2086
		set -- ${stat##*") "} - -
		if [ "$1" != Z ] && [ "$2" = $$ ]; then
			alive="$alive $pid"
		else
			wait "$pid"
		fi
	done
	supervisors=$alive
}

# Starts this request's workers, says which of them were late, then ends the request.
supervise() {
	trap 'kill $pids; exit 0' HUP INT PIPE TERM
	pids='' running='' launched=''
	for job in $jobs; do
		index=${job%%:*}
		token=${job#*:}
		section "${token%%,*}"
		arguments "$token"
		pids="$pids $!" running="$running $index:$!"
	done
	for job in $running; do
		wait "${job#*:}"
		status=$?
		case $status in
		0) ;;
		126 | 127) printf '%s%s > %s -\n' "$rs" "$id" "${job%%:*}" >&3 ;;
		*) printf '%s%s > %s late\n' "$rs" "$id" "${job%%:*}" >&3 ;;
		esac
	done
	printf '%s%s $\n' "$rs" "$id" >&3
}

# launch ARGUMENT...: the worker for one section. A mount's mark is the argument as it came, encoded: no name of a mount
# can then be taken for two others'. timeout(1) waits for the worker only, which any signal ends: never for
# the command itself, which may be beyond every signal. (3>&3: ksh closes it for children otherwise.) The second one on a
# mount begins a moment later: on a mount that is well the two never meet, and on another one the first is the witness.
launch() {
	later=''
	case $kind$launched' ' in mount*" $mark "*) later=0.3 ;; esac
	launched="$launched $mark"
	# shellcheck disable=SC2016
	CS_LATER=$later CS_BODY=$body CS_GUARD=$guard CS_WORKER=$worker CS_MARK=$mark \
		timeout -s KILL "$limit" sh -c 'eval "$CS_WORKER"' cs_exporter "$rs" "$id" "$index" "$kind" "$@" 3>&3 &
}

# watch PID: ends a collector that nobody has asked anything for 15 minutes. Without it, a connection that the network
# lost would keep its session here until TCP gives it up, hours later.
watch() {
	# Only KILL is never lost: a child that has just been forked still has this shell's trap for all others.
	trap 'kill -9 $!; exit 0' HUP INT TERM
	seen='' idle=0
	while :; do
		sleep 45 &
		wait $!
		switches=''
		while IFS=': 	' read -r key value; do
			[ "$key" = voluntary_ctxt_switches ] && switches=$value
		done <"/proc/$1/status"
		[ -n "$switches" ] || exit 0
		[ "$switches" = "$seen" ] || idle=0
		idle=$((idle + 1)) seen=$switches
		[ "$idle" -le 20 ] || kill "$1"
	done
}
main; exit
