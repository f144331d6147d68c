"""Every cloud's API is one to the machinery of calls."""

from __future__ import annotations

from pathlib import Path

from cs_exporter.model import ApiTarget, SdkTarget
from cs_exporter.transports.clouds.cloudstack import CloudStackLists
from cs_exporter.transports.clouds.lists import Lists
from cs_exporter.transports.clouds.openstack import OpenStackLists


def test_nothing_is_opened_or_read_before_the_first_list(tmp_path: Path) -> None:
    """A cloud whose files are not there yet is no error of the start; and its place is known for messages."""
    missing = str(tmp_path / "missing")
    made: tuple[Lists, ...] = (
        CloudStackLists(ApiTarget("https://cloud.example/client/api?x=1", missing, missing, ca_file=missing)),
        OpenStackLists(SdkTarget("lab", missing)),
        OpenStackLists(SdkTarget()),
    )
    places = ["https://cloud.example/client/api", "cloud lab", "cloud of OS_*"]
    assert (places, [False] * 3) == ([one.place for one in made], [one.answering for one in made])
    for one in made:
        one.close()
