"""Medians, ratios and the chart say what the runs say."""

import xml.etree.ElementTree as ElementTree

import pytest

from bench.chart import chart
from bench.runs import Run
from bench.summary import aims, rows

RUNS = [
    Run("imap", name, number, "ok", {"seconds": seconds, "letters_per_s": 100 / seconds})
    for number, pair in enumerate([(1.0, 5.0), (2.0, 4.0), (1.0, 6.0)])
    for name, seconds in zip(("nemboks", "fetchmail"), pair, strict=True)
]


def test_a_ratio_is_taken_within_each_round():
    """The ratio is the median of the rounds' ratios, not the ratio of the medians of a machine that was busy."""
    ours, theirs = rows(RUNS)

    assert ours.figures["x"] == 5.0
    assert theirs.figures["x"] == 1.0
    assert ours.figures["seconds"] == 1.0


def test_growth_is_a_ratio_of_costs():
    """For the ledger more is worse: its ratio is the large one's cost over the empty one's."""
    runs = [
        Run("growth", name, 0, "ok", {"cpu_us_per_letter": cost})
        for name, cost in (("empty ledger", 100.0), ("1,000,000 letters", 107.0))
    ]

    found = rows(runs)

    assert found[1].figures["x"] == pytest.approx(1.07)
    assert [one["met"] for one in aims(found)] == [True]


def test_an_aim_is_only_judged_when_it_was_measured():
    """What was not run is not in the list of what was asked."""
    found = aims(rows(RUNS))

    assert [(one["figure"], one["met"]) for one in found] == [("x", True)]


def test_a_wrong_run_shows():
    """A verdict that is not `ok` in any round stands in the contender's row."""
    runs = [*RUNS[:5], Run("imap", "fetchmail", 2, "1 left upstream", RUNS[5].figures)]

    assert [row.verdict for row in rows(runs)] == ["ok", "1 left upstream"]


def test_the_chart_is_an_image_for_everybody():
    """It is well-formed, has words for those who do not see it, follows dark mode, and fits a telephone."""
    drawn = chart(rows(RUNS), "2026-11-22")
    root = ElementTree.fromstring(drawn)

    assert "fetchmail 20 letters a second" in root.get("aria-label")
    assert root.get("viewBox").split()[2] == "320"
    assert "prefers-color-scheme: dark" in drawn


def test_a_chart_of_nothing_is_refused():
    """Without a scenario that it draws there is no chart, and the words say which to measure."""
    with pytest.raises(ValueError, match="imap-postfix"):
        chart([], "2026-11-22")
