"""Scene 7: Bo keeps the books for three hundred companies, and imports them; three lines of his table are bad."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FIRM, BO, PRIVATE = "Revision Syd", "bo@revisionsyd.example", "bo@privat.example"
MANY = 300
SETTINGS = {
    # Three hundred companies on the demo's waits would be a thousand calls a second.
    "pace": "poll_seconds = 4\nconsent_seconds = 6\nreconcile_seconds = 600",
    "plans__Storkunde": 'cvrs = 0\nfeatures = ["copies", "digest", "import"]',
    "plans__Basis": "cvrs = 1",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Town]:
    """Bo's own mail server, with his mailbox full."""
    folder = tmp_path / "office"
    folder.mkdir()
    with Town(folder) as running:
        running.fault("smtp-rcpt-552")
        yield running


def test_an_accountant_imports_three_hundred_companies(town: Town, office: Town) -> None:
    """All or none; nothing is looked at before a company lets us in; his own full mailbox delays nobody's receipt."""
    mail = office.ready["mail"]
    own = f'host = "localhost"\nport = {mail["implicit_tls_port"]}\ntls = "implicit"\nca_file = "{mail["ca"]}"'
    town.settle(**SETTINGS, servers__office=f"{own}\ninternal = true")
    clients = town.companies(
        [{"face": "rest", "name": f"Klient {n:03} ApS", "consent": "awaited"} for n in range(MANY)]
    )
    rows = [[one["cvr"], f"Rødgrød {n:03} ApS", f"post@klient{n:03}.example"] for n, one in enumerate(clients)]
    cvrs = [row[0] for row in rows]
    addresses = {row[0]: [row[2]] for row in rows}
    words = ["--account", FIRM, "--server", "implicit"]

    town.nemboks("account", "add", FIRM, "--email", BO, "--owner", "bo", "--second-contact", PRIVATE, "--plan", "Basis")
    # His plan is too small, and says so; those who run Nemboks give him a larger one.
    good = table(town, "kunder.csv", rows)
    assert "Basis" in town.nemboks("cvr", "import", good, *words, person="bo", ends=4)["error"]
    town.nemboks("plan", "set", FIRM, "Storkunde")

    # Three lines are bad: a digit is missing, an address is none, a company is there twice. Nothing is imported.
    bad = [list(row) for row in rows]
    bad[16][0], bad[101][2], bad[250][0] = cvrs[16][:7], "post.klient101.example", cvrs[3]
    found = town.nemboks("cvr", "import", table(town, "fejl.csv", bad), *words, person="bo", ends=1)
    places = [(one["row"], one["column"], one["value"]) for one in found["faults"]]
    assert places == [(18, "cvr", cvrs[16][:7]), (103, "email", "post.klient101.example"), (252, "cvr", cvrs[3])]
    assert not found["imported"]
    assert town.nemboks("cvr", "list", person="bo")["items"] == []

    # He mends the three lines, looks what would be done, and does it.
    tried = town.nemboks("cvr", "import", good, *words, "--dry-run", person="bo")
    done = town.nemboks("cvr", "import", good, *words, person="bo")
    assert [(one["imported"], one["new"]) for one in (tried, done)] == [(False, MANY), (True, MANY)]

    for number, cvr in enumerate(cvrs[:10]):
        town.letter(cvr, number)
    with town.running():
        # Each is asked once to let us in. None is looked at before.
        town.until(lambda: len(town.all_mails()) >= MANY, 60)
        assert {one["to"] for one in town.all_mails()} == {row[2] for row in rows}
        assert not any(town.calls(cvr)["list"] for cvr in cvrs)

        # Ten let us in, one declines: that is seen by itself.
        for cvr in cvrs[:10]:
            town.change(cvr, consent="given")
        town.change(cvrs[20], consent="declined")
        town.until(lambda: all(town.mails(row[2], letters=True) for row in rows[:10]), 60)

        # For the first one he types the code that came there, and takes a copy to his own mailbox, which is full.
        town.nemboks("address", "prove", cvrs[0], "--send", person="bo")
        code = town.code(rows[0][2])
        town.nemboks("address", "prove", cvrs[0], "--code-file", "-", person="bo", typed=code)
        town.nemboks("route", "copy", "add", cvrs[0], BO, "--server", "office", person="bo")
        town.letter(cvrs[0], 100)
        town.until(lambda: town.state(cvrs[0]) == ["ACKNOWLEDGED"] * 2)
        assert not office.mails(BO)

        # The board: the one who declined is worst, those who let us in come behind those we wait for.
        board = town.nemboks("cvr", "board", person="bo")
        assert (board["counts"]["yellow"], board["counts"]["green"]) == (MANY - 1, 1)
        lines = [(one["cvr"], one["reasons"][0]) for one in board["items"][:-1]]
        assert lines[0] == (cvrs[20], "consent_declined")
        assert [why for _, why in lines[1:]] == ["consent_awaited"] * 289 + ["unproven"] * 9
        assert board["items"][-1]["cvr"] == cvrs[0]

        # His own mail of the morning, asked for now: problems on the first line, at most forty lines for them all.
        town.nemboks("digest", "send", "--account", FIRM, person="bo")
        town.until(lambda: town.mails(BO))
        (digest,) = town.mails(BO)
        first, *others = digest.get_content().splitlines()
        assert first.endswith("299 CVR-numre: 1 med afvist fuldmagt, 289 uden fuldmagt, 9 uden bekræftet adresse.")
        assert len(others) < 40
        assert sum(one.endswith(": 1 brev, 1 leveret") for one in others) == 8  # those with a problem come first

        # He makes room, and has his copy; the client's letter had left Digital Post long before.
        office.heal()
        town.until(lambda: office.mails(BO, letters=True))

    # The same table again changes nothing; one that he changed shows the difference.
    head = town.nemboks("audit", "head")["head"]
    again = town.nemboks("cvr", "import", good, *words, person="bo")
    assert (again["new"], again["changed"], again["same"]) == (0, 0, MANY)
    assert town.nemboks("audit", "head")["head"] == head
    rows[5][1] = "Hyben ApS"
    differs = town.nemboks("cvr", "import", table(town, "nyt.csv", rows), *words, "--dry-run", person="bo")
    assert (differs["changed"], differs["same"]) == (1, MANY - 1)

    # Those who have not let us in were never looked at; and all was kept.
    assert not any(town.calls(cvr)["list"] or town.calls(cvr)["fetch"] for cvr in cvrs[10:])
    kept(town, addresses)


def table(town: Town, name: str, rows: list[list[str]]) -> str:
    """A file as a Danish spreadsheet writes it: semicolons, Windows-1252."""
    file = town.folder / name
    lines = [["cvr", "navn", "email"], *rows]
    file.write_bytes("".join(";".join(row) + "\r\n" for row in lines).encode("cp1252"))
    return str(file)
