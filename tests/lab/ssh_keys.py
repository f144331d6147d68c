"""Keys of the lab: one per host, one for the polling account, and the text of a known_hosts file.

Made anew for every lab, so that no key lies about that could be mistaken for one in use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import asyncssh


@dataclass(frozen=True)
class KeyPair:
    """An Ed25519 key: the private half in OpenSSH's format, the public half as one line."""

    private: str
    public: str


def new_key(comment: str) -> KeyPair:
    """Make a key."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
    return KeyPair(key.export_private_key().decode(), key.export_public_key().decode().strip())


def authorized_line(key: KeyPair, force_command: str | None, permit_open: Iterable[str]) -> str:
    """One line of authorized_keys(5): bare, or with everything forbidden but the command and the named forwardings."""
    if force_command is None:
        return f"{key.public}\n"
    escaped = force_command.replace('"', '\\"')
    opens = [f'permitopen="{target}"' for target in permit_open]
    options = ["restrict", *(["port-forwarding", *opens] if opens else []), f'command="{escaped}"']
    return f"{','.join(options)} {key.public}\n"


def known_hosts_text(keys: Iterable[tuple[str, KeyPair]]) -> str:
    """The text of a known_hosts file from (address, host key)."""
    return "".join(f"{address} {' '.join(key.public.split()[:2])}\n" for address, key in keys)
