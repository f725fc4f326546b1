"""The judge itself, on made-up facts: each kind of harm must be seen, and what is no harm must not."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.processes.gather import mail_of, mails
from tests.processes.ledger import First, passed_over
from tests.processes.oracle import EMPTY, Facts, Mail, Posted, Row, judge
from tests.processes.post import Post

ONE, TWO = "10000001/a", "10000002/b"
FACTS = Facts(
    posted={ONE: Posted(ONE, "10000001", ("d1", "d2", EMPTY)), TWO: Posted(TWO, "10000002", ("d3", EMPTY))},
    mails=(
        Mail("post@firma1.example", ("text", "d1", "d2", EMPTY), 5.0, "w1", ONE, "10000001"),
        Mail("post@firma2.example", ("text", "d3", EMPTY), 6.0, "w2", TWO, "10000002"),
    ),
    removed={ONE: 5.5, TWO: None},
    owners={"post@firma1.example": "10000001", "lager@firma1.example": "10000001", "post@firma2.example": "10000002"},
    rows={ONE: Row("ACKNOWLEDGED", 0), TWO: Row("ACKNOWLEDGED", 0)},
)
FIRST, SECOND = FACTS.mails


def also(*more: Mail) -> Facts:
    return replace(FACTS, mails=(*FACTS.mails, *more))


def instead(mail: Mail) -> Facts:
    return replace(FACTS, mails=(mail, SECOND))


def test_no_harm_is_seen_where_there_is_none() -> None:
    """Every letter lies whole in its company's Maildir, and left upstream afterwards."""
    assert judge(FACTS).ok
    assert judge(FACTS).problems == []


HARMS: dict[str, tuple[Facts, str]] = {
    "it lies in no Maildir": (replace(FACTS, mails=(SECOND,)), "lost"),
    "it left upstream before any server had it": (replace(FACTS, removed={ONE: 4.9, TWO: None}), "premature"),
    "it left upstream, and only another company has it": (instead(replace(FIRST, to=SECOND.to)), "premature"),
    "it lies in another company's Maildir": (also(replace(FIRST, to=SECOND.to)), "misdelivered"),
    "it lies at an address that nobody has": (also(replace(FIRST, to="x@elsewhere.example")), "misdelivered"),
    "its label names another company": (instead(replace(FIRST, cvr="10000002")), "misdelivered"),
    "its label names another company's letter": (instead(replace(FIRST, key=TWO)), "misdelivered"),
    "a mail is of a letter that nobody posted": (also(Mail(FIRST.to, ("x",), 1.0, "w", "10000001/z")), "misdelivered"),
    "a document is missing": (instead(replace(FIRST, parts=("text", "d1", EMPTY))), "torn"),
    "the empty document is missing": (instead(replace(FIRST, parts=("text", "d1", "d2"))), "torn"),
    "a copy that nothing explains": (also(FIRST), "copies"),
    "a copy that its own letter does not explain": (
        replace(also(FIRST), rows={ONE: Row("ACKNOWLEDGED", 0), TWO: Row("ACKNOWLEDGED", 1)}), "unexplained",
    ),
    "a copy that differs": (
        replace(also(replace(FIRST, wire="w9")), rows=FACTS.rows | {ONE: Row("ACKNOWLEDGED", 1)}), "altered",
    ),
    "it still lies upstream": (replace(FACTS, removed={TWO: None}), "unsettled"),
    "the ledger still waits": (replace(FACTS, rows=FACTS.rows | {ONE: Row("WAITING", 0)}), "unsettled"),
    "the ledger has never heard of it": (replace(FACTS, rows={TWO: FACTS.rows[TWO]}), "unsettled"),
    "it was passed over": (replace(FACTS, orders=1), "orders"),
    "it came without TLS": (replace(FACTS, plain=1), "plain"),
    "a part is missing": (instead(replace(FIRST, part=(1, 2))), "lost"),
    "it left upstream after its first part only": (
        replace(
            FACTS, removed={ONE: 5.5, TWO: None}, mails=(
                replace(FIRST, parts=("d1",), part=(1, 2)),
                replace(FIRST, parts=("d2", EMPTY), part=(2, 2), taken_at=5.6), SECOND,
            ),
        ), "premature",
    ),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_each_harm_is_seen(harm: str) -> None:
    """A planted false Maildir, removal or row makes the run red, by the right count."""
    facts, count = HARMS[harm]
    verdict = judge(facts)

    assert getattr(verdict, count) > 0, verdict
    assert not verdict.ok


def test_a_copy_after_an_uncertain_end_is_no_harm() -> None:
    """An identical copy for each uncertain end of that letter is what was promised; it is counted."""
    verdict = judge(replace(also(FIRST), rows=FACTS.rows | {ONE: Row("ACKNOWLEDGED", 1)}))
    assert (verdict.ok, verdict.copies, verdict.uncertain) == (True, 1, 1)


def halves(**where: str) -> tuple[Mail, Mail]:
    """The letter in two mails."""
    first, second = replace(FIRST, parts=("d1",), part=(1, 2)), replace(FIRST, parts=("d2", EMPTY), part=(2, 2))
    return replace(first, **where), replace(second, **where)


def test_parts_make_a_whole() -> None:
    """A letter in two mails is whole once both are there, and neither of them is a copy."""
    verdict = judge(replace(FACTS, mails=(*halves(), SECOND)))
    assert (verdict.ok, verdict.copies) == (True, 0)


def test_half_a_letter_at_an_address_that_it_was_led_away_from_is_no_copy() -> None:
    """The other address gets all of it; what the first one has of it, it has once."""
    first, _ = halves(to="lager@firma1.example")
    verdict = judge(replace(FACTS, mails=(first, *halves(), SECOND)))
    assert (verdict.ok, verdict.copies) == (True, 0)


def test_half_a_letter_that_comes_again_after_the_way_back_is_a_copy() -> None:
    """Led away and back, the first address has its first part twice, and nothing was uncertain."""
    first, second = halves()
    elsewhere, _ = halves(to="lager@firma1.example")
    verdict = judge(replace(FACTS, mails=(first, elsewhere, first, second, SECOND)))
    assert (verdict.ok, verdict.copies, verdict.unexplained) == (False, 1, 1)


def test_two_addresses_with_all_of_it_are_a_copy() -> None:
    """The last part's end was uncertain, and then the way changed: one letter more, however many mails that are."""
    verdict = judge(replace(FACTS, mails=(*halves(), *halves(to="lager@firma1.example"), SECOND)))
    assert (verdict.ok, verdict.copies) == (False, 1)


def test_halves_at_two_addresses_are_no_letter() -> None:
    """Nobody has it whole."""
    first, second = halves()
    verdict = judge(replace(FACTS, mails=(first, replace(second, to="lager@firma1.example"), SECOND)))
    assert (verdict.lost, verdict.ok) == (1, False)


def test_one_that_was_divided_after_it_had_come_whole_is_a_copy() -> None:
    """What came in one piece and then again in two is one letter and more, and needs an uncertain end."""
    assert judge(also(*halves())).copies == 1


@pytest.mark.parametrize(("others", "found"), [(8, 0), (9, 1)])
def test_passed_over_is_told_from_a_close_finish(others: int, found: int) -> None:
    """As many as there are seats may be quicker; one more has been let past."""
    slow = First(1, ("2026-11-22T07:00:00", ""), collected=1, claimed=100)
    quick = [First(n, ("2026-11-22T07:00:01", ""), collected=2, claimed=n) for n in range(10, 10 + others)]
    assert passed_over([slow, *quick]) == found


RAW = b"""Return-Path: <b@nemboks.example>
Received: from localhost by mail.bakery.example (Postfix)
\twith ESMTPS id 4jXLPp18lZzSXJ for <post@firma1.example>; Sun, 22 Nov 2026 07:32:30 +0000 (UTC)
Nemboks-Letter: A
Nemboks-Cvr: 10000001
Content-Type: text/plain

hej
"""


def test_a_mail_is_known_by_what_we_sent() -> None:
    """What the servers put on top is no difference between copies; Postfix' own moment is when it had the mail."""
    mail = mail_of("post@firma1.example", RAW, {"4jXLPp18lZzSXJ": 7.0}, 9.0)
    again = mail_of("post@firma1.example", RAW.replace(b"4jXLPp18lZzSXJ", b"4jXLPp18lZzSXK"), {}, 9.0)

    assert (mail.key, mail.cvr, mail.taken_at, again.taken_at) == (ONE, "10000001", 7.0, 9.0)
    assert mail.wire == again.wire


def test_only_what_has_arrived_is_read(tmp_path: Path) -> None:
    """A file that is still being written, in tmp, is no mail; it came when its name says."""
    for part in ("tmp", "new", "cur"):
        (tmp_path / "post@firma1.example" / part).mkdir(parents=True)
    (tmp_path / "post@firma1.example/tmp/1.M1P1.x").write_bytes(RAW)
    (tmp_path / "post@firma1.example/new/1795332778.M250000P7.x,S=1").write_bytes(RAW)
    (mail,) = mails(tmp_path, {})
    assert (mail.to, mail.taken_at) == ("post@firma1.example", 1795332778.25)


def test_an_expunge_is_heard(tmp_path: Path) -> None:
    """The log of the Dovecot upstream tells which letter left when, and under which UID."""
    post = Post("http://127.0.0.1/", tmp_path, (0, 0), 1)
    post.hear(3.0, "Nov 22 imap(90000000)<7><x>: Info: expunge: box=INBOX, uid=4, msgid=<1.2@myndighed.example>")
    post.close()
    assert post.expunged == {"1.2@myndighed.example": 3.0}
    assert post.expunged_name("90000000", "4") == "1.2@myndighed.example"
