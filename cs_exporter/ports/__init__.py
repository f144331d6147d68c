"""What a probe may ask of the world, as Protocols, and the bundle of them that a run is given (`Io`).

Probes know only these; transports fill them and turn every library's error into `ProbeFailed`.
"""

from cs_exporter.model import Link, Route
from cs_exporter.ports.cloud import ApiError, ApiRow, CloudApi
from cs_exporter.ports.http import Http, HttpAnswer, HttpCall, HttpLogin
from cs_exporter.ports.io import Clock, Counters, Io, Last, Previous, R
from cs_exporter.ports.path import Echo, EchoState, EchoWay, Mtu, Netlink
from cs_exporter.ports.rpc import Rpc, RpcReply, RpcVerdict
from cs_exporter.ports.shell import Answer, Answers, AnswerState, ClockSample, SectionCall, Shell
from cs_exporter.ports.sql import Sql, SqlError, SqlRow, SqlServer
from cs_exporter.ports.tcp import Dial, Dialer, PortState, Talk

__all__ = [
    "Answer",
    "AnswerState",
    "Answers",
    "ApiError",
    "ApiRow",
    "Clock",
    "ClockSample",
    "CloudApi",
    "Counters",
    "Dial",
    "Dialer",
    "Echo",
    "EchoState",
    "EchoWay",
    "Http",
    "HttpAnswer",
    "HttpCall",
    "HttpLogin",
    "Io",
    "Last",
    "Link",
    "Mtu",
    "Netlink",
    "PortState",
    "Previous",
    "R",
    "Route",
    "Rpc",
    "RpcReply",
    "RpcVerdict",
    "SectionCall",
    "Shell",
    "Sql",
    "SqlError",
    "SqlRow",
    "SqlServer",
    "Talk",
]
