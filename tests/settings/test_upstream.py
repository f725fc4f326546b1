"""Who we are in Digital Post's eyes: our own CVR and login at the register, all of them or none; our certificate."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme

from nemboks.clock import RealClock
from nemboks.settings import SettingsError, load
from nemboks.wiring.mail import MailRoom

OWN = 'cvr = "13748136"\nsystem_id = "own-system"\n'


def upstream(folder: Path, text: str):
    """The [upstream] group of a settings file with this text. SettingsError."""
    file = folder / "nemboks.toml"
    file.write_text(f"[upstream]\n{text}", "utf-8")
    return load(file, {}).upstream


def test_without_them_there_is_no_registry(tmp_path):
    """None of the settings is needed to collect for companies whose login we were given."""
    assert upstream(tmp_path, "").own_login() is None


def test_the_token_may_lie_in_a_file(tmp_path, monkeypatch):
    """Written directly, in a file or in the environment, it is the same login."""
    (tmp_path / "token").write_text("hemmelig\n")
    (tmp_path / "token").chmod(0o600)
    login = ("13748136", "own-system", "hemmelig")

    assert upstream(tmp_path, OWN + 'api_token = "hemmelig"').own_login() == login
    assert upstream(tmp_path, OWN + f'api_token_file = "{tmp_path / "token"}"').own_login() == login
    monkeypatch.setenv("NEMBOKS_UPSTREAM__API_TOKEN", "hemmelig")
    assert upstream(tmp_path, OWN).own_login() == login


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OWN, "belong together"),
        (OWN + 'api_token = ""', "belong together"),
        ('cvr = "13748136"\napi_token = "hemmelig"', "belong together"),
        ('system_id = "own-system"\napi_token = "hemmelig"', "belong together"),
        ('api_token_file = "token"', "belong together"),
        ('cvr = "123"\nsystem_id = "own-system"\napi_token = "hemmelig"', "CVR number"),
    ],
)
def test_a_part_of_them_is_refused(text, why, tmp_path):
    """At the start, with words that say what is missing and without the token."""
    with pytest.raises(SettingsError, match=why) as caught:
        upstream(tmp_path, text)
    assert "hemmelig" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/", "https://", "https:///apis/", "https://api.example:99999/", "https://api.example:0/",
        "https://us er@api.example/", "https://user:hemmelig@api.example/", "https://api.example/apis?x=1",
        "https://api.example/#top", "https://blåbær.example/", "https://api.example/a b", "https://api.example:x/",
        "https://api..example/", "https://.api.example/", f"https://{'a' * 64}.example/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_asked_is_refused(url, tmp_path):
    """At the start, by its setting, and not at the first call; a user and password in it are not shown."""
    with pytest.raises(SettingsError, match="rest_url") as caught:
        upstream(tmp_path, f'rest_url = "{url}"')
    assert "hemmelig" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://api.example", "https://127.0.0.1:8443/apis/v1/", "https://[::1]:8443/a/", "https://my_host/"]
)
def test_the_base_ends_in_a_slash(url, tmp_path):
    """Written with it or without."""
    assert upstream(tmp_path, f'rest_url = "{url}"').rest_url == url.rstrip("/") + "/"


def test_a_token_file_that_is_missing_or_empty_is_named(tmp_path):
    """An empty token would be a login that anybody can make."""
    for content, why in ((None, "cannot be read"), ("\n", "is empty")):
        token = tmp_path / "token"
        if content is not None:
            token.write_text(content)
            token.chmod(0o600)
        with pytest.raises(SettingsError, match=why):
            upstream(tmp_path, OWN + f'api_token_file = "{token}"').own_login()


def test_the_token_is_not_shown(tmp_path):
    """A repr of the settings shows stars in its place."""
    assert "hemmelig" not in repr(upstream(tmp_path, OWN + 'api_token = "hemmelig"'))


def test_when_our_certificate_ends(tmp_path):
    """As its file says, and whoever tells people is told so; None where there is none, or none that can be read."""
    end = datetime(2031, 5, 4, 12, tzinfo=UTC)
    ours, broken = tmp_path / "post.pem", tmp_path / "broken.pem"
    ours.write_bytes(trustme.CA().issue_cert("nemboks@kunde.example", not_after=end).cert_chain_pems[0].bytes())
    broken.write_text("-----BEGIN CERTIFICATE-----")

    assert upstream(tmp_path, f'client_cert_file = "{ours}"').certificate_ends_at() == end
    store = SimpleNamespace(incidents=None, stream=None)
    room = MailRoom(load(tmp_path / "nemboks.toml", {}), store, RealClock())
    assert room.telling(None).certificate_ends_at == end

    for text in ("", f'client_cert_file = "{broken}"', f'client_cert_file = "{tmp_path / "absent.pem"}"'):
        assert upstream(tmp_path, text).certificate_ends_at() is None
