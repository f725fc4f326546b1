"""No CPR number in clear in the ledger, whatever an authority wrote into its words; each mail has them all the same."""

import sqlite3
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.domain.headline import Action, Authority, Document, Forwarded, Kind, Reservation, Role
from nemboks.domain.letter import Acknowledged, Cleared, ContentsLost, Dismissed, Hold, Reason, State
from nemboks.domain.redact import mask_cpr
from nemboks.ports import HeadlineAltered, Listed
from nemboks.store import migrations
from nemboks.store.connect import open_writer
from nemboks.store.errors import KeyMissing
from nemboks.store.headlines import as_it_came, kept
from nemboks.store.schema import letters as table
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START

_serials = count()


def number():
    """A CPR shape of its own, with an impossible serial's zeros."""
    return f"{next(_serials) % 28 + 1:02}0101-0000"


def told(**changes):
    """A headline with a number in every text that a stranger writes."""
    file = Document(Role.MAIN, f"Sag {number()}.pdf", f"text/{number()}", 40_000, "ab" * 32)
    booked = Reservation(number(), f"Møde {number()}", number(), number())
    asked = Action(number(), f"Betal {number()}", f"https://betal.example/{number()}", reservation=booked)
    return make.headline(
        title=f"Om ”{number()}” og {number()}", authority=Authority(f"Borger {number()}", number(), "CPR"),
        documents=(file,), actions=(asked,), version=number(), recipient_id=number().replace("-", ""),
        kle=number(), case_id=number(), forwarded=Forwarded(number(), START), **changes,
    )  # fmt: skip


async def collected(store, *headlines):
    """Letters of Anna's with these headlines, WAITING."""
    anna = await store.mailboxes.add(make.declared(), "settings")
    await store.letters.found(anna, [Listed(f"letter-{n}") for n, _ in enumerate(headlines)], START, START)
    found = sorted(await store.letters.due(State.FOUND, START, 100), key=lambda one: one.id)
    return [
        await store.letters.move(one, make.collected(number=n, headline=headline))
        for n, (one, headline) in enumerate(zip(found, headlines, strict=True), 1)
    ]


def octets(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("nemboks.db*")))


def numbers_in(folder: Path) -> str:
    """What of the ledger's files looks like a CPR number and is ours."""
    text = octets(folder).decode("latin-1")
    return "".join(one for n in range(1, 29) for one in (f"{n:02}0101-0000", f"{n:02}01010000") if one in text)


async def test_no_number_that_an_authority_wrote_is_in_the_ledgers_file(store, tmp_path):
    """In whatever word it stands, the file has none; the mail is composed from every word as it came."""
    headline = told()
    (letter,) = await collected(store, headline)
    row = await store.letters.get(letter.id)

    assert numbers_in(tmp_path) == ""
    assert row.headline.title == "Om ”[CPR]” og [CPR]"
    assert (row.headline.sha256, row.headline.documents[0].sha256) == (headline.sha256, "ab" * 32)
    assert store.letters.as_it_came(row.id, row.headline) == headline


async def test_a_nemsms_that_is_held_shows_no_number_either(store, tmp_path):
    """What is never sent is kept without its number too."""
    anna = await store.mailboxes.add(make.declared(), "settings")
    await store.letters.found(anna, [Listed("sms")], START, START)
    (letter,) = await store.letters.due(State.FOUND, START, 1)
    sms = make.headline(kind=Kind.NEMSMS, title=f"Din tid {number()}")

    held = await store.letters.move(letter, Hold(Reason.NEMSMS, headline=sms, contents=make.sealed()))

    assert (held.headline.title, numbers_in(tmp_path)) == ("Din tid [CPR]", "")


async def test_a_headline_without_a_number_is_kept_as_it_is(store, tmp_path):
    """Nothing is sealed, and it is the very value that was given; digests and P-numbers are no people."""
    plain = make.headline(
        title="Årsopgørelse 2026, bilag 12345678", sha256="a0101010000b" + "c" * 52, p_number="0101010000",
        message_uuid="8c2ea15d-61fb-4ba9-9366-0101010000ab", thread="0101010000",
    )  # fmt: skip

    assert kept(plain, 1, vault(tmp_path)) is plain
    assert as_it_came(plain, 1, vault(tmp_path)) is plain


@pytest.mark.parametrize(
    "written", ["010101\u200b-0000", "010101\n0000", "\u202e010101-0000", "０１０１０１-００００", "0\xad10101-0000"]
)
def test_no_sign_hides_a_number_from_the_ledger(written, tmp_path):
    """Invisible signs, line ends and foreign digits do not, as they do not in a mail's subject."""
    shown = kept(make.headline(title=f"Om {written} ok"), 1, vault(tmp_path))

    assert shown.title == "Om [CPR] ok"


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("01 -[CPR]\u200b\n\xa0a９"), max_size=30))
def test_any_title_comes_back_and_shows_no_number(tmp_path_factory, title):
    """What is kept has nothing that the mask would take; what is opened is what was given."""
    folder = tmp_path_factory.getbasetemp()
    headline = make.headline(title=title)

    shown = kept(headline, 7, vault(folder))

    assert mask_cpr(shown.title) == shown.title
    assert as_it_came(shown, 7, vault(folder)) == headline


async def test_words_of_another_letter_are_refused(store, tmp_path):
    """Two rows' ciphertexts are changed for each other: neither opens, and every list goes on."""
    one, two, plain = await collected(store, told(), told(), make.headline())
    with sqlite3.connect(tmp_path / "nemboks.db") as db:
        swap = "UPDATE letters SET headline = json_set(headline, '$.sealed', ?) WHERE id = ?"
        db.execute(swap, (two.headline.sealed, one.id))
        db.execute(swap, (one.headline.sealed, two.id))
    db.close()

    for letter in await store.letters.due(State.WAITING, START, 10):
        if letter.id == plain.id:
            assert store.letters.as_it_came(letter.id, letter.headline) == make.headline()
            continue
        with pytest.raises(HeadlineAltered, match=f"letter {letter.id}"):
            store.letters.as_it_came(letter.id, letter.headline)
    assert len(await store.letters.list()) == 3


def test_words_of_other_contents_under_the_same_id_are_refused(tmp_path):
    """What the same letter's row had before does not open beside the new digest; nor does anything that was altered."""
    keys = vault(tmp_path)
    old, new = kept(told(), 1, keys), kept(told(sha256="ef" * 32), 1, keys)

    for bad in (old.sealed, new.sealed[:-4], new.sealed[:40] + "AAAA" + new.sealed[44:], "no base64"):
        with pytest.raises(HeadlineAltered):
            as_it_came(replace(new, sealed=bad), 1, keys)


def test_without_its_master_key_nothing_is_taken_for_altered(tmp_path):
    """A key that is missing stops the program, as it does for contents."""
    (tmp_path / "other").mkdir()

    with pytest.raises(KeyMissing):
        as_it_came(kept(told(), 1, vault(tmp_path)), 1, vault(tmp_path / "other"))


@pytest.mark.parametrize("way", ["acknowledged", "on hold", "lost"])
async def test_sealed_words_go_when_the_contents_go(store, way):
    """At the receipt, or when a legal hold lets go, or with lost contents; the masked ones stay."""
    (letter,) = await collected(store, told())
    letter = await store.letters.move(letter, make.claimed())
    if way == "lost":
        letter = await store.letters.move(letter, ContentsLost("gone", START, letter.fence))
    else:
        letter = await store.letters.move(letter, make.confirmed(letter))
        letter = await store.letters.move(letter, Acknowledged("ok", keep=way == "on hold"))
    if way == "on hold":
        assert (await store.letters.get(letter.id)).headline.sealed
        await store.letters.move(letter, Cleared())
    row = await store.letters.get(letter.id)

    assert (row.contents, row.headline.sealed, row.headline.title) == (None, "", "Om ”[CPR]” og [CPR]")


async def test_sealed_words_stay_as_long_as_the_contents(store):
    """A letter that a person closed keeps both until a listing shows that upstream has it."""
    (letter,) = await collected(store, told())

    letter = await store.letters.move(letter, Dismissed("anna"))

    assert letter.contents and store.letters.as_it_came(letter.id, letter.headline).title != letter.headline.title


def old_store(folder):
    """A store as the program before left it: a letter that waits, one that is done and one without a number."""
    tx = open_writer(folder / "nemboks.db")
    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(migrations.__path__[0]))
    command.upgrade(config, "0010")
    to_json = table.c.headline.type.process_bind_param
    headlines = told(), told(), make.headline()
    with sqlite3.connect(folder / "nemboks.db") as db:
        db.execute(
            "INSERT INTO mailboxes (id, cvr, name, face, credentials, due_at, paused_by, trouble, failures, declared)"
            " VALUES (1, ?, 'Bageri', 'rest', x'00', ?, '', '', 0, 1)", (make.ANNA, T),
        )  # fmt: skip
        for n, (headline, file) in enumerate(zip(headlines, ("1" * 32, None, "3" * 32), strict=True), 1):
            db.execute(
                "INSERT INTO letters (id, mailbox_id, upstream_id, state, found_at, available_at, due_at, why, words,"
                " failures, fence, uncertain, headline, sha256, contents_file, contents_key)"
                " VALUES (?, 1, ?, ?, ?, ?, ?, '', '', 0, 0, 0, ?, ?, ?, 'k')",
                (n, f"letter-{n}", "WAITING" if file else "ACKNOWLEDGED", T, T, T,
                 to_json(headline, None).replace(',"sealed":""', ""), headline.sha256, file),
            )  # fmt: skip
    db.close()
    tx.close()
    return headlines


T = "2026-11-21T09:00:00.000000Z"


async def test_numbers_that_an_older_program_wrote_are_gone_from_the_file(tmp_path, open_store):
    """The upgrade masks every row, seals what may still be sent, and leaves nothing of it in the file's free space."""
    waiting, _, plain = old_store(tmp_path)
    assert numbers_in(tmp_path)
    store = open_store()

    rows = [await store.letters.get(n) for n in (1, 2, 3)]
    assert store.letters.as_it_came(1, rows[0].headline) == waiting
    assert (rows[1].headline.sealed, rows[1].headline.title) == ("", "Om ”[CPR]” og [CPR]")
    assert rows[2].headline == plain
    await store.close()
    assert numbers_in(tmp_path) == ""
