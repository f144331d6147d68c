"""Dates of certificates as openssl prints them, and what is said of files without any."""

from __future__ import annotations

import pytest

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.certificates import CertificateFile, FileState, parse

CRT, PEM = "/etc/cloudstack/agent/cloud.crt", "/etc/pki/libvirt/servercert.pem"


def test_a_file_with_dates_and_one_without() -> None:
    """Days below ten stand after two blanks; the end may stand before the beginning (openssl 3 and before)."""
    text = f"read {CRT}\nnotBefore=Nov  5 12:00:00 2026 GMT\nnotAfter=Nov  5 12:00:00 2027 GMT\nmissing {PEM}\n"
    read = CertificateFile(CRT, FileState.READ, 1793880000.0, 1825416000.0)
    assert (read, CertificateFile(PEM, FileState.MISSING)) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "read relative.crt\n",
        "notAfter=Nov  5 12:00:00 2027 GMT\n",
        f"read {CRT}\n",
        f"read {CRT}\nnotAfter=Nov  5 12:00:00 2027 CET\n",
        f"read {CRT}\nnotAfter=2027-11-05 12:00:00Z\n",
        f"read {CRT}\nnotAfter=Nov 31 12:00:00 2027 GMT\n",
        f"odd {CRT}\n",
    ],
)
def test_anything_else_is_not_read(text: str) -> None:
    """A date that is guessed would be believed."""
    with pytest.raises(UnparsableError):
        parse(text)
