"""What imports cannot show: where time comes from, how long things are, which names are logged."""

import re
from collections.abc import Sequence

import pytest

from nemboks.logs import EVENTS
from tests.architecture.reading import Source, calls, event_names, functions, program

LONGEST_FILE, LONGEST_FUNCTION = 300, 60
CLOCKS = re.compile(r"(^|\.)(datetime|date)\.(now|utcnow|today|fromtimestamp)$|^time\.|^asyncio\.sleep$|^random\.")
# The clock is the door; the simulator and the demo are other programs, with time of their own.
MAY_ASK = re.compile(r"nemboks/(clock\.py|simulator/.*|cli/demo\w*\.py)")


def clock_readers(sources: Sequence[Source]) -> list[str]:
    """Calls that ask the machine for time, chance or a wait where only the Clock port may be asked."""
    outside = [source for source in sources if not MAY_ASK.fullmatch(source.name)]
    return [f"{s}:{line}: {name}" for s in outside for line, name in calls(s) if CLOCKS.search(name)]


def long_files(sources: Sequence[Source]) -> list[str]:
    return [f"{s}: {n} lines" for s in sources if (n := len(s.text.splitlines())) > LONGEST_FILE]


def long_functions(sources: Sequence[Source]) -> list[str]:
    """Functions over the limit; a migration is a list of columns that is written once and never changed."""
    return [
        f"{s}:{f.lineno}: {f.name} has {length} lines"
        for s in sources
        if "/migrations/versions/" not in s.name
        for f in functions(s)
        if (length := (f.end_lineno or 0) - f.lineno + 1) > LONGEST_FUNCTION
    ]


def unknown_events(sources: Sequence[Source]) -> list[str]:
    return [f"{s}:{line}: {name}" for s in sources for line, name in event_names(s) if name not in EVENTS]


def test_time_and_waiting_come_from_the_clock():
    """No file but the clock, the simulator and the demo reads a clock, rolls dice or sleeps."""
    assert clock_readers(program()) == []


def test_no_file_is_too_long_to_read_in_one_go():
    """Every file of the program has at most 300 lines."""
    assert long_files(program()) == []


def test_no_function_is_too_long_to_keep_in_the_head():
    """Every function of the program has at most 60 lines."""
    assert long_functions(program()) == []


def test_every_logged_event_is_on_the_list():
    """A log line's name is one of logs.EVENTS, so that a reader can look it up."""
    assert unknown_events(program()) == []


@pytest.mark.parametrize(
    ("check", "text", "found"),
    [
        (clock_readers, "from datetime import datetime, UTC\nx = datetime.now(UTC)", "datetime.now"),
        (clock_readers, "import datetime\nx = datetime.datetime.utcnow()", "utcnow"),
        (clock_readers, "import asyncio\nasync def f():\n    await asyncio.sleep(1)", "asyncio.sleep"),
        (long_files, "\n" * 301, "301 lines"),
        (long_functions, "def f():\n" + "    pass\n" * 60, "61 lines"),
        (unknown_events, "log().info('letter_teleported', letter=1)", "letter_teleported"),
        (unknown_events, "name = 'letter_a' if x else 'letter_b'\nlog().warning(name)", "letter_b"),
        (unknown_events, "N = {1: 'letter_c'}\ndef f():\n    log().info(N.get(1, 'letter_found'))", "letter_c"),
    ],
)
def test_each_check_sees_what_it_is_there_for(check, text, found):
    """A breach that is planted in a made-up file is reported with its place."""
    assert found in " ".join(check([Source("nemboks/journey/made_up.py", text)]))
