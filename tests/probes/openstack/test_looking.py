"""Where runbooks send somebody who looks at OpenStack: statements that a server takes as a shell hands them over."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from cs_exporter.matrix.runbooks import Command, command
from cs_exporter.probes.openstack import agent_symptoms, cause_symptoms, looking
from tests.lab.mysql import MysqlServer, Row
from tests.lab.mysql_fixtures import BOTH
from tests.lab.openstack_database import OpenStackDatabase

MACHINE = "on the cloud's database server"


@pytest.fixture
def cloud(database: MysqlServer) -> Iterator[OpenStackDatabase]:
    """Agents of all services, and an API that never reports."""
    made = OpenStackDatabase(database)
    made.create()
    made.nova("cmp2", age=300)
    made.nova("cmp1", age=5)
    made.nova_api("ctl1")
    made.neutron("net1", "neutron-l3-agent", age=40)
    made.cinder("ctl1@lvm", age=7)
    yield made
    made.drop()


def typed(cloud: OpenStackDatabase, step: str) -> list[Row]:
    """What the step's statement finds."""
    program, option, statement = shlex.split(command(step).text)
    assert ("mariadb", "-e") == (program, option)
    return cloud.server.sql(statement)


@pytest.mark.lab
@BOTH
def test_who_reported_last(cloud: OpenStackDatabase) -> None:
    """By service: every agent with its age, the youngest first; an API has none and is left out."""
    found = [
        [(row["host"], row["binary"], round(float(str(row["age"])) / 5) * 5) for row in typed(cloud, step)]
        for step in (looking.NOVA_ROWS, looking.NEUTRON_ROWS, looking.CINDER_ROWS)
    ]
    nova = [("cmp1", "nova-compute", 5), ("cmp2", "nova-compute", 300)]
    assert [nova, [("net1", "neutron-l3-agent", 40)], [("ctl1@lvm", "cinder-volume", 5)]] == found


def test_steps_say_where() -> None:
    """Beside what is typed."""
    assert MACHINE == command(looking.NEUTRON_ROWS).note == command(looking.CINDER_ROWS).note
    assert command(looking.NOVA_ROWS).note.startswith(f"{MACHINE} (of a cell: on its own")
    process = "systemctl status nova-compute; ps -eo pid,stat,wchan:32,etime,args | grep nova-compute"
    assert Command(process, "on HOST") == command(looking.process("nova-compute", "HOST"))
    queues = command(looking.queues("conductor", "consumers 0"))
    listed = "rabbitmqctl list_queues -p / name messages_ready messages_unacknowledged consumers | grep conductor"
    assert listed == queues.text
    assert queues.note.startswith("on a node of the message bus (")
    assert queues.note.endswith(": consumers 0")


def test_every_step_is_named_by_a_row() -> None:
    """One that no runbook has would be nobody's; each is one line."""
    steps = {value for name, value in vars(looking).items() if name.isupper() and not name.startswith("_")}
    named = {line for one in (*agent_symptoms.SYMPTOMS, *cause_symptoms.SYMPTOMS) for line in one.look}
    assert set() == steps - named
    assert [] == [step for step in steps if "\n" in step]
