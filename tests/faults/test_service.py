"""What the fault table leaves to systemd stands in the unit as it is shipped."""

import re
from pathlib import Path

UNIT = (Path(__file__).parents[2] / "systemd" / "nemboks.service").read_text("utf-8")


def _value(name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)
    return str(value)


def test_a_loop_that_is_blocked_for_a_minute_is_ended() -> None:
    """The watchdog's patience is a minute, and what it ends is started again."""
    assert int(_value("WatchdogSec")) <= 60
    assert _value("Restart") == "always"


def test_a_hang_up_brings_the_daemon_back_with_its_new_settings() -> None:
    """It ends with 0 then, which must not keep it from being started again; only settings that cannot be used do."""
    assert _value("RestartPreventExitStatus") == "78"
    assert int(_value("RestartSec")) <= 5
