"""Certificates of the lab: an authority of its own, and what it signs for servers.

Made anew for every lab; expiry and names are what a test wants them to be.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


class Authority:
    """A certificate authority with its certificate in `file` (PEM)."""

    def __init__(self, folder: Path, name: str = "Lab CA") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        certificate = (
            _begun(self._name, self._key, 30 * DAY)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = _write(
            folder / f"{name}.pem".replace(" ", "-"), certificate.public_bytes(serialization.Encoding.PEM)
        )

    def issue(self, name: str, *addresses: str, valid_for: dt.timedelta = 30 * DAY) -> tuple[Path, Path]:
        """Files of a server's certificate and key, good for that name and the addresses; negative time: expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
        certificate = (
            _begun(_named(name), key, valid_for)
            .issuer_name(self._name)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return (
            _write(self._folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM)),
            _write(self._folder / f"{name}.key", private, mode=0o600),
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, key: ec.EllipticCurvePrivateKey, valid_for: dt.timedelta) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + min(valid_for, dt.timedelta()) - DAY)
        .not_valid_after(now + valid_for)
    )


def _write(path: Path, content: bytes, mode: int = 0o644) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path
