"""[plans] of the settings: what a host sells."""

import pytest

from nemboks.domain.plans import FEATURES, USUAL, Plan
from nemboks.settings import SettingsError, load


def test_none_sold_is_the_default() -> None:
    """Then everybody may use everything."""
    assert {} == load(None, {}).sold


def test_plans_are_read_by_name(tmp_path) -> None:
    """With how many CVRs and which features."""
    file = tmp_path / "nemboks.toml"
    file.write_text('[plans.Basis]\ncvrs = 1\n[plans.Pro]\ncvrs = 10\nfeatures = ["copies", "rules", "holiday"]\n')

    sold = load(file, {}).sold

    assert USUAL["Pro"] == sold["Pro"] and Plan("Basis", 1) == sold["Basis"]


def test_a_feature_that_no_plan_can_leave_out_is_misspelt(tmp_path) -> None:
    """The start stops with its place; every feature that there is can be named."""
    file = tmp_path / "nemboks.toml"
    file.write_text('[plans.Basis]\nfeatures = ["copys"]\n')
    with pytest.raises(SettingsError, match=r"plans\.Basis\.features"):
        load(file, {})

    file.write_text(f"[plans.Alt]\ncvrs = 0\nfeatures = {sorted(FEATURES)}\n")
    assert FEATURES == load(file, {}).sold["Alt"].features
