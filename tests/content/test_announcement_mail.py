"""An announcement as a mail: read by the standard library, the same bytes at every try."""

import email
import re
from dataclasses import replace
from email import policy

import pytest

from nemboks.content.announcement_mail import compose_announcement
from nemboks.content.announcement_texts import announcement_text
from nemboks.domain.announcements import CODED, Announcement, Kind
from nemboks.domain.mailbox import Address
from nemboks.ports import Worded
from tests.content.announced import CODE, announcement, every

SENDER = Address("post@nemboks.example")


def mail_of(one: Announcement) -> bytes:
    return compose_announcement(Worded(one, *announcement_text(one, CODE)), SENDER)


def read(raw: bytes):
    return email.message_from_bytes(raw, policy=policy.default)


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_kind_is_a_whole_mail(language):
    """Each reads back whole, says that it is automatic, and is no letter; one with a code is important."""
    for one in every(language):
        raw = mail_of(one)
        mail = read(raw)

        assert not mail.defects
        assert ("Nemboks <post@nemboks.example>", "bo@bogholder.example") == (str(mail["From"]), str(mail["To"]))
        assert ("auto-generated", language) == (mail["Auto-Submitted"], mail["Content-Language"])
        assert announcement_text(one, CODE)[1] == mail.get_content().replace("\r\n", "\n")
        assert announcement_text(one, CODE)[0][:100] == str(mail["Subject"])[:100]
        assert (one.kind in CODED) is (mail["Importance"] == "high")
        assert mail["List-Id"] is None
        assert re.fullmatch(rb"(?:[ -~]{1,998}\r\n|\r\n)+", raw)


def test_the_same_announcement_is_the_same_mail():
    """Another try sends the same bytes; another announcement has another Message-ID."""
    one = announcement(Kind.ADDRESS_ASKED)

    assert mail_of(one) == mail_of(replace(one, failures=3, receipt="451 later", due_at=None))
    assert read(mail_of(one))["Message-ID"] != read(mail_of(replace(one, key="another")))["Message-ID"]


def test_one_matter_is_one_thread():
    """All about one change are one thread, all about one case another, at each path its own."""

    def thread(kind: Kind, **more) -> str:
        return read(mail_of(announcement(kind, **more)))["References"]

    changes = [Kind.ADDRESS_CODE, Kind.ADDRESS_ASKED, Kind.ADDRESS_CHANGED, Kind.ADDRESS_REMINDER]
    cases = [Kind.ESTATE_CODE, Kind.ESTATE_IN_EFFECT, Kind.ESTATE_ENDED]

    assert 1 == len({thread(kind) for kind in changes})
    assert 1 == len({thread(kind) for kind in cases})
    assert thread(Kind.ADDRESS_CODE) != thread(Kind.ADDRESS_CODE, change=13)
    assert thread(Kind.PLAN_CANCELLED) == thread(Kind.PLAN_ENDED)
    assert 5 == len({thread(kind) for kind in (*changes[:1], *cases[:1], Kind.PLAN_ENDED, Kind.DIGEST, Kind.UNROUTED)})


def test_only_mail_paths():
    """An announcement for a webhook is no mail."""
    with pytest.raises(ValueError, match="mail"):
        mail_of(replace(announcement(Kind.DIGEST), path="webhook:kontor"))


def test_a_code_is_not_shown_by_accident():
    """What holds the words of a code does not print them."""
    one = announcement(Kind.ADDRESS_CODE)

    assert "1234" not in repr(Worded(one, *announcement_text(one, CODE)))
