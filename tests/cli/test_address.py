"""`nemboks address`, as a process of its own that asks a real resolver and a scripted mail server."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from nemboks.cli.main import program
from nemboks.domain.proof import Level
from nemboks.store.store import Store
from tests.cli.conftest import NEMBOKS
from tests.delivery.direct_world import HOSTS, DirectWorld, direct_world
from tests.delivery.probe_world import ASKED, END, TAKES
from tests.helpers import builders as make
from tests.helpers.smtp_server import HELO, RECIPIENT

pytestmark = pytest.mark.allow_hosts(HOSTS)
SMALL = ["@hello STARTTLS", "C STARTTLS", "S 220 go", "T", "C EHLO", "S 250-mx", "S 250 SIZE 10240000", *ASKED,
         "S 250 ok", *END]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        told: dict = json.loads(self.out)
        return told


async def ask(config: Path, *arguments: str) -> Answer:
    """The command's answer, while the servers of this process serve it."""
    command = [*NEMBOKS, *arguments, "--config", str(config)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return Answer(process.returncode or 0, out.decode(), err.decode())


def settings(world: DirectWorld, sender: str = 'address = "nemboks@sender.example"') -> Path:
    """A settings file that looks at this world, without a database."""
    file = world.folder / "nemboks.toml"
    file.write_text(
        f'state_dir = "{world.folder}/state"\nmaster_key_file = "{world.folder}/state/master.key"\n'
        f'[direct]\nresolvers = ["{world.dns.address}"]\ninternal = true\nport = {world.port}\n'
        f'ca_file = "{world.ca_file}"\n[sender]\nhelo = "{HELO}"\n{sender}'
    )
    return file


@pytest.fixture(autouse=True)
def no_leftovers():
    """A process is waited for by a task of its own that ends a moment later."""


async def test_a_good_address_without_a_database(tmp_path) -> None:
    """Whoever has not begun yet can look at an address; nothing is made for that."""
    async with direct_world(tmp_path) as world:
        await world.exchanger("127.0.0.1", TAKES)
        told = await ask(settings(world), "address", "verify", RECIPIENT, "--server", "direct", "--json")

    assert 0 == told.code, told.err
    assert ("nemboks.address/1", True, "fine") == (told.json["schema"], told.json["ok"], told.json["result"])
    (item,) = told.json["items"]
    assert (RECIPIENT, "direct", "fine", None) == (
        item["address"], item["server"], item["result"], item["wrong_since"],
    )  # fmt: skip
    assert ["mx", "tls", "size_unknown", "offers", "recipient_taken"] == [one["code"] for one in item["findings"]]
    assert not (tmp_path / "state").exists()


async def test_a_warning_and_a_fault(tmp_path) -> None:
    """A small limit is a warning and ends with 5; a domain that does not exist is a fault and ends with 1."""
    async with direct_world(tmp_path) as world:
        await world.exchanger("127.0.0.1", SMALL)
        config = settings(world)
        small = await ask(config, "address", "verify", RECIPIENT)
        gone = await ask(config, "address", "verify", "post@gone.example", "--lang", "en")

    assert (5, 1) == (small.code, gone.code), small.err + gone.err
    first, second, *rest = small.out.splitlines()
    assert f"{RECIPIENT}  (direct): Advarsel" == first
    assert second.startswith("  Advarsel  Mailserveren mx1.bakery.example") and "op til 10,2 MB" in second
    assert rest[0].strip().startswith("Næste skridt: Sæt grænsen op")
    assert rest[1].strip().startswith("Teknisk: size_small: server=mx1.bakery.example")
    assert "Fault    The domain gone.example does not exist." in gone.out
    assert "Next step: See whether the address is spelt right" in gone.out


async def test_addresses_that_are_none_and_that_look_like_others(tmp_path) -> None:
    """B64: refused before anything is asked; B66: pointed out with its plain name; B65: in IDNA."""
    async with direct_world(tmp_path) as world:
        config, asked = settings(world), len(world.dns.questions("MX"))
        for bad in ("a@b", "a@[127.0.0.1]", '"a b"@x.dk', "a..b@x.dk", "a@x.dk, b@y.dk", "ø@æble.dk"):
            assert 2 == CliRunner().invoke(program, ["address", "verify", bad, "--config", str(config)]).exit_code, bad
        assert asked == len(world.dns.questions("MX"))
        told = await ask(config, "address", "verify", "post@b\u0430kery.example", "post@æble.dk", "--json")

    odd, plain = told.json["items"]
    alike = next(one for one in odd["findings"] if one["code"] == "look_alike")
    assert ("warning", True) == (alike["result"], "xn--" in alike["technical"] and "Cyrillic" in alike["technical"])
    assert "post@xn--ble-xla.dk" == plain["address"]
    assert "look_alike" not in str(plain)


async def test_addresses_of_mailboxes(place) -> None:
    """Nothing named means all; what was found is kept, so that a cure shows at once. An unknown CVR is not found."""
    every, one = [
        await ask(place.config, "address", "verify", *words, "--json") for words in ((), ("--cvr", make.ANNA))
    ]
    named = await ask(place.config, "address", "verify", make.ADDRESS.upper())
    other = await ask(place.config, "address", "verify", "--cvr", make.BO)

    assert (1, 1, 1, 3) == (every.code, one.code, named.code, other.code), every.err + one.err
    assert [["unreachable"]] * 2 == [[x["code"] for x in y.json["items"][0]["findings"]] for y in (every, one)]
    assert f"{make.ADDRESS}  ({make.SERVER}): Fejl" in named.out
    store = place.store()
    (kept,) = await store.checks.all()
    await store.close()
    assert (make.ADDRESS, make.SERVER, True) == (kept.address, kept.server, kept.since < kept.at)


@pytest.mark.parametrize(
    "words",
    [("--server", "direct"), ("a@x.dk", "--server", "gone"), ("a@x.dk", "--all"), ("--all", "--cvr", make.ANNA)],
)
def test_wrong_use(place, words) -> None:
    """What contradicts itself, and a server that there is not, end with 2."""
    assert 2 == place.run("address", "verify", *words).exit_code


def test_no_mailboxes_yet(empty) -> None:
    """Then that is said, and it is no fault."""
    done = empty.run("address", "verify")

    assert (0, True) == (done.exit_code, "Ingen postkasser endnu" in done.output)


# --- what is remembered of a domain ---


async def _learn(store: Store) -> None:
    await store.domains.seen("bageri.example", ["mx.bageri.example"])
    await store.domains.delivered("bageri.example", Level.DANE)
    await store.domains.keep_policy("bageri.example", "7", "version: STSv1\nmode: enforce\nmax_age: 1", None)
    await store.close()


def test_a_domain_as_it_is_remembered(place) -> None:
    """Level, servers and policy, by a name or an address; an unknown one is not found."""
    asyncio.run(_learn(place.store()))
    item = place.ask("address", "show", "Bageri.Example")["item"]
    shown = place.run("address", "show", "post@bageri.example").output

    assert ("bageri.example", "dane", ["mx.bageri.example"]) == (item["domain"], item["level"], item["mx"])
    assert {"mode": "enforce", "id": "7", "until": None} == item["mta_sts"]
    assert "Niveau: DANE" in shown and "MTA-STS: enforce" in shown
    assert (3, 2) == tuple(place.run("address", "show", name).exit_code for name in ("x.example", "nonsense"))


def test_a_level_falls_by_a_persons_word(place) -> None:
    """Who and why are in the history; without a reason, or with nothing to relax, nothing happens."""
    asyncio.run(_learn(place.store()))
    relax = ("address", "relax", "bageri.example", "--reason")
    assert 2 == place.run(*relax, " ").exit_code
    item = place.ask(*relax, "they gave DNSSEC up")["item"]

    assert ("unsigned_mx", None) == (item["level"], item["mta_sts"])
    assert (4, 3) == (
        place.run(*relax, "again").exit_code,
        place.run("address", "relax", "x.dk", "--reason", "y").exit_code,
    )
    (detail,) = asyncio.run(_history(place.store()))
    assert detail == {
        "domain": "bageri.example", "was": "dane", "by": item["relaxed_by"], "reason": "they gave DNSSEC up",
    }  # fmt: skip


async def _history(store: Store) -> list[dict]:
    found = text("SELECT detail FROM events WHERE event = 'domain_relaxed'")
    rows = await store._reader.read(lambda tx: [json.loads(row.detail) for row in tx.execute(found)])
    await store.close()
    return rows


# --- our own domain ---


async def test_our_own_domain(tmp_path) -> None:
    """The records to publish, and what is missing of them; once they stand there, all is fine."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "dkim.pem").write_bytes(key)
    sender = f'address = "post@own.example"\ndkim_selector = "k1"\ndkim_key_file = "{tmp_path}/dkim.pem"\n'
    async with direct_world(tmp_path) as world:
        config = settings(world, sender)
        told = await ask(config, "address", "own", "--json")
        records = {one["name"]: one["text"] for one in told.json["records"]}
        world.dns.zone = "".join(f'{name}. TXT "{words}"\n' for name, words in records.items())
        fine = await ask(config, "address", "own")

    assert ("nemboks.own_domain/1", 1, False) == (told.json["schema"], told.code, told.json["ok"])
    assert {"own.example", "k1._domainkey.own.example", "_dmarc.own.example"} == set(records)
    assert records["k1._domainkey.own.example"].startswith("v=DKIM1; k=ed25519; p=")
    assert ["spf_missing", "dkim_missing", "dmarc_missing"] == [one["code"] for one in told.json["findings"]]
    assert 0 == fine.code, fine.out + fine.err
    assert "Fundet: I orden" in fine.out
