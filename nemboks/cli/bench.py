"""The side-by-side benchmark's contract, read as settings: `nemboks drain --bench FILE`.

FILE is JSON: `state_dir` (empty, ours), `imap` and `smtp` with host, port and `ca`, and `users_file`, a line of
user<TAB>password<TAB>recipient a mailbox; a user's name is its CVR. Nothing of the program is different for it: the
settings are production's, the journal is durable, both ends are verified.
"""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nemboks.settings import Settings

SERVER = "bench"


def bench_settings(contract: Path) -> "Settings":
    """The settings that the contract means, with a master key and a ledger of their own. SettingsError for one that is
    none."""
    from nemboks.settings import Settings, SettingsError
    from nemboks.store.vault import Vault
    from nemboks.wiring import open_store

    try:
        said = json.loads(contract.read_text())
        state, imap, smtp = Path(said["state_dir"]), said["imap"], said["smtp"]
        users = [line.split("\t") for line in Path(said["users_file"]).read_text().splitlines()]
        boxes = [_mailbox(*user) for user in users]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{contract} is no contract of the benchmark: {error}") from error
    key = state / "master.key"
    if not key.exists():
        Vault.create(key)
    settings = Settings(
        state_dir=state,
        master_key_file=key,
        upstream={"imap_host": imap["host"], "imap_port": imap["port"], "imap_ca_file": imap["ca"]},
        sender={"address": smtp["mail_from"]},
        servers={
            SERVER: {"host": smtp["host"], "port": smtp["port"], "ca_file": smtp["ca"], "internal": True},
        },
        notices={"server": SERVER},
        mailboxes=boxes,
        seats=_seats(said.get("concurrency", 16)),
    )  # fmt: skip
    asyncio.run(open_store(settings, new=True).close())
    return settings


def _mailbox(user: str, password: str, recipient: str) -> dict[str, Any]:
    return {"cvr": user, "inbox": "imap", "user": user, "password": password, "address": recipient, "server": SERVER}


def _seats(concurrency: int) -> dict[str, int]:
    return dict.fromkeys(("look", "collect", "forward", "acknowledge"), concurrency)
