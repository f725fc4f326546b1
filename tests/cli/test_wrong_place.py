"""The ledger is not where the settings say, or is somebody else's: nothing begins with an empty one in its place."""

import os

import pytest


@pytest.mark.parametrize("command", [("status",), ("drain",), ("cvr", "list"), ("letter", "list"), ("audit", "verify")])
def test_a_ledger_that_is_not_there_is_told_and_not_made(empty, command) -> None:
    """A slip in state_dir, or a volume that is not mounted: an empty one knows no pause, no hold, no confirmation."""
    (empty.folder / "nemboks.db").unlink()
    done = empty.run(*command)

    assert done.exit_code == 78
    assert "there is no ledger" in done.output and "nemboks init" in done.output
    assert not (empty.folder / "nemboks.db").exists()


def test_the_demos_ledger_is_made(empty) -> None:
    """A demo has nothing that could be lost."""
    (empty.folder / "nemboks.db").unlink()
    empty.config.write_text(f'environment = "demo"\n{empty.config.read_text()}')
    assert empty.run("status").exit_code in (0, 5, 6)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root works in others' directories")
def test_root_does_not_serve_for_another_user(empty) -> None:
    """What it sealed there that user's daemon could not read, and the letter would wait for ever."""
    os.chown(empty.folder, 65534, 65534)
    done = empty.run("drain")

    assert done.exit_code == 78
    assert "belongs to user 65534" in done.output
