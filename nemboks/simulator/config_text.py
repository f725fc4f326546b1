"""What the simulator tells others about itself: the ready file, and settings for `nemboks run`.

Promises: both name every port, path and secret somebody needs; files with secrets are readable by the owner only and
appear whole or not at all.
"""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nemboks.simulator.certificates import Certificates, write_private
from nemboks.simulator.companies import Companies, Company

HOST = "127.0.0.1"
MAIL_HOST = "localhost"  # a mail server is known by its name
MAIL_USER = "nemboks"
SENDER = "post@nemboks.example"


@dataclass(frozen=True)
class Addresses:
    """Where one run listens, and what it takes to talk to it."""

    state_dir: Path
    certificates: Certificates
    rest_port: int
    imap_port: int
    implicit_tls_port: int
    starttls_port: int
    control_port: int
    mail_password: str

    @property
    def rest_url(self) -> str:
        """The base of the REST face, with the slash at the end."""
        return f"https://{HOST}:{self.rest_port}/apis/v1/"


def ready_facts(addresses: Addresses, companies: Companies) -> dict[str, Any]:
    """The content of the ready file."""
    ca = str(addresses.certificates.ca)
    return {
        "rest": {
            "base_url": addresses.rest_url,
            "ca": ca,
            "client_cert": str(addresses.certificates.client.cert),
            "client_key": str(addresses.certificates.client.key),
            "vendor": companies.vendor.as_item(),
            "systems": [
                {"cvr": one.cvr, "system_id": one.system_id, "api_token": one.api_token}
                for one in companies
                if one.face == "rest"
            ],
        },
        "imap": {
            "host": HOST,
            "port": addresses.imap_port,
            "ca": ca,
            "users": [
                {"cvr": one.cvr, "user": one.user, "password": one.password} for one in companies if one.face == "imap"
            ],
        },
        "mail": {
            "host": HOST,
            "implicit_tls_port": addresses.implicit_tls_port,
            "starttls_port": addresses.starttls_port,
            "ca": ca,
        },
        "control": {"base_url": f"http://{HOST}:{addresses.control_port}/control/"},
    }


def config_text(addresses: Addresses, companies: Companies, removal: str) -> str:
    """Settings (TOML) with which the program forwards letters to the pretend mail server.

    Mailboxes are those of the companies that have let the vendor in: of others nobody could know a login.
    """
    vendor = companies.vendor
    ca = str(addresses.certificates.ca)
    client = addresses.certificates.client
    tables: list[tuple[str, dict[str, Any]]] = [
        (
            "",
            {
                "environment": "demo",
                "state_dir": str(addresses.state_dir),
                "master_key_file": str(master_key_file(addresses.state_dir)),
            },
        ),
        (
            "[upstream]",
            {
                "rest_url": addresses.rest_url,
                "rest_ca_file": ca,
                "client_cert_file": str(client.cert),
                "client_key_file": str(client.key),
                "delete_after_receipt": removal == "on-delete",
                "cvr": vendor.cvr,
                "system_id": vendor.system_id,
                "api_token": vendor.api_token,
                "imap_host": HOST,
                "imap_port": addresses.imap_port,
                "imap_ca_file": ca,
            },
        ),
        ("[sender]", {"address": SENDER}),
        ("[servers.implicit]", _server(addresses.implicit_tls_port, "implicit", ca)),
        (
            "[servers.starttls]",
            _server(addresses.starttls_port, "starttls", ca)
            | {"username": MAIL_USER, "password": addresses.mail_password},
        ),
    ]
    tables += [("[[mailboxes]]", _mailbox(one)) for one in companies if one.standing.consent == "given"]
    return "\n".join(_table(heading, values) for heading, values in tables)


def master_key_file(state_dir: Path) -> Path:
    """Where the master key lies; made when it is absent, else left as it is."""
    path = state_dir / "master.key"
    if not path.exists():
        write_private(path, b"k1:" + base64.b64encode(secrets.token_bytes(32)) + b"\n")
    return path


def write_whole(path: Path, text: str) -> None:
    """Nothing; a reader of the path sees the old content or all of the new."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(fresh, text.encode())
    fresh.replace(path)


def _server(port: int, tls: str, ca: str) -> dict[str, Any]:
    return {"host": MAIL_HOST, "port": port, "tls": tls, "ca_file": ca, "internal": True}


def _mailbox(company: Company) -> dict[str, Any]:
    login = (
        {"system_id": company.system_id, "api_token": company.api_token}
        if company.face == "rest"
        else {"user": company.user, "password": company.password}
    )
    return {
        "cvr": company.cvr,
        "name": company.name,
        "inbox": company.face,
        **login,
        "address": company.address,
        "server": company.server,
    }


def _table(heading: str, values: dict[str, Any]) -> str:
    # A JSON string, number or boolean is also a TOML one, as long as nothing is written as a surrogate pair.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([heading, *lines] if heading else lines) + "\n"
