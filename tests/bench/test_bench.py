"""Our own benchmark works: every scenario once in its small size, for its verdict alone. Nothing here is timed."""

import json

import pytest

from bench import __main__ as bench
from tests.helpers.peers import require_peer
from tests.helpers.postgres import server


def small(tmp_path, *words):
    """The exit code and the report of one small round."""
    file = tmp_path / "report.json"
    code = bench.main([*words, "--small", "--rounds", "1", "--json", str(file)])
    return code, json.loads(file.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["start", "rest", "growth", "idle", "outage"])
def test_a_scenario_without_neighbours_ends_well(name, tmp_path, capsys):
    """A scenario that needs no peer brings `ok` for each of its contenders, and a table that names them."""
    code, report = small(tmp_path, name)
    shown = capsys.readouterr().out

    assert [one["verdict"] for one in report["runs"]] == ["ok"] * len(report["runs"])
    assert code == 0
    assert all(run["contender"] in shown for run in report["runs"])


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("name", ["imap", "poll"])
def test_a_scenario_with_a_real_upstream_ends_well(name, tmp_path):
    """From a real Dovecot: every letter once, at its own recipient, unchanged, none left; every look answered."""
    require_peer("dovecot")

    code, report = small(tmp_path, name, "--only", "nemboks")

    assert {run["verdict"] for run in report["runs"]} == {"ok"}
    assert code == 0


def test_what_is_not_installed_is_left_out_and_said(tmp_path, monkeypatch, capsys):
    """A machine without Dovecot gets no figures of that scenario, a sentence instead, and no failure."""
    monkeypatch.setattr("bench.processes.PATH", str(tmp_path))

    code, report = small(tmp_path, "imap")

    assert report["skipped"] == {"imap": "dovecot is not installed"}
    assert report["runs"] == []
    assert code == 0
    assert "Left out: imap (dovecot is not installed)" in capsys.readouterr().out


def test_every_scenario_has_a_place():
    """Each name in the list is run by the module beside it, and each aim is of a scenario in the list."""
    modules = {name: pytest.importorskip(module) for name, (_, module) in bench.SCENARIOS.items()}

    assert all(callable(module.measure) for module in modules.values())
    assert {aim.scenario for aim in bench.summary.AIMS} <= set(bench.SCENARIOS)


@pytest.mark.slow
@pytest.mark.peer
def test_the_ledger_on_a_server_ends_well(tmp_path):
    """The same moves on PostgreSQL, in databases that are gone afterwards."""
    url = server().url("postgres")
    names = "SELECT datname FROM pg_database WHERE datname LIKE 'nemboks_bench%'"

    code, report = small(tmp_path, "growth", "--url", url)

    assert {run["verdict"] for run in report["runs"]} == {"ok"}
    assert code == 0
    assert server().run(names) == []
