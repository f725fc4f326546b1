"""What people read when a mailbox cannot be looked into, and when our certificate ends."""

from datetime import timedelta

import pytest

from nemboks.content.notice_texts import About, notice_text
from nemboks.domain.incidents import Cause, Notice, NoticeKind
from tests.content.test_notice_texts import PATHS, notice
from tests.helpers import builders as make
from tests.helpers.clock import START

STOPPED, STILL, SOLVED = NoticeKind.STOPPED, NoticeKind.STILL, NoticeKind.SOLVED


def lines_of(one: Notice, *cvrs: str) -> list[str]:
    return notice_text(one, About(cvrs))[1].splitlines()


def unlisted(**changes) -> Notice:
    return notice(Cause.UNLISTED, **{"mailboxes": (1,), "count": 0, "letters": (), "words": "503", **changes})


def test_a_company_reads_where_its_post_is():
    """That it lies in Digital Post and can be read there, since when, and what to do; in Danish first."""
    subject, _ = notice_text(unlisted(), About((make.ANNA,)))
    lines = lines_of(unlisted(), make.ANNA)

    assert subject == "Nemboks: Stoppet: Vi kan ikke se efter ny post i Digital Post for 1 virksomhed"
    assert "CVR: 13 74 81 36" in lines
    assert "Siden: 21-11-2026" in "\n".join(lines)
    assert "Jeres post er ikke væk. Den ligger i Digital Post. Der kan den læses imens." in lines
    assert any(line.startswith("Næste skridt: Læs posten i Digital Post") and "syv dage" in line for line in lines)


def test_many_companies_are_one_number():
    """The operator reads how many, and the first of them."""
    one = unlisted(mailboxes=tuple(range(1, 301)))
    lines = lines_of(one, *[make.ANNA] * 300)

    assert "for 300 virksomheder." in lines[0]
    assert any("og 295 flere" in line for line in lines)
    assert "for 300 companies." in lines_of(unlisted(mailboxes=one.mailboxes, path=PATHS["en"]))[0]


def test_solved():
    """How many are open again."""
    lines = lines_of(unlisted(kind=SOLVED))
    assert lines[0] == "Løst: Vi kan se efter ny post i Digital Post igen for 1 virksomhed."


def ending(days: float, kind: NoticeKind = STOPPED, language: str = "da") -> Notice:
    since = START + timedelta(days=days)
    return notice(Cause.OUR_CERTIFICATE, kind, since=since, mailboxes=(0,), count=0, words="", path=PATHS[language])


@pytest.mark.parametrize(
    ("days", "kind", "first"),
    [
        (60, STOPPED, "Vores certifikat til Digital Post udløber om 60 dage."),
        (15, STILL, "Vores certifikat til Digital Post udløber om 15 dage."),
        (14, STILL, "Haster: Vores certifikat til Digital Post udløber om 14 dage."),
        (1.5, STILL, "Haster: Vores certifikat til Digital Post udløber om 1 dag."),
        (0.5, STOPPED, "Haster: Vores certifikat til Digital Post udløber om mindre end et døgn."),
        (-0.1, STILL, "Stadig ikke løst: Vores certifikat til Digital Post er udløbet: der hentes ingen post."),
        (-9, SOLVED, "Løst: Vores certifikat til Digital Post er fornyet."),
        (9, SOLVED, "Løst: Vores certifikat til Digital Post er fornyet."),
    ],
)
def test_a_certificate_that_ends_is_told_louder_and_louder(days, kind, first):
    """How long is left stands on the first line, so that it is in the subject too."""
    assert lines_of(ending(days, kind))[0] == first
    assert notice_text(ending(days, kind), About())[0] == "Nemboks: " + first.rstrip(".")


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (30, "Our certificate for Digital Post ends in 30 days."),
        (1, "Urgent: Our certificate for Digital Post ends in 1 day."),
        (0, "Urgent: Our certificate for Digital Post ends in less than a day."),
        (-1, "Still not solved: Our certificate for Digital Post has ended: no post is fetched."),
    ],
)
def test_the_same_in_english(days, first):
    """The operator's path is Danish; a webhook or a later setting may say otherwise."""
    assert lines_of(ending(days, STILL, "en"))[0] == first


def test_the_day_it_ends_is_named():
    """As what it is: nothing has been wrong since then."""
    lines = lines_of(ending(30))
    assert any(line.startswith("Udløber: 21-12-2026") for line in lines)
    assert not any(line.startswith(("Siden", "Svaret lød", "CVR")) for line in lines)
    assert any(line.startswith("Siden: ") for line in lines_of(ending(30, SOLVED)))
