"""What is shipped: the locks, the container's recipe, and nothing that betrays the machine it was made on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.reading import ROOT

LOCKS = ("requirements.lock", "requirements-postgres.lock", "requirements-build.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
# Written so that this file does not hold what it looks for.
FOREIGN = re.compile(
    r"\b(py" + r"pi|python" + r"hosted|npm" + r"js|deb\.deb" + r"ian)\.(org|com)\b"
    r"|(?<![\w.])/(wo" + r"rk|fa" + r"rm|ro" + r"ot|tmp/bri" + r"efs)/",
    re.IGNORECASE,
)


def requirements(lock):
    """The lock's entries, continuation lines joined, comments left out."""
    text = re.sub(r"^\s*#.*$", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return [x.strip() for x in re.sub(r"\\\n", " ", text).splitlines() if x.strip()]


def pins(lock):
    return {m[1]: m[2] for x in requirements(lock) if (m := PIN.match(x))}


def tracked():
    """Every text file that is, or is about to be, committed."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if path.is_file() and path.name != "LICENSE":
            yield name, path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("lock", LOCKS)
def test_each_dependency_is_pinned_with_its_digest(lock):
    """Every entry of a lock has an exact version and at least one SHA-256, and there are no options or addresses."""
    bad = [x for x in requirements(lock) if not PIN.match(x) or "--hash=sha256:" not in x]

    assert bad == []
    assert "://" not in (ROOT / lock).read_text()


def test_the_image_gets_what_was_tested():
    """The locks of what is installed are a part of the one that the tests ran with, version by version."""
    assert pins("requirements.lock").items() <= pins("requirements-postgres.lock").items()
    assert pins("requirements-postgres.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-postgres.lock", ("postgres",))])
def test_a_lock_has_every_dependency_of_the_program(lock, extras):
    """Each package that pyproject.toml names for the program; in the container's, those of a ledger on a server too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(x for extra in extras for x in project["optional-dependencies"][extra])]
    named = {re.match(r"[A-Za-z0-9._-]+", x)[0].lower() for x in wanted}

    assert set() == named - pins(lock).keys()


def test_the_container_recipe_passes_its_linter():
    """hadolint finds nothing in the Dockerfile, not even something to mention."""
    result = subprocess.run(
        [Path(sys.executable).parent / "hadolint", "--failure-threshold=ignore", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_is_made_of_named_files_only():
    """The context is empty but for what the Dockerfile copies, so a key beside it cannot get into a layer."""
    rules = [x for x in (ROOT / ".dockerignore").read_text().splitlines() if x and not x.startswith("#")]
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copies = " ".join(lines).split()

    assert rules[0] == "*"
    assert set(copies) == {x.removeprefix("!") for x in rules if x.startswith("!")}


def test_the_container_runs_as_a_number_and_stops_on_sigterm():
    """The last stage has a numeric user, an entry point without a shell, a stop signal and a health check."""
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]

    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["', last, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert len(re.findall(r"^VOLUME ", last, re.MULTILINE)) == 1


def test_no_file_knows_the_machine_it_was_made_on():
    """No tracked file holds a path of a developer's machine or the host name of a package registry."""
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in tracked()
        for number, line in enumerate(text.splitlines(), 1)
        if FOREIGN.search(line)
    ]

    assert found == []
