"""The settings of the probe `rabbitmq`: which of a node's two interfaces may be asked, and by whom.

The plugin rabbitmq_prometheus is asked first: it needs no account, and tells of queues for the least work.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from cs_exporter.model import MysqlTls
from cs_exporter.spec import ProbeSettings, Seconds

Port = Annotated[int, Field(ge=1, le=65535)]


class RabbitmqSettings(ProbeSettings):
    """Settings of the probe rabbitmq."""

    interval: Seconds = Field(default=15.0, gt=0, description="rounded up to a multiple of global.interval")
    answer_limit: Seconds = Field(
        default=4.0, gt=0, le=60, description="what has not answered by then, all questions together, is mute"
    )
    prometheus_port: int = Field(
        default=15692, ge=0, le=65535, description="of the plugin rabbitmq_prometheus; 0: it is not asked"
    )
    prometheus_tls: MysqlTls = Field(
        default=MysqlTls.OFF, description="of that port: off, required (whoever answers is believed) or verified"
    )
    management_port: Port = Field(
        default=15672, description="of the management API, which is asked where a user is given"
    )
    management_tls: MysqlTls = Field(default=MysqlTls.OFF, description="the same, of that port")
    ca_file: str | None = Field(
        default=None, description="certificates that sign the servers'; relative as ssh.key_file; default: the system's"
    )
    user: str | None = Field(
        default=None,
        min_length=1,
        description="for the management API: tag `monitoring`, and empty permissions on every virtual host; default: "
        "the API is not asked, and partitions and blocked connections are not known",
    )
    password_file: str | None = Field(
        default=None, description="file whose first line is that user's password; relative as ssh.key_file"
    )
    amqp_port: Port = Field(default=5672, description="of the bus itself: connected to where neither port answers")
    top: int = Field(default=1000, ge=1, le=20_000, description="queues that are shown; all others are summed up")

    def longest_wait(self) -> float:
        """A node that says nothing is a verdict too."""
        return self.answer_limit

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.user is None and self.password_file is not None:
            raise ValueError("user is missing, and password_file is given; add it, or remove password_file")
        if self.user is not None and self.password_file is None:
            raise ValueError("password_file is missing, and user is given; add it, or remove user")
        if not self.prometheus_port and self.user is None:
            raise ValueError("with prometheus_port 0 nobody is asked; give user and password_file")
        return self
