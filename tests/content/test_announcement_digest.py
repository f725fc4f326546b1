"""The morning's digest: problems on line 1, worst first, at most 40 lines however many clients (UX U26)."""

import pytest

from nemboks.content.announcement_digest import TROUBLES
from nemboks.content.announcement_texts import announcement_text
from nemboks.domain.announcements import Kind
from tests.content.announced import announcement

KINDS = list(TROUBLES["da"])


def problem(number: int, kind: str = "late", **more) -> dict:
    return {"cvr": f"{20_000_000 + number}", "company": f"Firma {number}", "kind": kind, "number": 2, **more}


def client(number: int, letters: int = 0, waiting: int = 0, *deadlines: str) -> dict:
    return {
        "cvr": f"{20_000_000 + number}", "company": f"Firma {number}", "letters": letters,
        "delivered": letters - waiting, "waiting": waiting,
        "deadlines": [{"date": day, "authority": "Skattestyrelsen"} for day in deadlines],
    }  # fmt: skip


def digest(problems=(), clients=(), language: str = "da", **more) -> tuple[str, list[str]]:
    facts = {"day": "2026-11-21", "account": "Revision Syd", "problems": [*problems], "clients": [*clients], **more}
    subject, text = announcement_text(announcement(Kind.DIGEST, language, facts=facts))
    return subject, text.splitlines()


def test_problems_on_the_first_line():
    """How many CVRs have which problems stands first and in the subject."""
    subject, lines = digest([problem(1), problem(2), problem(2, "held"), problem(3, "no_consent")], [client(1)])

    assert "Problemer 21-11-2026 hos 3 CVR-numre: 1 holdt tilbage, 2 forsinket, 1 uden fuldmagt." == lines[0]
    assert f"Nemboks: {lines[0]}".startswith(subject)
    assert "Problems 21-11-2026 at 1 CVR: 1 late." == digest([problem(1)], language="en")[1][0]


def test_worst_first():
    """Problems are ordered by how bad they are, and equal ones by age."""
    young, old = "2026-11-20T10:00:00Z", "2026-11-18T10:00:00Z"
    _, lines = digest([
        problem(1, "unproven"), problem(2, "late", oldest_at=young), problem(3, "late", oldest_at=old),
        problem(4, "held"), problem(5, "nobody_knows"), problem(6, "late"),
    ])  # fmt: skip

    assert ["Firma 4", "Firma 3", "Firma 2", "Firma 6", "Firma 1", "Firma 5"] == [line[2:9] for line in lines[2:8]]
    assert "- Firma 3 (CVR 20 00 00 03): 2 breve forsinket, siden 18-11-2026 kl. 11.00" == lines[3]
    assert "- Firma 5 (CVR 20 00 00 05): nobody_knows" == lines[7]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("troubles", [0, 1, 9, 500])
@pytest.mark.parametrize("clients", [0, 1, 9, 5_000])
def test_never_over_forty_lines(language, troubles, clients):
    """However many clients, problems and deadlines there are, the digest is at most 40 lines."""
    ill = [problem(number, KINDS[number % len(KINDS)], oldest_at="2026-11-20T10:00:00Z") for number in range(troubles)]
    busy = [client(number, 9, number % 3, "2026-12-03", "2026-12-04") for number in range(clients)]
    subject, lines = digest(ill, busy, language)

    assert len(lines) <= 40
    assert not any("{" in line or "None" in line for line in lines)
    assert len(subject) < 250


def test_the_rest_are_counted():
    """Those with post are named, the busiest first; the others are a number."""
    _, lines = digest([problem(1)], [client(1), client(2, 3, 1), client(3, 7), *map(client, range(4, 214))])

    assert ["Post:", "- Firma 2 (CVR 20 00 00 02): 3 breve, 2 leveret, 1 venter"] == lines[4:6]
    assert ["- Firma 3 (CVR 20 00 00 03): 7 breve, 7 leveret", "og 210 andre uden problemer."] == lines[6:8]
    assert "og én anden uden problemer." in digest([], [client(1, 1), client(2)])[1]
    assert "and one other without problems." in digest([], [client(1, 1), client(2)], "en")[1]


def test_those_with_problems_come_first():
    """Of many clients with post, the ones that have a problem are among those that are named."""
    _, lines = digest([problem(99)], [*(client(number, 9, 9) for number in range(20)), client(99, 1)])

    assert "- Firma 99 (CVR 20 00 00 99): 1 brev, 1 leveret" == lines[lines.index("Post:") + 1]


def test_the_nearest_deadlines():
    """Deadlines of all clients are told by day."""
    _, lines = digest(
        [], [client(1, 1, 0, "2026-12-03", "2027-01-02"), client(2, 1, 0, "2026-11-30T23:30:00Z", "soon")]
    )
    at = lines.index("Frister:")

    assert [
        "- 01-12-2026: Skattestyrelsen, Firma 2 (CVR 20 00 00 02)",
        "- 03-12-2026: Skattestyrelsen, Firma 1 (CVR 20 00 00 01)",
        "- 02-01-2027: Skattestyrelsen, Firma 1 (CVR 20 00 00 01)",
    ] == lines[at + 1 : at + 4]
    assert "" == lines[at + 4]


def test_a_day_without_problems():
    """That all is well is said on the first line, with the day's letters."""
    assert (
        "Ingen problemer 21-11-2026: 10 breve, 9 leveret, 1 venter."
        == digest([], [client(1, 7, 1), client(2, 3)])[1][0]
    )
    assert "No problems 21-11-2026: no letters." == digest(language="en")[1][0]
