"""A ledger of an older program is brought to this one's schema with every row in it."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config

from nemboks.domain.letter import DotBegun, State
from nemboks.domain.mailbox import Options
from nemboks.domain.proof import Evidence, Level
from nemboks.store import migrations
from nemboks.store.connect import open_writer
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START

T = "2026-11-21T09:00:00.000000Z"
REPORT = """{"stage":9,"server":"mail.bageri.example:465","reply":{"code":250,"enhanced":"2.0.0","text":"ok"},
"tls":{"version":"TLSv1.3","cipher":"x","verified_name":"mail.bageri.example","certificate_sha256":"ef"},"words":"",
"seconds":1.5}"""
CONFIRMATION = """{"letter":2,"attempt":1,"address":"anna@bageri.example","server":"mail.bageri.example:465",
"reply":{"code":250,"enhanced":"2.0.0","text":"ok"},"tls":{"version":"TLSv1.3","cipher":"x",
"verified_name":"mail.bageri.example","certificate_sha256":"ef"},"at":"2026-11-21T09:00:00Z"}"""
COPY = """{"message_id":"<1.1@nemboks.example>","date":"2026-11-21T09:00:00Z","seed":"s","upstream_id":"a",
"company":"Eksempel ApS","sender":"post@nemboks.example","format":1,"wrap":false}"""
HEADLINE = """{"kind":"memo","authority":{"name":"Skattestyrelsen","id":"19552101","id_type":"CVR"},"title":"T",
"size":9,"sha256":"cd"}"""


def old_store(directory: Path) -> None:
    """A store as revision 0001 left it, with rows in each of its tables."""
    tx = open_writer(directory / "nemboks.db")
    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(migrations.__path__[0]))
    command.upgrade(config, "0001")
    tx.close()
    sealed = vault(directory).seal(b'{"token": "t"}', f"mailbox:{make.ANNA}")
    letter = (
        "INSERT INTO letters (id, mailbox_id, upstream_id, state, found_at, available_at, due_at, why, words, failures,"
        " fence, uncertain, headline, sha256, contents_file, contents_key, copy, confirmation, transmission_id)"
        " VALUES (?,1,?,?,?,?,?,'','',0,1,0,?,'cd',?,'k',?,?,?)"
    )
    with sqlite3.connect(directory / "nemboks.db") as db:
        box = (make.ANNA, sealed, T)
        db.execute("INSERT INTO mailboxes VALUES (1,?,'Bageri','rest',?,?,NULL,NULL,'',NULL,'',0,1)", box)
        db.execute("INSERT INTO routes VALUES (1,1,'gammel@bageri.example','gammel',?,'anna')", (T,))
        db.execute("INSERT INTO routes VALUES (1,2,?,?,?,'anna')", (make.ADDRESS, make.SERVER, T))
        db.execute(letter, (1, "a", "WAITING", T, T, T, HEADLINE, "1" * 32, COPY, None, None))
        db.execute(letter, (2, "b", "FORWARDED", T, T, T, HEADLINE, "2" * 32, COPY, CONFIRMATION, "t-1"))
        for number in (1, 2):
            tried = (number, make.ADDRESS, make.SERVER, T, T, T, T, REPORT)
            db.execute("INSERT INTO attempts VALUES (?,1,2,?,?,?,?,?,?,'confirmed',?)", tried)
            db.execute("INSERT INTO events VALUES (?,?,?,1,'found',NULL,'FOUND',0,'{}')", (number * 7, T, number))
    db.close()


async def test_every_row_of_the_first_schema_is_kept(tmp_path, open_store):
    """Mailboxes, routes, letters, attempts and history read as before; what is new has its plain value."""
    old_store(tmp_path)
    store = open_store()

    (box,) = await store.mailboxes.all()
    assert (box.route.version, box.route.others, box.route.fallback_decides, box.options) == (2, (), False, Options())
    assert await store.mailboxes.credentials(box) == {"token": "t"}
    waiting, forwarded = await store.letters.get(1), await store.letters.get(2)
    assert (waiting.state, waiting.proofs, waiting.bounced, waiting.composed) == (State.WAITING, (), "", None)
    assert (waiting.copy.count, waiting.copy.style.language, waiting.copy.signatures) == (1, "da", ())
    proof = forwarded.confirmation
    assert (proof.part, proof.evidence, proof.tls.level) == (1, Evidence.FINAL, Level.CONFIGURED)
    attempts, past = await store.letters.history(2)
    assert [(x.delivery_id, x.number, x.part, x.outcome) for x in attempts] == [(0, 1, 1, "confirmed")]
    assert [(x.id, x.event) for x in past] == [(14, "found")]
    assert await store.letters.spool_files() == {"1" * 32, "2" * 32}
    await store.close()


async def test_letters_of_the_first_schema_go_on(tmp_path, open_store):
    """A letter that waited before the upgrade is found, claimed and confirmed after it; its server may be busy."""
    old_store(tmp_path)
    store = open_store()

    assert await store.letters.due(State.WAITING, START, 10, busy=[make.SERVER]) == []
    (letter,) = await store.letters.due(State.WAITING, START, 10)
    letter = await store.letters.move(letter, make.claimed(route_version=2))
    letter = await store.letters.move(letter, DotBegun(2))
    letter = await store.letters.move(letter, make.confirmed(letter))
    assert State.FORWARDED is letter.state
    await store.close()
