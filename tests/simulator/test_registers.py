"""Letters that carry the numbers which routing rules go by: put in, fetched as a recipient system would, read again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.content.memos import read

P, SE, KLE = "1003388394", "12345678", "27.18.00"


def deposited(world, **facts):
    """The bytes of a letter with these facts, as a recipient system gets them."""
    letter = world.post(world.cvr(), **facts)
    return world.control.get(f"letters/{letter['id']}/content").content


@pytest.mark.parametrize("index", [0, 1, 2, 3, 5, 14], ids=lambda index: f"letter{index}")
def test_the_numbers_that_rules_go_by_are_read_again(world, index):
    """P-number with the recipient or with the contents, SE-number and KLE, in any prefix, and the case as ever."""
    found = read(deposited(world, index=index, p_number=P, se_number=SE, kle=KLE))

    assert (P, SE, KLE) == (found.p_number, found.se_number, found.kle)
    assert found.case_id.startswith("SAG-")


def test_each_number_stands_alone(world):
    """A letter has only those that were asked for."""
    for facts in ({"p_number": P}, {"se_number": SE}, {"kle": KLE}, {}):
        found = read(deposited(world, **facts))
        assert facts == {name: said for name in ("p_number", "se_number", "kle") if (said := getattr(found, name))}


def test_a_number_that_cannot_be_put_in_is_refused(world):
    """One of the wrong kind, and any for an IMAP mailbox, whose letters are no MeMos."""
    for cvr, facts in ((world.cvr(), {"p_number": 7}), (world.cvr("imap"), {"kle": KLE})):
        answer = world.control.post("letters", json={"cvr": cvr, "seed": 4711, **facts})
        assert answer.status_code == 400 and answer.json()["message"]


def test_the_command_puts_a_letter_in(world, tmp_path):
    """What `curl` can do a tester can do by name, and is told what went wrong."""
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(world.ready))
    command = [sys.executable, "-m", "nemboks.simulator.app", "letter"]
    words = ["--ready-file", str(ready), "--seed", "4712", "--se-number", SE]

    done = subprocess.run(
        [*command, world.cvr(), *words], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    wrong = subprocess.run(
        [*command, "00000000", *words], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )

    assert (done.returncode, wrong.returncode) == (0, 1)
    assert done.stdout.startswith(f"{world.cvr()}  letter ") and "registered" in wrong.stderr
