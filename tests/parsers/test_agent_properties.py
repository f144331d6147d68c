"""The lines of agent.properties that leave a host, as java.util.Properties reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import agent_properties
from cs_exporter.parsers.agent_properties import KEYS, AgentFile, AgentProperties, parse
from tests.parsers.outcomes import outcome

REBOOT = agent_properties.REBOOT


def properties(*lines: str) -> AgentProperties:
    """What a readable file with these lines says."""
    found = parse("\n".join(("readable", *lines, ""))).properties
    assert found is not None
    return found


def test_defaults() -> None:
    """A file that names none of the keys has CloudStack's defaults: armed, 60 s and five tries 10 s apart, 110 s."""
    found = properties()
    assert AgentProperties(reboot=True, frequency=60.0, tries=5, retry_sleep=10.0, write_timeout=60.0) == found
    assert pytest.approx(110.0) == found.patience


@pytest.mark.parametrize(
    ("written", "reboots"), [("=false", "no"), ("=true", "yes"), (" : FALSE  ", "no"), ("\tTrue", "yes")]
)
def test_arming(written: str, reboots: str) -> None:
    """Either separator, blanks around it, any case."""
    assert (reboots == "yes") is properties(f"  {REBOOT}{written}").reboot


def test_times() -> None:
    """Milliseconds in the file, seconds here; of a key that is given twice the last one counts."""
    found = properties(
        "kvm.heartbeat.update.frequency=30000",
        "kvm.heartbeat.update.max.tries=9",
        "kvm.heartbeat.update.max.tries=2",
        "kvm.heartbeat.update.retry.sleep=2500",
        "heartbeat.update.timeout=90000",
    )
    assert AgentProperties(reboot=True, frequency=30.0, tries=2, retry_sleep=2.5, write_timeout=90.0) == found
    assert pytest.approx(35.0) == found.patience


def test_files_that_tell_nothing() -> None:
    """A file that may not be read is not one that is not there."""
    assert AgentFile(None) == parse("unreadable\n")
    assert AgentFile(None, missing=True) == parse("missing\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "something\n",
        "missing\nkeystore.passphrase=x",
        "readable\nkeystore.passphrase=secret",
        f"readable\n{REBOOT}=perhaps",
        f"readable\n{REBOOT}=",
        "readable\nkvm.heartbeat.update.frequency=1m",
        "readable\nkvm.heartbeat.update.max.tries=-1",
        "readable\nkvm.heartbeat.update.retry.sleep=99999999999",
    ],
)
def test_what_makes_no_sense(text: str) -> None:
    """A value that the agent might take either way is not guessed at, and a secret is not quoted."""
    with pytest.raises(UnparsableError) as error:
        parse(text)
    assert "secret" not in str(error.value)


@given(
    st.one_of(
        st.text(),
        st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from("=: "), st.text())).map(
            lambda pairs: "readable\n" + "\n".join("".join(pair) for pair in pairs)
        ),
    )
)
def test_any_text(text: str) -> None:
    """Any text gives the file or UnparsableError."""
    assert isinstance(outcome(parse, text), AgentFile | UnparsableError)
