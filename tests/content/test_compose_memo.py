"""The mail of a MeMo, opened by a reader we did not write (format contract v1)."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from nemboks.content.compose import message_id_for, reference_for
from nemboks.domain.headline import Action, Authority
from nemboks.domain.mailbox import Cvr
from tests.content.mails import NAMES, attachments, html_of, mailed, text_of, words_of
from tests.content.memos import COPY, CVR, ID, File, Memo, action, entry, mail_of, read, sha256, writer


def test_headers_of_an_ordinary_letter():
    """Each field stands once, with the value the contract gives it."""
    mail, message = mailed(Memo())

    assert message.keys() == NAMES
    assert message["From"] == "Skattestyrelsen via Nemboks <post@nemboks.example>"
    assert b'From: "Skattestyrelsen via Nemboks" <post@nemboks.example>\r\n' in mail
    assert message["To"] == "post@eksempel.example"
    assert message["Subject"] == "Skattestyrelsen: Årsopgørelse 2026"
    assert message["List-Id"] == "Digital Post CVR 12345678 <12345678.dp.nemboks.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply, RN, NRN"
    assert message["Date"] == "Sat, 21 Nov 2026 14:05:12 +0100"
    assert message["Message-ID"] == COPY.message_id
    assert message["Nemboks-Letter"] == ID
    assert message["Nemboks-Cvr"] == "12345678"
    assert message["Nemboks-Sender-Cvr"] == "87654321"
    assert message["Nemboks-Available"] == "2026-11-21T13:05:00Z"
    assert message["Nemboks-Docs"].strip() == f"sha256={sha256(File().data)}"
    assert message["Nemboks-Format"] == "1"
    assert message["Content-Language"] == "da"
    assert not [field.defects for field in message.values() if field.defects]
    assert mail.isascii()
    assert max(map(len, mail.split(b"\r\n"))) <= 76
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", mail)
    assert mail.endswith(b"\r\n")


def test_summer_time_and_deadline():
    """Dates are Danish; a deadline is there only as data."""
    extra = "<memo:reply>true</memo:reply><memo:replyByDateTime>2026-07-01T10:00:00Z</memo:replyByDateTime>"
    copy = replace(COPY, date=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    _, message = mailed(Memo(extra=extra), copy=copy)

    assert message["Date"] == "Wed, 01 Jul 2026 00:30:00 +0200"
    assert message["Nemboks-Deadline"] == "2026-07-01T10:00:00Z"
    assert "Frist:         01-07-2026 kl. 12.00  (oplyst af afsenderen; 0 bankdage fra 01-07-2026)" in text_of(message)


def test_text_of_a_full_letter():
    """The facts block says what UX.md 9 wants, in at most twelve lines of ours."""
    files = [
        File(b"x" * 184_200, actions=action("Betal", "BETALING", entry("https://virk.dk/betal"))),
        File(b"y" * 1_234_567, "Vejledning.pdf", role="AdditionalDocument"),
        File(b"", "Tom.pdf", role="TechnicalDocument"),
    ]
    extra = "<memo:reply>true</memo:reply><memo:replyByDateTime>2026-12-03T22:59:00Z</memo:replyByDateTime>"
    _, message = mailed(Memo(files=files, extra=extra, legal="true", mandatory="true"))
    text = text_of(message)

    assert text.splitlines() == [
        "Retslig meddelelse: hentet af Nemboks 21-11-2026 kl. 14.05.12. Obligatorisk meddelelse.",
        "",
        "Brev fra:      Skattestyrelsen",
        "Til:           Eksempel ApS, CVR 12 34 56 78",
        "Emne:          Årsopgørelse 2026",
        "Modtaget i",
        "Digital Post:  21-11-2026 kl. 14.05   (kommet frem, § 10 i lov om Digital Post; senest dette tidspunkt)",
        "Frist:         03-12-2026  (oplyst af afsenderen; 9 bankdage fra 21-11-2026)",
        "Svar muligt:   ja, i Digital Post",
        "Vedhæftet:     1. Årsopgørelse 2026.pdf (184 kB)  2. Vejledning.pdf (1,2 MB)  3. Tom.pdf (tom fil)",
        "Handling:      Betal (virk.dk): https://virk.dk/betal",
        "",
        "--",
        "Svar ikke på denne mail. Svar myndigheden i Digital Post.",
        "Gem brevet: det fjernes fra Digital Post, når jeres mailserver har taget imod det.",
        f"Reference {reference_for(CVR, ID)}",
    ]
    assert text.split() == words_of(html_of(message))
    assert len([line for line in text.splitlines() if line not in ("", "--") and "Handling" not in line]) <= 12
    assert (message["Importance"], message["Nemboks-Class"]) == ("high", "legal, mandatory")


@pytest.mark.parametrize(
    ("given_action", "expected"),
    [
        (Action("INFORMATION", "Læs", "https://www.virk.dk/æ?b=1"), "Læs (www.virk.dk): https://www.virk.dk/æ?b=1"),
        (Action("INFORMATION", "", "HTTPS://virk.dk"), "INFORMATION (virk.dk): HTTPS://virk.dk"),
        (Action("X", "Læs", "http://virk.dk/"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", "javascript:alert(1)"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", "https://virk.dk@ond.example/"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", "https://ond.example\\@virk.dk/"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", "https://[virk.dk/"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", "https://virk.dk/\u202ex"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", "https://virk.dk/a b"), "Læs: ugyldig adresse"),
        (Action("X", "Læs", ""), "Læs: ugyldig adresse"),
        (Action("", "", None), "Se brevet"),
        (
            Action("AFTALE", "Møde", None, datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 10, tzinfo=UTC)),
            "Møde, 01-12-2026 kl. 10.00, til 01-12-2026 kl. 11.00",
        ),
    ],
)
def test_actions_are_text(given_action, expected):
    """Only an https address is shown, its domain first; nothing that could be read as another's."""
    raw = Memo().xml()
    headline = replace(read(raw), actions=(given_action,))
    message = message_from_bytes(mail_of(raw, writer(headline)), policy=default)

    assert f"Handling:      {expected}" in text_of(message).splitlines()


def test_every_document_arrives_unchanged_and_in_order():
    """All roles are attached as sent, empty ones and nested messages too (B30, B43)."""
    files = [
        File(b"%PDF" + bytes(range(256)) * 300, "Brev.pdf"),
        File(b"", "Brev.pdf", role="AdditionalDocument"),
        File(b".\r\n.\r\nFrom x\n\r\n.\r\n", "t.txt", "text/plain", role="AdditionalDocument"),
        File(b"Subject: x\r\n\r\nhej", "mail", "message/rfc822", role="AdditionalDocument"),
        File("æøå\u2028🍎".encode() * 999, "æ" * 90, "text/html", role="TechnicalDocument"),
    ]
    _, message = mailed(Memo(files=files))
    seen = attachments(message)

    assert [part.get_payload(decode=True) for part in seen] == [file.data for file in files]
    assert [part.get_content_type() for part in seen] == [
        "application/pdf",
        "application/pdf",
        "text/plain",
        "application/octet-stream",
        "text/html",
    ]
    assert [part.get_content_disposition() for part in seen] == ["attachment"] * 5
    assert [part.get_filename() for part in seen[:4]] == ["Brev.pdf", "Brev (2).pdf", "t.txt", "mail.eml"]
    expected = [f"sha256={sha256(file.data)}" for file in files]
    assert message["Nemboks-Docs"].strip().split(", ") == expected


def test_base64_lines_are_full():
    """Every line of a file but the last has 76 characters."""
    mail, _ = mailed(Memo(files=[File(b"x" * 1000)]))
    lines = mail.rpartition(b"\r\n\r\n")[2].split(b"\r\n")

    assert [len(line) for line in lines[:17]] == [76] * 17
    assert len(lines[17]) == 44


def test_the_boundary_cannot_come_from_the_letter():
    """A letter that holds our boundary changes nothing (B46)."""
    line = f"\r\n--=_nemboks_{COPY.seed}--\r\n"
    memo = Memo(title=line, authority=line, files=[File(line.encode(), line), File(b"efter")])
    _, message = mailed(memo)

    assert [part.get_payload(decode=True) for part in attachments(message)] == [line.encode(), b"efter"]


def test_cpr_numbers_stay_out_of_headers():
    """Subject, sender and file names are masked; the text and the files are as sent (B17)."""
    cpr = "010101-0000"
    memo = Memo(title=f"Om {cpr}", authority=f"Borger {cpr}", files=[File(cpr.encode(), f"{cpr}.pdf")])
    mail, message = mailed(memo)

    headers = [message, *message.iter_parts()]
    shown = "".join(str(value) for part in headers for value in part.values())
    assert cpr.encode() not in mail
    assert cpr not in shown
    assert message["Subject"] == "Borger [CPR]: Om [CPR]"
    assert f"Emne:          Om {cpr}" in text_of(message)
    assert attachments(message)[0].get_payload(decode=True) == cpr.encode()


@pytest.mark.parametrize(
    ("title", "authority", "subject"),
    [
        ("", "Skattestyrelsen", "Skattestyrelsen: (uden titel)"),
        ("Nemboks: x", "Nemboks", "Nemboks: Nemboks: x"),
        ("x" * 200, "Skat", "Skat: " + "x" * 143 + "…"),
        ("titel", "M" * 100, "M" * 69 + "…: titel"),
        ("titel", "", "CVR 87654321: titel"),
    ],
)
def test_subjects(title, authority, subject):
    """The authority first, then the title, 150 characters in all (B06, B07, B11)."""
    _, message = mailed(Memo(title=title, authority=authority))

    assert message["Subject"] == subject


def test_a_persons_number_is_never_a_name():
    """A sender without a name and with a CPR number is unknown, not a number."""
    raw = Memo().xml()
    headline = replace(read(raw), authority=Authority("", "0101010000", "CPR"))
    mail = mail_of(raw, writer(headline))
    message = message_from_bytes(mail, policy=default)

    assert message["Subject"] == "Ukendt afsender: Årsopgørelse 2026"
    assert "Nemboks-Sender-Cvr" not in message
    assert "0101010000" not in text_of(message)


def test_times_at_the_ends_of_the_calendar():
    """A deadline in year 1 or 9999 makes a mail, not an error."""
    raw = Memo().xml()
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)):
        message = message_from_bytes(mail_of(raw, writer(replace(read(raw), reply_by=at))), policy=default)
        assert message["Nemboks-Deadline"] == at.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def test_message_id_and_reference():
    """Both follow from the letter alone, differ between letters, and have the shape people and machines know."""
    other = Cvr("87654321")

    assert re.fullmatch(r"<[0-9a-f]{32}\.1@nemboks\.example>", message_id_for(CVR, ID, "nemboks.example"))
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", reference_for(CVR, ID))
    assert message_id_for(CVR, ID, "a.example") == message_id_for(CVR, ID, "a.example")
    assert message_id_for(CVR, ID, "a.example") != message_id_for(other, ID, "a.example")
    assert message_id_for(CVR, ID, "a.example", b"ours") != message_id_for(CVR, ID, "a.example", b"a guess")
    assert len({reference_for(CVR, str(number)) for number in range(1000)}) == 1000
