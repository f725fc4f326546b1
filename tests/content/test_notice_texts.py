"""What people read in a notice: every trouble has words, in both languages, that are short and give nothing away."""

import email
import itertools
import re
from dataclasses import replace
from datetime import timedelta
from email import policy

import pytest

from nemboks.content.notice_mail import compose_notice
from nemboks.content.notice_texts import About, notice_text
from nemboks.content.notice_words import LABELS, UPSTREAM, WORDS
from nemboks.content.notice_words_door import OF_DOOR
from nemboks.domain.incidents import Cause, Notice, NoticeKind
from nemboks.domain.mailbox import Address
from nemboks.ports import Message
from tests.helpers import builders as make
from tests.helpers.clock import START

SENDER = Address("post@nemboks.example")
PATHS = {"da": "mail:da:bo@bogholder.example", "en": "mail:en:bo@bogholder.example"}
SAFE = "Jeres post er ikke væk. Den ligger i Digital Post."
REFERENCES = ("7F3K-92QD", "AAAA-BBBB", "CCCC-DDDD", "EEEE-FFFF", "GGGG-HHHH")
ABOUT = About((make.ANNA, make.BO), REFERENCES, deadline=START + timedelta(days=3))


def notice(cause: Cause = Cause.ADDRESS, kind: NoticeKind = NoticeKind.STOPPED, **changes) -> Notice:
    whole = Notice(
        7, 3, "key", kind, cause, PATHS["da"], 1, 20, (1, 2), tuple(range(1, 21)), START,
        "550 5.1.1 <anna@bageri.example> no such user 010101-0000", "bageri", make.ADDRESS, START, START,
    )  # fmt: skip
    return replace(whole, **changes)


def text_of(one: Notice, about: About = ABOUT) -> tuple[str, list[str]]:
    subject, text = notice_text(one, about)
    return subject, text.splitlines()


@pytest.mark.parametrize("language", ["da", "en"])
def test_nothing_is_missing(language):
    """Every cause and every kind has its words in both languages, filled in, short, and without anything private."""
    for cause, kind in itertools.product(Cause, NoticeKind):
        subject, lines = text_of(notice(cause, kind, path=PATHS[language]))
        whole = "\n".join([subject, *lines])

        assert len(lines) <= 20, cause
        assert 12 < len(subject) <= 150, (cause, subject)
        assert lines[0].strip(), cause
        assert not re.search(r"[{}]|https?:|www\.|anna@|010101", whole), whole
        assert "None" not in whole
    assert set(Cause) == {*WORDS[language], *OF_DOOR[language]}
    assert set(NoticeKind) == set(LABELS[language])


def test_the_first_line_says_what_is_wrong():
    """Trouble and count stand on the first line and in the subject."""
    subject, lines = text_of(notice())

    assert "Nemboks: Stoppet: Adressen a***@bageri.example findes ikke" == subject
    assert "Stoppet: Adressen a***@bageri.example findes ikke. 20 breve venter i Digital Post." == lines[0]
    assert SAFE in lines
    assert "Reference: 7F3K-92QD, AAAA-BBBB, CCCC-DDDD, EEEE-FFFF, GGGG-HHHH og 15 flere" in lines
    assert "CVR: 13 74 81 36, 29 18 98 46" in lines
    assert "Svaret lød: 550 5.1.1 <a***@bageri.example> no such user [CPR]" in lines
    assert any(line.startswith("Næste skridt: ") for line in lines)
    assert any(line.startswith("Nærmeste frist: 24-11-2026") for line in lines)


def test_stopped_is_said_after_the_second_look():
    """The first refusal tells that the server says no; only the second look makes it final."""
    first = replace(ABOUT, looked_twice=False)
    _, lines = text_of(notice(), first)

    assert lines[0].startswith("Adressen a***@bageri.example findes ikke")
    assert not any("Stoppet" in line for line in lines)
    assert any("én gang til" in line for line in lines)
    assert text_of(notice(kind=NoticeKind.STILL), first)[1][0].startswith("Stadig ikke løst: ")


def test_solved_is_short():
    """The end names what is well again and asks for nothing."""
    subject, lines = text_of(notice(kind=NoticeKind.SOLVED))

    assert "Løst: Post til a***@bageri.example kommer frem igen. 20 breve var ramt." == lines[0]
    assert not any("Næste skridt" in line or "Svaret lød" in line for line in lines)
    assert subject.startswith("Nemboks: Løst: ")


def test_one_letter_and_none():
    """One letter is told as one; a trouble of a mailbox, which no letter has met, counts none."""
    assert text_of(notice(count=1))[1][0].endswith("1 brev venter i Digital Post.")
    assert text_of(notice(count=1, path=PATHS["en"]))[1][0].endswith("1 letter waiting in Digital Post.")
    assert "0" not in text_of(notice(Cause.REFUSED, count=0, letters=()), About((make.ANNA,)))[1][0]


def test_several_addresses():
    """Several dead addresses of one domain are told by their domain."""
    assert "flere adresser hos bageri.example" in text_of(notice(address="@bageri.example"))[1][0]
    assert "several addresses" in text_of(notice(address="", path=PATHS["en"]))[1][0]


def test_digital_post_is_late():
    """Letters that Digital Post does not give are not blamed on a mail server."""
    for language, path in PATHS.items():
        one = notice(Cause.LATE, NoticeKind.LATE, destination="", address="", path=path)
        assert UPSTREAM[language].what.partition("{")[0] in text_of(one)[1][0]


def test_the_operator_learns_that_nobody_else_can():
    """When no path to the company works, the operator is told to call."""
    assert any("Ring til den" in line for line in text_of(notice(), replace(ABOUT, alone=True))[1])


def test_what_is_said_of_the_post_is_true():
    """Only where the letters really lie in Digital Post does a notice promise so."""
    elsewhere = {Cause.BOUNCED, Cause.COPY, Cause.VANISHED, Cause.PREFLIGHT, Cause.OUR_CERTIFICATE}
    for cause in Cause:
        promised = any(SAFE in line for line in text_of(notice(cause))[1])
        assert (cause not in elsewhere) is promised, cause


# --- as a mail ---


def mail_of(one: Notice) -> bytes:
    return compose_notice(Message(one, *notice_text(one, ABOUT)), SENDER)


def test_the_mail():
    """A notice is a plain mail that answers itself to nobody and reads back whole."""
    raw = mail_of(notice())
    read = email.message_from_bytes(raw, policy=policy.default)

    assert not read.defects
    assert ("Nemboks <post@nemboks.example>", "bo@bogholder.example") == (str(read["From"]), str(read["To"]))
    assert "auto-generated" == read["Auto-Submitted"]
    assert "da" == read["Content-Language"]
    assert notice_text(notice(), ABOUT)[1] == read.get_content().replace("\r\n", "\n")
    assert read["List-Id"] is None
    assert re.fullmatch(rb"(?:[ -~]{1,998}\r\n|\r\n)+", raw)


def test_the_same_notice_is_the_same_mail():
    """Another try sends the same bytes; another round is another mail in the same thread."""
    read = email.message_from_bytes(mail_of(notice()))
    again = email.message_from_bytes(mail_of(notice(kind=NoticeKind.STILL, number=2)))

    assert mail_of(notice()) == mail_of(notice(failures=3))
    assert read["Message-ID"] != again["Message-ID"]
    assert read["References"] == again["References"]


def test_a_strangers_words_smuggle_nothing():
    """What a mail server said cannot become a header or a line of its own."""
    raw = mail_of(notice(words="550 no\r\nBcc: x@evil.example\r\n\r\n<b>https://evil.example</b>"))
    read = email.message_from_bytes(raw, policy=policy.default)

    assert read["Bcc"] is None
    assert not any(line.startswith("Bcc") for line in read.get_content().splitlines())


def test_only_mail_paths():
    """A notice for a webhook is no mail."""
    with pytest.raises(ValueError, match="mail"):
        mail_of(notice(path="webhook:kontor"))
