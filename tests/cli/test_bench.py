"""`nemboks drain --bench FILE`: the benchmark's contract is read as production's settings."""

import json

import pytest

from nemboks.cli.bench import bench_settings
from nemboks.settings import SettingsError


@pytest.fixture
def contract(tmp_path):
    users = tmp_path / "users.tsv"
    users.write_text("13748136\tpw\tpost@bageri.example\n10000009\tpw\tpost@smed.example\n")
    end = {"host": "localhost", "port": 4711, "tls": "implicit", "ca": str(tmp_path / "ca.pem")}
    said = {"mode": "drain", "state_dir": str(tmp_path), "concurrency": 4, "imap": end, "users_file": str(users)}
    return {**said, "smtp": {**end, "mail_from": "bounce@nemboks.example"}}


def test_a_contract_means_production_with_both_ends_verified(contract, tmp_path):
    """Each line is a mailbox with its own recipient; nothing is loosened for the benchmark."""
    file = tmp_path / "job.json"
    file.write_text(json.dumps(contract))
    settings = bench_settings(file)

    assert "production" == settings.environment
    assert ["post@bageri.example", "post@smed.example"] == [box.address for box in settings.mailboxes]
    assert tmp_path / "ca.pem" == settings.servers["bench"].ca_file == settings.upstream.imap_ca_file
    assert "own-server" == settings.servers["bench"].confirms
    assert bench_settings(file).master_key_file.exists()


@pytest.mark.parametrize("gone", ["state_dir", "imap", "users_file"])
def test_what_is_no_contract_says_what_is_missing(contract, gone, tmp_path):
    """A file of another kind stops the start with its name and the word that is missing."""
    del contract[gone]
    file = tmp_path / "job.json"
    file.write_text(json.dumps(contract))

    with pytest.raises(SettingsError, match=f"job.json is no contract of the benchmark: '{gone}'"):
        bench_settings(file)
