"""The systemd unit says what it must, and systemd itself has nothing to say against it."""

import re
import subprocess

import pytest

from nemboks.domain.pace import Pace
from tests.architecture.reading import ROOT
from tests.helpers.peers import require_peer

UNIT = (ROOT / "systemd" / "nemboks.service").read_text()
THRESHOLD = 20  # of 100; an unprotected unit has 92 (SECURITY 7)

pytestmark = pytest.mark.peer


def directives(text):
    """The unit's lines as pairs, comments left out."""
    return re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)


@pytest.fixture
def analyze(tmp_path):
    """Runs systemd-analyze on the unit's text, with a program that exists on every machine."""
    program = require_peer("systemd-analyze")

    def run(text, *arguments):
        file = tmp_path / "nemboks.service"
        file.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
        command = [program, *arguments, str(file)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    return run


def test_systemd_has_nothing_to_say_about_the_unit(analyze):
    """`systemd-analyze verify` accepts the unit without a single message."""
    result = analyze(UNIT, "verify", "--man=no", "--recursive-errors=no")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_misspelt_line_would_be_noticed(analyze):
    """The check above sees a directive that systemd would only skip with a warning."""
    result = analyze(UNIT.replace("ProtectHome=", "ProtectHomes="), "verify", "--man=no", "--recursive-errors=no")

    assert "ProtectHomes" in result.stderr


def test_the_unit_is_hardened(analyze):
    """systemd's own rating of the unit's exposure stays under the threshold."""
    result = analyze(UNIT, "security", "--offline=true", "--no-pager", f"--threshold={THRESHOLD}")

    assert result.returncode == 0, result.stdout


def test_a_stop_may_take_as_long_as_the_replies_it_waits_for():
    """systemd kills the service later than the daemon itself would stop waiting for replies."""
    assert int(dict(directives(UNIT))["TimeoutStopSec"]) > Pace().stop_seconds


def test_every_line_is_explained():
    """Each paragraph of the unit opens with its reason, so nobody has to guess what a line is for."""
    paragraphs = [p for p in UNIT.split("\n\n") if "=" in re.sub(r"^#.*$", "", p, flags=re.MULTILINE)]
    bare = [p for p in paragraphs if "#" not in p and not p.startswith(("[Unit]", "[Install]"))]

    assert bare == []
