"""How a company wants its mails, and what sets a letter apart: languages, subjects, marks, threads (UX.md 9)."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from nemboks.content.compose import outer_fields
from nemboks.content.headers import check_block, split_fields
from nemboks.content.wording import DA, EN, wording
from nemboks.domain.headline import Style
from tests.content.mails import html_of, mailed, text_of, words_of
from tests.content.memos import COPY, GIVEN, Memo, case, read


def styled(memo=None, **style):
    """The mail of a letter in that style."""
    _, message = mailed(memo or Memo(), replace(COPY, style=Style(**style)))
    assert text_of(message).split() == words_of(html_of(message))
    return message


def test_every_word_is_there_in_both_languages():
    """English lacks nothing, and where both have a gap to fill they have the same number of gaps."""
    gaps = [
        (str(getattr(words, field.name)).count("{}"), bool(getattr(words, field.name)))
        for words in (DA, EN)
        for field in fields(words)
    ]

    assert gaps[: len(gaps) // 2] == gaps[len(gaps) // 2 :]
    assert all(there for _, there in gaps)
    assert wording("de") is DA


def test_an_english_mail_is_english():
    """Every label and note, the subject's marks, the sizes and Content-Language."""
    message = styled(Memo(files=[]), language="en", role="copy", removed=False, code_phrase="blue bicycle")

    assert text_of(message).splitlines() == [
        "Copy: the letter also goes to the company's own address.",
        "",
        "Letter from:   Skattestyrelsen",
        "To:            Eksempel ApS, CVR 12 34 56 78",
        "Subject:       Årsopgørelse 2026",
        "Received in",
        "Digital Post:  21-11-2026 at 14:05   (deemed received, section 10 of the Danish Digital Post Act; "
        "at this time at the latest)",
        "Can reply:     no",
        "Attached:      nothing; the sender sent the subject only",
        "",
        "--",
        "Do not reply to this mail. Reply to the authority in Digital Post.",
        "The letter stays in Digital Post for the time being.",
        f'Reference {GIVEN["reference"]} - Your code phrase: "blue bicycle"',
    ]
    assert message["Content-Language"] == "en"
    assert message["Subject"] == "Copy: Skattestyrelsen: Årsopgørelse 2026"


@pytest.mark.parametrize(
    ("style", "title", "expected"),
    [
        ({"with_cvr": True}, "Brev", "Skattestyrelsen: Brev [12345678]"),
        ({"with_cvr": True}, "x" * 300, "Skattestyrelsen: " + "x" * 121 + "… [12345678]"),
        ({"neutral_subject": True}, "Brev", "Nyt brev fra Skattestyrelsen"),
        ({"neutral_subject": True, "with_cvr": True}, "Brev", "Nyt brev fra Skattestyrelsen [12345678]"),
        ({"role": "fallback"}, "Brev", "Reservekopi: Skattestyrelsen: Brev"),
        ({"role": "copy", "neutral_subject": True}, "Brev", "Kopi: Nyt brev fra Skattestyrelsen"),
        ({"with_cvr": True}, "Om 010101-0000", "Skattestyrelsen: Om [CPR] [12345678]"),
        ({"with_cvr": True}, "", "Skattestyrelsen: (uden titel) [12345678]"),
    ],
)
def test_subjects_by_style(style, title, expected):
    """Marks and CVR are never cut, the title is; 150 characters in all (M02, M14)."""
    message = styled(Memo(title=title), **style)

    assert message["Subject"] == expected
    assert len(message["Subject"]) <= 150


def test_a_neutral_subject_hides_the_deadline_too():
    """It says who writes and nothing else."""
    memo = Memo(extra="<memo:replyByDateTime>2026-11-25T11:00:00Z</memo:replyByDateTime>")

    assert styled(memo, neutral_subject=True)["Subject"] == "Nyt brev fra Skattestyrelsen"


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ({}, "Gem brevet: det fjernes fra Digital Post, når jeres mailserver har taget imod det."),
        ({"removed": False}, "Brevet bliver liggende i Digital Post indtil videre."),
        ({"code_phrase": "blå cykel"}, f'Reference {GIVEN["reference"]} - Jeres kendetegn: "blå cykel"'),
        ({"code_phrase": "a\r\nb\u202ec"}, f'Reference {GIVEN["reference"]} - Jeres kendetegn: "a bc"'),
        ({"role": "copy"}, "Kopi: brevet går også til virksomhedens faste adresse."),
        ({"role": "fallback"}, "Reservekopi: brevet er endnu ikke nået frem til virksomhedens faste adresse."),
    ],
)
def test_lines_by_style(style, expected):
    """The policy, the code phrase and the mark of a copy each have their line."""
    assert expected in text_of(styled(**style)).splitlines()


@pytest.mark.parametrize(
    ("legal", "mandatory", "badge", "name"),
    [
        ("false", "false", "", None),
        ("false", "true", "Obligatorisk meddelelse.", "mandatory"),
        ("true", "false", "Retslig meddelelse: hentet af Nemboks 21-11-2026 kl. 14.05.12.", "legal"),
    ],
)
def test_a_letters_class_is_seen_first(legal, mandatory, badge, name):
    """An ordinary letter has no badge; a legal one's is red; rules can go by the header field (M08, M19)."""
    message = styled(Memo(legal=legal, mandatory=mandatory))

    assert text_of(message).splitlines()[0] == (badge or "Brev fra:      Skattestyrelsen")
    assert ('class="badge grave"' in html_of(message)) is (legal == "true")
    assert ('class="badge"' in html_of(message)) is (mandatory == "true")
    assert message["Nemboks-Class"] == name


def test_a_forwarded_letter_says_whose_it_was():
    """Its first sender and time stand beside the one who passed it on."""
    forward = (
        "<memo:ForwardData><memo:messageUUID>8C2EA15D-61FB-4BA9-9366-42F8B194C110</memo:messageUUID>"
        "<memo:originalMessageDateTime>2026-11-01T10:00:00Z</memo:originalMessageDateTime>"
        "<memo:originalSender>Vejle\nKommune</memo:originalSender></memo:ForwardData>"
    )
    expected = (
        "Brev fra:      Skattestyrelsen (videresendt til jer; oprindeligt fra Vejle Kommune, 01-11-2026 kl. 11.00)"
    )

    assert expected in text_of(styled(Memo(tail=forward)))


def reply(uuid, number=""):
    """A ReplyData element."""
    named = f"<memo:caseID>{number}</memo:caseID>" if number else ""
    return f"<memo:ReplyData><memo:messageUUID>{uuid}</memo:messageUUID>{named}</memo:ReplyData>"


def test_letters_of_one_case_are_one_thread():
    """Case number, then the case of the answer, then the conversation's first message (B16); never the subject."""
    first, second = "8C2EA15D-61FB-4BA9-9366-42F8B194C110", "8C2EA15D-61FB-4BA9-9366-42F8B194C111"
    same = [
        styled(Memo(title="Én", tail=case("2026-17"))),
        styled(Memo(title="To", tail=case(" 2026-17 "))),
        styled(Memo(tail=reply(first, "2026-17"))),
    ]
    others = [
        styled(Memo(tail=case("2026-18"))),
        styled(Memo(tail=case("2026-17"), sender_id="11111111")),
        styled(Memo(tail=reply(first))),
    ]
    threads = {message["References"] for message in same}

    assert len(threads) == 1
    assert re.fullmatch(r"<t\.[0-9a-f]{32}@nemboks\.example>", threads.pop())
    assert all(message["In-Reply-To"] == message["References"] for message in same)
    assert len({message["References"] for message in [same[0], *others]}) == 4
    assert styled(Memo(tail=reply(first) + reply(second)))["References"] == others[2]["References"]
    assert "References" not in styled()


def test_a_case_number_is_in_no_header():
    """Some authorities make case numbers of CPR numbers: the thread shows a digest, and the ledger holds one."""
    headline = read(Memo(tail=case("0101010000-1")).xml())
    message = styled(Memo(tail=case("0101010000-1")))

    assert "0101010000" not in message.as_string() + repr(headline)


def test_the_outside_of_an_encrypted_mail_tells_nothing():
    """Who writes and to whom; no title, deadline, class or digest; and no field of MIME, which is the encryption's."""
    memo = Memo(
        title="Hemmeligt", legal="true", extra="<memo:replyByDateTime>2026-11-25T11:00:00Z</memo:replyByDateTime>"
    )
    block = outer_fields(read(memo.xml()), COPY, **GIVEN)
    names = [field.name for field in split_fields(block)[0]]

    assert b"Subject: Nyt brev fra Skattestyrelsen\r\n" in block
    assert {"nemboks-docs", "nemboks-deadline", "nemboks-class", "content-type", "mime-version"}.isdisjoint(names)
    assert {"from", "to", "date", "message-id", "list-id", "nemboks-letter", "nemboks-format"} <= set(names)
    check_block(block + b"\r\n", names)


def test_the_date_decides_nothing_but_itself():
    """A mail composed in summer has a summer date."""
    _, message = mailed(Memo(), replace(COPY, date=datetime(2026, 6, 30, 22, 30, tzinfo=UTC)))

    assert message["Date"] == "Wed, 01 Jul 2026 00:30:00 +0200"
