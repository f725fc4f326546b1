"""The run: a company by each door, letters full of canaries, every command that tells something; then all of it read.

The daemon is the installed program as a process; the state folder holds nothing but what it and the commands wrote.
"""

import re
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from nemboks.cli.main import program
from tests.canary.birds import NUMBERS, WORDS, Canary, secrets_of
from tests.content.memos import File, Memo, action, case, entry
from tests.scenes.town import Town

POST, SECOND, OPERATOR = "kanarie.anna.bager@solsikken.example", "anna@privat.example", "drift@drift.example"
UUIDS = tuple(f"8c2ea15d-61fb-4ba9-9366-42f8b194c{number}" for number in ("a01", "a02", "a03"))
# What tells something, without arguments of its own; CVR and letter stand for the company and each letter.
COMMANDS = (
    "status", "letter list", "letter show LETTER", "letter tray", "explain CVR", "explain LETTER", "notices",
    "cvr list", "cvr board", "cvr export", "audit export", "audit head", "config check", "fuse show", "account list",
    "route list CVR", "mailbox reconcile CVR",
)  # fmt: skip


@dataclass
class Remains:
    """What was planted, and all that the run left or said, by place."""

    canaries: tuple[Canary, ...]
    places: dict[str, bytes]
    states: list[str]
    exits: dict[str, int] = field(default_factory=dict)


def letters(cvr: str) -> list[bytes]:
    """A letter with everything in it, a NemSMS, and one that nobody can read."""
    text = "Kære kunde, kanariebrødtekst om 030303-0000 og ０９０９０９００００."
    files = [
        File(text.encode(), "brev.txt", "text/plain; charset=utf-8", actions=action(
            "kanariehandling 060606-0000", inside=entry("https://betal.example/kanariehandling"))),
        File(b"%PDF-1.7 kanariebilag-i-en-fil", "kanariefil 040404-0000.pdf", role="AdditionalDocument"),
    ]  # fmt: skip
    whole = Memo(
        title="kanarietitel 010101-0000 ０９０９０９００００", authority="kanariemyndighed 020202-0000",
        recipient_id=cvr, files=files, tail=case("kanariesag 050505-0000"), uuid=UUIDS[0],
    )  # fmt: skip
    short = Memo(title="kanariesms 070707-0000", kind="NEMSMS", recipient_id=cvr, files=[], uuid=UUIDS[1], created="",
                 extra="<memo:notification>kanariesms 070707-0000</memo:notification>")  # fmt: skip
    program = File(b"\x7fELF\x02\x01\x01\0 kanariebilag-i-en-fil", "kanariefil 080808-0000.exe")
    return [
        whole.xml(),
        short.xml(),
        Memo(title="kanarietitel", recipient_id=cvr, files=[program], uuid=UUIDS[2]).xml(),
    ]


def run(town: Town) -> Remains:
    """Everything that the run left or said."""
    state, company = _set_up(town)
    cvr = company["cvr"]
    process = _started(town, letters(cvr), "nemboks.cli.main")
    town.until(lambda: _logged(town, "letter_acknowledged") == 1 and _logged(town, "letter_held") == 2)
    town.until(lambda: town.mails(OPERATOR) or town.mails(SECOND))
    places = defaultdict(bytes, {"process": _process(process)})
    exits = _commands(cvr, town, places)
    town.nemboks("address", "set", cvr, "kanarie.ny@solsikken.example")
    code = town.code("kanarie.ny@solsikken.example")
    states = town.state(cvr)
    _files(state, places)  # while it runs, so that nothing is tidied up
    town.stop()
    _files(state, places)
    places["log"] += _log(town)
    _mails(town, places)
    return Remains((*NUMBERS, *WORDS, *secrets_of(_secrets(town, company, code))), dict(places), states, exits)


def log_of(town: Town, daemon: str) -> bytes:
    """What a daemon with a mistake in it (the name of its module) logs of one letter."""
    _, company = _set_up(town)
    _started(town, letters(company["cvr"])[:1], daemon)
    town.until(lambda: _logged(town, "letter_acknowledged"))
    town.stop()
    return _log(town)


def _set_up(town: Town) -> tuple[Path, dict[str, Any]]:
    """The program's own folder, and a company whose mailbox it has."""
    state = town.folder / "program"
    state.mkdir()
    text = re.sub(r"^state_dir = .*$", f'state_dir = "{state}"', town.config.read_text(), flags=re.MULTILINE)
    town.config.write_text(text)
    company = town.company()
    login = ("--system-id", company["system_id"], "--token-file", "-", "--server", "starttls")
    words = ("cvr", "add", company["cvr"], "--name", company["name"], *login)
    town.nemboks(*words, "--address", POST, "--second-contact", SECOND, typed=company["api_token"])
    return state, company


def _started(town: Town, post: Sequence[bytes], daemon: str) -> "subprocess.Popen[bytes]":
    for raw in post:
        answer = town._control.post("letters/xml", content=raw)
        assert answer.is_success, answer.text
    town._daemon = town._started("daemon.log", daemon, "run", "--config", str(town.config))
    return town._daemon


def _log(town: Town) -> bytes:
    return (town.folder / "daemon.log").read_bytes()


def _logged(town: Town, event: str) -> int:
    return _log(town).count(f'"event": "{event}"'.encode())


def _files(state: Path, places: dict[str, bytes]) -> None:
    for file in sorted(path for path in state.rglob("*") if path.is_file()):
        places[_place(file.relative_to(state))] += file.read_bytes()


def _secrets(town: Town, company: dict[str, Any], code: str) -> dict[str, str]:
    config = town.config.read_text()
    key = (town.folder / "master.key").read_text().strip().partition(":")[2]
    own, password = re.search(r'api_token = "(.+)"', config), re.search(r'password = "(.+)"', config)
    assert own and password
    return {
        "API token": company["api_token"], "our own API token": own[1], "SMTP password": password[1],
        "master key": key, "code": code, "code without its blank": re.sub(r"\D", "", code),
    }  # fmt: skip


def _process(process: "subprocess.Popen[bytes]") -> bytes:
    """What every user of the machine may see of the daemon, and its environment."""
    folder = Path("/proc", str(process.pid))
    return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()


def _commands(cvr: str, town: Town, places: dict[str, bytes]) -> dict[str, int]:
    """The commands' exit codes; what each said is put into its place."""
    ids = [str(item["id"]) for item in town.nemboks("letter", "list")["items"]]
    exits: dict[str, int] = {}
    for words in COMMANDS:
        for number in ids if "LETTER" in words else [""]:
            for more in ([], ["--json", "--lang", "en"]):
                name = "cli " + words.replace(" LETTER", " letter" if "explain" in words else "").replace(" CVR", "")
                name += " --json" if more and "show" in words else ""
                given = [
                    *words.replace("LETTER", number).replace("CVR", cvr).split(),
                    *more,
                    "--config",
                    str(town.config),
                ]
                done = CliRunner().invoke(program, given)
                places[name] += done.output.encode() + done.stderr.encode()
                exits[" ".join(given[:-2])] = done.exit_code
    return exits


def _place(file: Path) -> str:
    if file.name.startswith("nemboks.db"):
        return "db"
    return file.parts[0] if file.parts[0] in ("spool", "documents") else "other"


def _mails(town: Town, places: dict[str, bytes]) -> None:
    """The mails, decoded as a reader sees them and as they came."""
    for item in town.all_mails():
        raw = Path(item["file"]).read_bytes()
        head, _, body = raw.partition(b"\r\n\r\n")
        (mail,) = [one for one in town.mails(item["to"][0]) if one["Message-ID"].encode() in head][:1]
        shown = "\n".join(f"{name}: {value}" for name, value in mail.items()).encode()
        if "Nemboks-Letter" in mail:
            places["letter header"] += shown + head + _part_headers(mail)
            places["letter body"] += body + b"".join(_decoded(mail))
        else:
            places["notice"] += shown + raw + b"".join(_decoded(mail))


def _part_headers(mail: EmailMessage) -> bytes:
    return "\n".join(f"{name}: {value}" for part in mail.walk() for name, value in part.items()).encode()


def _decoded(mail: EmailMessage) -> list[bytes]:
    return [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]  # type: ignore[misc]
