"""What the checklist finds lacking at a node of the bus, and the one line that mends it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters
from cs_exporter.probes.rabbitmq.rights import Missing, missing
from cs_exporter.transports.http import HttpClient
from tests import world
from tests.lab.rabbitmq import Bus
from tests.probes.rabbitmq.rabbitmq_stand import LIMIT, Stand, stand


async def lacks(node: Stand) -> list[Missing]:
    """What is found out in one go."""
    return await missing(node.host, world.io(http=HttpClient(Counters())), node.settings)


async def test_nothing(tmp_path: Path) -> None:
    """With and without an account, and where the plugin is not to be asked."""
    for folder in (None, tmp_path):
        with stand(folder) as node:
            assert [] == await lacks(node)
    with stand(tmp_path, plugin=False, prometheus_port=0) as node:
        assert [] == await lacks(node)


@pytest.mark.parametrize(
    ("bus", "what", "mend"),
    [
        (
            Bus(accepts="another"),
            "RabbitMQ's user mon, with that password (Login failed)",
            "rabbitmqctl change_password mon PASSWORD   (or add_user; as FILE)",
        ),
        (
            Bus(tagged=False),
            "RabbitMQ's tag monitoring for mon (Not management user)",
            "rabbitmqctl set_user_tags mon monitoring",
        ),
        (
            Bus(permitted=False),
            "RabbitMQ's permissions for mon on /",
            "rabbitmqctl set_permissions -p / mon '' '' ''",
        ),
    ],
)
async def test_an_account(tmp_path: Path, bus: Bus, what: str, mend: str) -> None:
    """That is not let in, may not ask, or sees nothing."""
    with stand(tmp_path, bus) as node:
        [found] = await lacks(node)
    assert (what, mend.replace("FILE", str(tmp_path / "password"))) == (found.what, found.mend)


async def test_permissions_on_one_of_two(tmp_path: Path) -> None:
    """Named is the virtual host of which nothing is shown."""

    class Half(Bus):
        """One queue is in a virtual host that the account may not see."""

        def queues(self) -> list[dict[str, object]]:
            """All but that one."""
            return super().queues()[1:]

    with stand(tmp_path, Half(vhosts=("/", "nova's own"))) as node:
        [found] = await lacks(node)
    assert "RabbitMQ's permissions for mon on nova's own" == found.what
    assert """rabbitmqctl set_permissions -p 'nova'"'"'s own' mon '' '' ''""" == found.mend


async def test_plugins(tmp_path: Path) -> None:
    """That are not there: what is lost depends on who else tells."""
    with stand(plugin=False) as node:
        [found] = await lacks(node)
        port = node.settings.prometheus_port
    assert f"RabbitMQ's plugin rabbitmq_prometheus (port {port}: refused)" == found.what
    assert ("everything about the message bus", "rabbitmq-plugins enable rabbitmq_prometheus") == (
        found.lost,
        found.mend,
    )
    with stand(tmp_path, management=False) as node:
        [found] = await lacks(node)
    assert ("partitions" in found.lost, "rabbitmq-plugins enable rabbitmq_management") == (True, found.mend)
    with stand(tmp_path, plugin=False, management=False) as node:
        assert ["everything about the message bus"] == [found.lost for found in (await lacks(node))[1:]]
    with stand(bus=Bus(without={"/metrics/detailed?channel_queue_metrics"})) as node:
        [found] = await lacks(node)
    assert "RabbitMQ before 3.10?" in found.what
    with stand(bus=Bus(status=401)) as node:
        [found] = await lacks(node)
    assert "it wants an account" in found.what


async def test_a_node_that_can_not_be_asked(tmp_path: Path) -> None:
    """Is no lack of ours; neither is a file that is gone, which is said with its name."""
    with stand(bus=Bus(mute=True), answer_limit=LIMIT) as node:
        with pytest.raises(ProbeFailed) as caught:
            await lacks(node)
        assert Reason.MUTE is caught.value.reason
    with stand(tmp_path) as node:
        gone = node.settings.model_copy(update={"password_file": "/nonexisting/password"})
        with pytest.raises(ProbeFailed, match="/nonexisting/password can't be used"):
            await lacks(replace(node, settings=gone))
