"""The commands on a ledger that lies on a PostgreSQL server."""

import asyncio
import subprocess
import sys

import pytest

from nemboks.cli.run import _serve
from nemboks.settings import SettingsError, load
from nemboks.wiring import open_documents, open_spool, services
from nemboks.workers.nudges import schema
from tests.helpers import builders as make
from tests.helpers.postgres import server

ADD = ("cvr", "add", str(make.ANNA), "--name", "Anna", "--inbox", "rest", "--system-id", "s", "--token-file")


@pytest.fixture
def place(empty):
    """A folder whose settings name an empty database; what else lies there is never opened."""
    url = server().fresh()
    (empty.folder / "nemboks.db").unlink()
    (empty.folder / "url").write_text(url + "\n")
    (empty.folder / "url").chmod(0o600)
    with empty.config.open("a") as file:
        file.write(f'[sender]\naddress = "post@firma.dk"\n[store]\nurl_file = "{empty.folder}/url"\n')
    yield empty
    server().drop(url)


@pytest.fixture
def made(place):
    """The same with the tables of a ledger."""
    place.ask("init")
    return place


def test_a_server_is_used_as_a_file_is(place) -> None:
    """Made by init, checked, written and read; no file comes to be beside it."""
    made = place.ask("init")
    (place.folder / "token").write_text("secret")
    added = place.run(*ADD, str(place.folder / "token"), "--address", "post@bageri.example", "--server", "bageri")

    assert added.exit_code == 0, added.output
    assert ["the database of store.url"] == [x["path"] for x in made["items"] if x["what"] == "database"]
    assert [x["cvr"] for x in place.ask("cvr", "list")["items"]] == [make.ANNA]
    assert place.ask("audit", "verify")["ok"]
    assert not (place.folder / "nemboks.db").exists()


def test_init_on_a_new_server_makes_the_key_and_never_another_one(place) -> None:
    """The first machine starts from nothing but a database; once letters may be sealed there, a lost key is told."""
    key = load(place.config, environ={}).master_key_file
    key.unlink()
    made = {item["what"]: item["made"] for item in place.ask("init")["items"]}
    assert (made["key"], made["database"]) == (True, True)

    key.unlink()
    again = place.run("init")
    assert (again.exit_code, key.exists()) == (78, False)
    assert "Restore your copy" in again.output


def test_config_check_says_what_a_failover_may_lose(made) -> None:
    """Without a synchronous standby a new route may be forgotten: a warning, no fault (RELIABILITY D05)."""
    told = made.ask("config", "check")

    (warning,) = told["warnings"]
    assert (told["ok"], warning["setting"]) == (True, "store.url")
    assert "synchronous_standby_names" in warning["words"]


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("postgresql://anna:hemmelig@127.0.0.1:1/nemboks", 75, "cannot be reached"),
        ("postgresql://x:hemmelig@[::1/nemboks", 1, "no URL"),
        ("mysql://x:hemmelig@127.0.0.1/nemboks", 78, "must begin with postgresql://"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_without_its_password(place, url, code, words) -> None:
    """What is wrong, and never the URL."""
    (place.folder / "url").write_text(url)
    done, checked = place.run("cvr", "list"), place.ask("config", "check", code=78)

    assert (done.exit_code, "hemmelig" in done.output) == (code, False)
    assert words in done.output
    assert [x["setting"] for x in checked["items"]] == ["store.url"]
    assert checked["warnings"] == []


@pytest.mark.parametrize(
    "lines", ['url = "mysql://x/y"', 'url = "postgresql://x/y"\nurl_file = "/x"', 'url = "postgresql://x/y"\nport = 1']
)
def test_settings_that_make_no_sense_are_refused(tmp_path, lines) -> None:
    """Another kind of server, both forms at once, a misspelt key."""
    file = tmp_path / "n.toml"
    file.write_text(f"[store]\n{lines}\n")

    with pytest.raises(SettingsError, match="store"):
        load(file, {})


async def test_two_daemons_work_on_one_server(made) -> None:
    """Each has the other's letters; spool and documents are the server's, and nobody is alone."""
    settings = load(made.config, {})
    async with services(settings, shared=True) as one, services(settings, shared=True) as other:
        assert not one.store.sole and one.world.clock is one.store.clock
        async with one.spool.seal(1) as sealing:
            await sealing.write(b"brev")
            sealed = await sealing.finish(durable=True)
        assert b"".join([piece async for piece in other.spool.open(1, sealed)]) == b"brev"
        assert b"".join([piece async for piece in open_spool(settings).open(1, sealed)]) == b"brev"
        await open_documents(settings).destroy(sealed)
        assert await other.sweep_spool() == 0


async def test_a_daemon_without_a_role_is_alone(made) -> None:
    """A second one, a drain and a worker are told what to do; nothing starts beside the first."""
    settings = load(made.config, {})
    async with services(settings):
        for command in (("run",), ("run", "--role", "worker"), ("drain",)):
            done = await asyncio.to_thread(made.run, *command)
            assert (done.exit_code, "Stop that one first" in done.output) == (75, True)
    async with services(settings, shared=True):
        done = await asyncio.to_thread(made.run, "run")
        assert (done.exit_code, "--role worker" in done.output) == (75, True)


async def test_two_workers_that_start_at_once_after_an_upgrade_both_work(made, monkeypatch) -> None:
    """The engine has one step more than its tables: one of them makes it, and neither ends."""
    settings, (whole, steps) = load(made.config, {}), schema()

    async def start(number: int, last: tuple[tuple[str, str], ...]) -> list[bool]:
        both = asyncio.Barrier(number)
        monkeypatch.setattr("nemboks.workers.nudges.schema", lambda: (whole, [*steps[:-1], *last]))
        monkeypatch.setattr("nemboks.workers.worker.Worker.run", lambda *_: both.wait())
        async with asyncio.timeout(30):
            return await asyncio.gather(*(_serve(settings, "worker") for _ in range(number)))

    assert [False] == await start(1, ())
    assert [False, False] == await start(2, (("the next one", "SELECT 1"),))


def test_a_role_is_for_a_shared_ledger(empty) -> None:
    """A file has one daemon: there is nothing to share."""
    done = empty.run("run", "--role", "worker")

    assert (done.exit_code, "set store.url" in done.output) == (78, True)


def test_a_ledger_in_a_file_never_imports_the_driver(empty) -> None:
    """A single process pays nothing for the other kind of store, nor for the engine of several workers."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom nemboks.settings import load\nimport nemboks.cli.run\n"
        "import nemboks.daemon.run\n"
        "from nemboks.wiring import open_store\n"
        f"open_store(load(Path({str(empty.config)!r}), {{}}), threaded=True)\n"
        "print([x for x in sys.modules if x.startswith(('psycopg', 'procrastinate'))])\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
