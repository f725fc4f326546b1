"""`nemboks init` and the example settings."""

import json
import re
import stat
from collections import defaultdict

from click.testing import CliRunner

from nemboks.cli.example import example
from nemboks.cli.main import program
from nemboks.settings import DeclaredMailbox, Landing, OAuth, Returns, Server, Settings, SoldPlan, Webhook, load
from nemboks.settings.group import Group


def _init(file, *arguments, input=None):
    return CliRunner().invoke(program, ["init", "--config", str(file), *arguments], input=input)


def _switched_on(text: str) -> str:
    return re.sub(r"(?m)^#(?=\S)", "", text)


def test_init_makes_all_that_a_start_needs(tmp_path) -> None:
    """Settings, directory, key and database, each for its owner only; the settings are production's and load."""
    file = tmp_path / "etc" / "nemboks.toml"

    done = _init(file, "--no-input", "--sender", "post@firma.dk")

    assert done.exit_code == 0, done.output
    settings = load(file, environ={})
    assert (settings.environment, settings.sender.address) == ("production", "post@firma.dk")
    assert settings.database.exists() and settings.master_key_file.exists()
    for path in (file, settings.master_key_file, settings.database, settings.state_dir):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert "nemboks config check" in done.stdout and "nemboks run" in done.stdout


def test_init_asks(tmp_path) -> None:
    """At a terminal the directory and the sender are asked for, with a default for the first."""
    done = _init(tmp_path / "n.toml", input=f"{tmp_path}/her\npost@firma.dk\n")

    assert done.exit_code == 0, done.output
    assert load(tmp_path / "n.toml", environ={}).state_dir == tmp_path / "her"


def test_init_overwrites_nothing(tmp_path) -> None:
    """A second init leaves every byte as it was and says so."""
    file = tmp_path / "n.toml"
    _init(file, "--no-input")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    done = _init(file, "--no-input", "--sender", "other@firma.dk", "--json")

    assert [item["made"] for item in json.loads(done.stdout)["items"]] == [False] * 4
    assert {path: path.read_bytes() for path in before} == before


def test_init_makes_no_new_key_beside_an_old_database(tmp_path) -> None:
    """What was sealed with the lost key would be lost with it: the copy must be restored."""
    file = tmp_path / "n.toml"
    _init(file, "--no-input")
    load(file, environ={}).master_key_file.unlink()

    done = _init(file, "--no-input")

    assert done.exit_code == 78
    assert "Restore your copy" in done.stderr
    assert not load(file, environ={}).master_key_file.exists()


def test_the_example_loads_as_it_is_and_with_everything_switched_on(tmp_path) -> None:
    """No line of the example is wrong, also those that a reader has still to switch on."""
    file = tmp_path / "n.toml"
    for text in (example(), _switched_on(example())):
        file.write_text(text)
        settings = load(file, environ={})
        assert settings.environment == "production"
    assert [box.inbox for box in settings.mailboxes] == ["rest", "imap"] and set(settings.servers) == {"own", "udbyder"}
    assert settings.pace == Settings.model_fields["pace"].default


GROUPS = {
    "servers.own": Server, "servers.udbyder.oauth": OAuth, "returns": Returns, "landings.post": Landing,
    "webhooks.drift": Webhook, "plans.Basis": SoldPlan, "mailboxes": DeclaredMailbox,
    **{name: type(field.default) for name, field in Settings.model_fields.items() if isinstance(field.default, Group)},
}  # fmt: skip


def test_the_example_names_every_setting() -> None:
    """Each setting stands in its own group's part of the example; a secret stands there as its file."""
    text = example()
    parts = defaultdict[str, str](str)
    for name, lines in re.findall(r"(?m)^#?\[+([\w.]+)\]+\n((?:.+\n)*)", text):
        parts[name] += lines
    for name, group in GROUPS.items():
        shown = set(re.findall(r"(?m)^#?(\w+) = ", parts[name]))
        kept_apart = {field for field in group.model_fields if f"{field}_file" in group.model_fields} | {"oauth"}
        assert set(group.model_fields) - kept_apart == shown, name
    assert not re.search(r"(?m)^#?(password|api_token) = ", text)
