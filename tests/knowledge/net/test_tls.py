"""Encrypted connections: a certificate counts for the name asked for, and only when it is trusted."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kapso_knowledge.net.client import Client
from kapso_knowledge.net.outcome import Unfetched
from tests.knowledge.net.site import Site, html


@dataclass(frozen=True)
class Secure:
    """A site behind TLS as `localhost`, with a certificate that it signed itself."""

    port: int
    certificate: Path


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed, which makes the certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Site({"/": html("in private")}, tls=context) as site:
        yield Secure(site.port, certificate)


@pytest.fixture
def trusting(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.certificate))
    with Client(allow_private=True, backoff_s=0.01) as client:
        yield client


def test_a_trusted_certificate_lets_the_page_through(secure: Secure, trusting: Client) -> None:
    assert trusting.fetch(f"https://localhost:{secure.port}/").content == b"in private"


def test_a_certificate_for_another_name_does_not_count(secure: Secure, trusting: Client) -> None:
    with pytest.raises(Unfetched, match="certificate that is not trusted"):
        trusting.fetch(f"https://127.0.0.1:{secure.port}/")


def test_a_certificate_that_nobody_signed_does_not_count(secure: Secure, client: Client) -> None:
    with pytest.raises(Unfetched, match="certificate that is not trusted"):
        client.fetch(f"https://localhost:{secure.port}/")
