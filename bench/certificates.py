"""A throw-away certificate authority, and what it signed for this machine."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Files: the authority that clients are told to trust, and the server's chain and key."""

    ca: Path
    chain: Path
    key: Path


def make(folder: Path) -> Certificates:
    """Certificates for localhost and 127.0.0.1 in the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost", "127.0.0.1", common_name="localhost")  # fetchmail wants the name
    made.ca.write_bytes(authority.cert_pem.bytes())
    made.chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    made.key.write_bytes(leaf.private_key_pem.bytes())
    return made
