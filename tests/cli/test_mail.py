"""`nemboks mail preview` on a real ledger and spool, and on a file."""

import asyncio
import stat
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from click.testing import CliRunner

from nemboks.cli.main import program
from nemboks.clock import RealClock
from nemboks.domain.headline import Style
from nemboks.domain.letter import Collected
from nemboks.ports import Listed
from nemboks.store.spool import Spool
from tests.content.memos import File, Memo, read
from tests.content.test_message import BODY, HEADER, read_message
from tests.contracts.ledgers import vault
from tests.helpers import builders as make

MEMO = Memo(files=[File(b"<p>Hej</p>", "brev.html", "text/html"), File(b"x" * 200_000, "Bilag.pdf")])


def collected(place, raw: bytes, headline, **changes) -> int:
    """The number of a WAITING letter of Anna's that has these contents in the spool."""

    async def fill() -> int:
        store, spool = place.store(), Spool(place.folder / "spool", vault(place.folder), threaded=False)
        try:
            anna = await store.mailboxes.add(make.declared(), "settings")
            now = RealClock().now()
            await store.letters.found(anna, [Listed("letter-1")], now, now)
            (letter,) = await store.letters.list()
            async with spool.seal(letter.id) as sealing:
                await sealing.write(raw)
                sealed = await sealing.finish(durable=False)
            copy = make.copy(seed="seed1", **changes)
            return (await store.letters.move(letter, Collected(headline, sealed, copy, now))).id
        finally:
            await store.close()

    return asyncio.run(fill())


def opened(path: str):
    """The mail in the file."""
    return message_from_bytes(Path(path).read_bytes(), policy=default)


def test_a_letter_is_written_as_its_mail_and_its_page(empty, tmp_path) -> None:
    """Whoever looks sees the very mail, documents and all; the files are for nobody else."""
    letter = collected(empty, MEMO.xml(), read(MEMO.xml()))
    told = empty.ask("mail", "preview", str(letter), "--out", str(tmp_path / "ud"))
    (item,) = told["items"]
    message = opened(item["mail"])

    assert (told["schema"], item["part"]) == ("nemboks.mails/1", 1)
    assert message["Subject"] == "Skattestyrelsen: Årsopgørelse 2026"
    assert [part.get_payload(decode=True) for part in message.iter_attachments()] == [f.data for f in MEMO.files]
    page = Path(item["html"]).read_bytes().decode()
    assert "Tekst fra afsenderen" in page == message.get_body(("html",)).get_content()
    assert Path(item["mail"]).stat().st_size == item["size"]
    assert {stat.S_IMODE(Path(item[key]).stat().st_mode) for key in ("mail", "html")} == {0o600}


def test_a_split_letter_has_a_file_for_each_part(empty, tmp_path) -> None:
    """The parts are those that are sent, the original twice through the spool where it is attached."""
    letter = collected(empty, MEMO.xml(), read(MEMO.xml()), parts=((0,), (1,)))
    items = empty.ask("mail", "preview", str(letter), "--out", str(tmp_path))["items"]

    assert [Path(item["mail"]).name for item in items] == [f"letter-{letter}.1.eml", f"letter-{letter}.2.eml"]
    assert [opened(item["mail"])["Nemboks-Part"] for item in items] == ["1/2", "2/2"]


def test_an_original_is_there_too(empty, tmp_path) -> None:
    """The last attachment is the letter as it lay in Digital Post."""
    letter = collected(empty, MEMO.xml(), read(MEMO.xml()), style=Style(original=True))
    (item,) = empty.ask("mail", "preview", str(letter), "--out", str(tmp_path))["items"]

    assert list(opened(item["mail"]).iter_attachments())[-1].get_payload(decode=True) == MEMO.xml()


def test_a_message_keeps_its_own_body(empty, tmp_path) -> None:
    """A letter from an IMAP inbox has no page of ours."""
    raw = HEADER + BODY
    letter = collected(empty, raw, read_message(raw))
    (item,) = empty.ask("mail", "preview", str(letter), "--out", str(tmp_path))["items"]

    assert item["html"] is None
    assert Path(item["mail"]).read_bytes().endswith(BODY)


def test_a_letter_whose_contents_are_gone_says_so(empty, tmp_path) -> None:
    """After the receipt only the journal is left, and no file is made."""
    letter = collected(empty, MEMO.xml(), read(MEMO.xml()))
    for file in (empty.folder / "spool").iterdir():
        file.unlink()
    done = empty.run("mail", "preview", str(letter), "--out", str(tmp_path / "ud"))

    assert done.exit_code == 3
    assert "indhold er her ikke mere" in done.stderr
    assert not (tmp_path / "ud").exists()


@pytest.mark.parametrize("state", ["ACKNOWLEDGED", "FOUND"])
def test_a_letter_without_contents_is_not_found(place, tmp_path, state) -> None:
    """Neither one that is done, nor one that was not fetched yet, can be shown."""
    letter = next(one for one in place.letters.values() if one.state == state)

    assert place.run("mail", "preview", str(letter.id), "--out", str(tmp_path)).exit_code == 3
    assert place.run("mail", "preview", "99999", "--out", str(tmp_path)).exit_code == 3


def test_other_contents_leave_no_file(empty, tmp_path) -> None:
    """What does not match the journal is not half written."""
    letter = collected(empty, Memo(title="Et andet").xml(), read(Memo().xml()))
    done = empty.run("mail", "preview", str(letter), "--out", str(tmp_path / "ud"))

    assert done.exit_code == 3
    assert list((tmp_path / "ud").iterdir()) == []


def preview(*arguments: str):
    """What the command answers without any settings."""
    return CliRunner().invoke(program, ["mail", "preview", *arguments])


def test_a_file_needs_no_settings(tmp_path) -> None:
    """A MeMo is shown as a made-up company gets it, in the language asked for."""
    (tmp_path / "brev.xml").write_bytes(MEMO.xml())
    done = preview(str(tmp_path / "brev.xml"), "--out", str(tmp_path / "ud"), "--lang", "en")
    text = opened(str(tmp_path / "ud" / "brev.eml")).get_body(("plain",)).get_content()

    assert done.exit_code == 0
    assert "in clear" in done.stderr and "brev.eml  (" in done.stdout
    assert "To:            Eksempel ApS, CVR 12 34 56 78" in text


@pytest.mark.parametrize(
    ("raw", "code"), [(b"<html>", 4), (Memo(kind="NEMSMS", files=[], created="").xml(), 4), (None, 2)]
)
def test_what_is_no_letter_is_refused(tmp_path, raw, code) -> None:
    """Neither another document nor a NemSMS has a mail; a file that is not there is wrong use."""
    if raw is not None:
        (tmp_path / "brev.xml").write_bytes(raw)

    assert preview(str(tmp_path / "brev.xml"), "--out", str(tmp_path / "ud")).exit_code == code
    assert not (tmp_path / "ud").exists()
