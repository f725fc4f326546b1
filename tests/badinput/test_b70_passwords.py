"""Bad input B70: passwords that are long, odd or hidden. Each is used exactly as it stands, or refused, not trimmed."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner

from nemboks.cli.cvrs import _secret, cvr
from nemboks.clock import RealClock
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Stage
from nemboks.intake.imap import ImapAccess, ImapInbox
from nemboks.ports import Refused
from nemboks.settings import Server, SettingsError
from tests.badinput.remote import delivered
from tests.helpers.smtp_server import Certificates, ScriptedServer

ODD = ["x" * 129, "x" * 4_096, "  kaninhul  ", "kanin hul", "kaninhul 🐇 æøå", "e\u0301 og é", "\u00a0kaninhul\u2028"]
BROKEN = ["kanin\0hul", "kanin\nhul", "kanin\rhul", "kanin\thul", "\x7f"]


def server_with(file: Path, octets: bytes) -> Server:
    """The settings of a server whose password lies in a file with these octets."""
    file.write_bytes(octets)
    file.chmod(0o600)
    return Server(host="mail.company.dk", username="nemboks", password_file=file)


@pytest.mark.parametrize("password", ODD)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_b70_a_file_gives_the_password_exactly(tmp_path: Path, password: str, end: str) -> None:
    """Only the line's end, which editors add, is no part of it; written into the settings it is the same."""
    assert server_with(tmp_path / "password", (password + end).encode()).secret() == password
    assert Server(host="mail.company.dk", username="nemboks", password=password).secret() == password  # type: ignore[arg-type]


@pytest.mark.parametrize("password", BROKEN)
def test_b70_control_characters_are_refused(tmp_path: Path, password: str) -> None:
    """No login could say them; the start is stopped with the setting's name, and the password is not told."""
    with pytest.raises(SettingsError, match="password holds a line break") as seen:
        server_with(tmp_path / "password", password.encode()).secret()
    assert "kanin" not in str(seen.value)


def test_b70_what_is_no_text_is_refused(tmp_path: Path) -> None:
    """Octets that are no UTF-8 are not guessed at; an empty file is no password."""
    with pytest.raises(SettingsError, match="holds no text"):
        server_with(tmp_path / "password", b"kanin\xffhul").secret()
    with pytest.raises(SettingsError, match="empty"):
        server_with(tmp_path / "password", b"\r\n").secret()


@pytest.mark.parametrize("octets", [b"kanin\0hul", b"kanin\nhul\n", b"kanin\xffhul", b"   ", b"", b"x" * 4_097])
def test_b70_the_command_line_refuses_what_is_no_line(tmp_path: Path, octets: bytes) -> None:
    """`cvr add` takes one line of text from the file, exactly, or nothing; what it held is not told."""
    file = tmp_path / "password"
    file.write_bytes(octets)
    words = [
        "add",
        "13748136",
        "--inbox",
        "imap",
        "--user",
        "anna",
        "--password-file",
        str(file),
        "--address",
        "a@x.dk",
    ]
    done = CliRunner().invoke(cvr, [*words, "--server", "direct"])

    assert done.exit_code == 2
    assert "password must be" in done.output and "hul" not in done.output


@pytest.mark.parametrize("password", ODD)
def test_b70_the_command_line_takes_a_line_exactly(tmp_path: Path, password: str) -> None:
    """With its blanks and without the line's end."""
    file = tmp_path / "password"
    file.write_bytes(f"{password}\r\n".encode())

    assert _secret(file, "password") == password


@pytest.mark.parametrize("password", ["  kaninhul  ", "kaninhul 🐇 æøå", "x" * 129])
async def test_b70_the_server_hears_it_exactly(tmp_path: Path, password: str) -> None:
    """AUTH PLAIN carries the password's own octets in UTF-8 (RFC 4616)."""
    certificates = Certificates.make(tmp_path)
    said = base64.b64encode(f"\0bakery\0{password}".encode()).decode()
    steps = [
        "@hello AUTH=PLAIN",
        f"C AUTH PLAIN {said}",
        "S 235 2.7.0 welcome",
        "C MAIL",
        "S 250 ok",
        "C RCPT",
        "S 550 5.1.1 x",
    ]
    report = await delivered(
        ScriptedServer([steps], certificates.context), certificates, username="bakery", password=password
    )

    assert report.stage is Stage.RCPT


@pytest.mark.parametrize("password", ["kanin\0hul", "kanin\r\nNB1 DELETE INBOX"])
async def test_b70_imap_is_told_no_second_command(password: str) -> None:
    """A line break in a password would begin a command of its own: nothing is even connected to."""
    inbox = ImapInbox(ImapAccess("127.0.0.1", 9, None), "anna", password, Pace.demo(), RealClock())
    with pytest.raises(Refused, match="holds a line break") as seen:
        await inbox.list()
    assert "kanin" not in str(seen.value)
