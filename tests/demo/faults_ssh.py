"""Faults of SSH, by which hosts are asked: each makes its host's runs fail, with a reason of its own.

No verdict about the host follows from any of them: what must show is why nothing is known of it.
"""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.spec import Cause, Severity
from tests.demo.cloud import NAMESPACED
from tests.demo.fault import HERE, UNREACHABLE, Fault, Page, Row
from tests.demo.faults_paths import LOOKING, SIZES, SMALL
from tests.demo.ways import Break, logged_in_anew
from tests.lab import faults
from tests.lab.sshd import PORT

ALSO = tuple(Row(HERE, name) for name in ("CsPortDown", "CsPortMute"))
PART = "sshd of $host"


def _fault(name: str, reason: str, tells: str, breaks: Break, turn: int = 0) -> Fault:
    return Fault(
        name=f"ssh-{name}",
        tells=tells,
        hosts=(*NAMESPACED[turn:], *NAMESPACED[:turn]),
        breaks=breaks,
        probe="time_drift",
        queries=(f'cs_probe_failing{{host="$host",probe="time_drift",reason=~"{reason}"}} == 1',),
        also=ALSO,
        blind=(HERE,),
        part=PART,
        pages=(UNREACHABLE,),
    )


def _of_path(fault: Fault) -> Fault:
    """It is of the way to the host: those who look at their paths see that as well."""
    return replace(
        fault,
        also=(*ALSO, *(Row(looking, symptom) for looking in LOOKING for symptom in SIZES)),
        besides=(Page(Severity.CRITICAL, Cause.PATH),),
        because="the black hole itself is found by the hosts that look at their paths",
    )


SSH = (
    _fault(
        "frozen",
        "timeout|mute",
        "sshd accepts connections and says nothing",
        lambda cloud, host: faults.frozen(cloud.host(host).sshd),
    ),
    _fault(
        "dropped",
        "unreachable",
        "packets to sshd's port vanish",
        lambda cloud, host: logged_in_anew(cloud.host(host), faults.dropped(cloud.host(host), PORT)),
        1,
    ),
    _fault(
        "rejected",
        "refused",
        "a packet filter refuses connections to sshd",
        lambda cloud, host: faults.rejected(cloud.host(host), PORT),
        2,
    ),
    _fault(
        "key-changed",
        "host_key",
        "the host presents another key than the known one",
        lambda cloud, host: logged_in_anew(cloud.host(host), faults.changed_host_key(cloud.host(host))),
        3,
    ),
    _fault(
        "key-removed",
        "denied",
        "the polling account's key is no longer authorised",
        lambda cloud, host: logged_in_anew(cloud.host(host), faults.key_removed(cloud.host(host))),
    ),
    _fault(
        "locked",
        "denied",
        "the polling account is locked",
        lambda cloud, host: logged_in_anew(cloud.host(host), faults.account_locked(cloud.host(host))),
        1,
    ),
    _fault(
        "no-shell",
        "command",
        "the polling account's shell is nologin",
        lambda cloud, host: logged_in_anew(cloud.host(host), faults.no_shell(cloud.host(host))),
        2,
    ),
    _fault(
        "reset",
        "reset",
        "connections to sshd are reset in mid-answer",
        lambda cloud, host: faults.reset(cloud.host(host)),
        3,
    ),
    _of_path(
        _fault(
            "blackhole",
            "timeout",
            f"the host's port on the switch carries {SMALL} bytes, and new sessions hang in key exchange",
            lambda cloud, host: logged_in_anew(cloud.host(host), faults.small_path(cloud.host(host), SMALL)),
            2,
        )
    ),
    _fault(
        "garbage",
        "unparsable",
        "in the place of sshd something answers that does not speak SSH",
        lambda cloud, host: faults.replaced_by(cloud.host(host), "garbage_after_banner"),
    ),
    _fault(
        "endless",
        "unparsable",
        "the host's answer has no end",
        lambda cloud, host: logged_in_anew(
            cloud.host(host), faults.login_shell(cloud.host(host), "exec cat /dev/zero")
        ),
        1,
    ),
)
