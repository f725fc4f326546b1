"""What hostile octets once did here, named after what somebody would have seen. SECURITY.md 8 has the rest."""

import asyncio
from pathlib import Path

import pytest

from nemboks.content.cvr_table import read_table
from nemboks.content.texts import masked
from nemboks.domain.redact import mask_cpr
from nemboks.settings import SettingsError, load
from tests.fuzz.parsers import imap, rest
from tests.fuzz.peer import Script


def settings_of(folder: Path, text: str) -> None:
    """The settings of a file with this text, without environment."""
    file = folder / "nemboks.toml"
    file.write_text(text)
    load(file, {})


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 5000, "a={" * 5000])
def test_a_settings_file_that_only_looks_like_toml_ends_the_start_with_a_traceback(tmp_path: Path, text: str) -> None:
    """Whatever the TOML reader raises, the start is stopped with the file's name."""
    with pytest.raises(SettingsError, match=r"nemboks\.toml is not TOML"):
        settings_of(tmp_path, text)


@pytest.mark.parametrize("name", ["pace", "fuse"])
def test_a_demo_whose_waits_are_no_table_ends_with_a_traceback(tmp_path: Path, name: str) -> None:
    """The setting is named."""
    with pytest.raises(SettingsError, match=name):
        settings_of(tmp_path, f'environment = "demo"\n{name} = 3\n')


@pytest.mark.parametrize("key", ["_env_file", "_cli_parse_args", "_secrets_dir", "_build_sources", "_case_sensitive"])
def test_a_key_with_an_underscore_is_an_order_to_the_settings_library(tmp_path: Path, key: str) -> None:
    """It is a misspelt setting like any other, and no further file or command line is read because of it."""
    with pytest.raises(SettingsError, match=f"{key}: there is no such setting"):
        settings_of(tmp_path, f'{key} = "x"\n')


@pytest.mark.parametrize("value", ["inf", "1e300", "nan"])
@pytest.mark.parametrize("name", ["dot_seconds", "retry_last_seconds", "retry_seconds"])
def test_a_wait_without_an_end_stops_the_daemon_in_mid_letter(tmp_path: Path, name: str, value: str) -> None:
    """The start is stopped instead: no time could be named when it is over."""
    with pytest.raises(SettingsError, match=f"pace.*({name}|finite)"):
        settings_of(tmp_path, f"[pace]\n{name} = {f'[{value}]' if name == 'retry_seconds' else value}\n")


def test_an_error_of_digital_post_with_half_a_character_stops_the_daemon() -> None:
    """JSON may hold half a character; no store takes it, so it is not among the words of the trouble."""
    fault = b'{"code": "\\ud800", "message": "nope"}'
    said = b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n%s" % (len(fault), fault)

    assert asyncio.run(rest._called(Script.of(b"l0" + said))) == "Unavailable"


@pytest.mark.parametrize("wait", [b"\x1d0", b"\x1f120", b"7\x1c"])
def test_a_wait_with_a_separator_before_it_stops_the_daemon(wait: bytes) -> None:
    """Such a Retry-After is as good as absent; the answer is an outage like any other."""
    said = b"HTTP/1.1 503 X\r\nRetry-After: " + wait + b"\r\nContent-Length: 0\r\n\r\n"

    assert rest.check(b"l0" + said) == "Unavailable"
    assert rest.check(b"r0" + wait) == "default"


def test_an_impossible_number_of_an_imap_letter_is_found_and_never_fetched() -> None:
    """A UID has 32 bits; one beyond is an outage of the mailbox that people hear of, and no letter of another door."""
    selected = b"* OK [UIDVALIDITY 3] ok\r\nNB1 OK [READ-WRITE] ok\r\n"
    listed = b'* 1 FETCH (UID %d INTERNALDATE "21-Nov-2026 10:00:00 +0100" FLAGS ())\r\nNB2 OK done\r\n'

    assert imap.check(b"l0" + selected + b"\x1e" + listed % (2**32 - 1)) == "list"
    assert imap.check(b"l0" + selected + b"\x1e" + listed % 2**32) == "Unavailable"


def test_a_setting_in_capitals_goes_against_the_one_that_is_meant(tmp_path: Path) -> None:
    """`PACE` is a misspelt key: beside `pace` nobody could say which of the two counted."""
    with pytest.raises(SettingsError, match="PACE: there is no such setting"):
        settings_of(tmp_path, 'environment = "demo"\n[PACE]\ndot_seconds = 700\n')


@pytest.mark.parametrize(
    "written", ["０１０１０１００００", "０１０１０１－００００", "٠١٠١٠١-٠٠٠٠", "010101−0000", "01⁰¹01-0000"]
)
def test_a_cpr_number_in_other_digits_is_told_back(written: str) -> None:
    """It is masked in whatever digits and with whatever hyphen; the words around it stay as they are."""
    table = read_table(f"cvr;navn;email;kolonne {written} å\r\n13748136;x;{written};y\r\n".encode())

    assert mask_cpr(f"få {written} æ ２０２６") == "få [CPR] æ ２０２６"
    assert [one.column for one in table.warnings] == ["kolonne [CPR] å"]
    assert "[CPR]" in [one.value for one in table.faults]


def test_a_cpr_number_in_a_look_alike_domain_is_told_back() -> None:
    """The warning about the domain's odd letters has it masked, as the cell beside it."""
    table = read_table("cvr;email\r\n13748136;a@b\u0430geri010101-0000.dk\r\n".encode())
    (warning,) = [one for one in table.warnings if one.column == "email"]

    assert "[CPR]" in warning.da and "[CPR]" in warning.en and "[CPR]" in warning.value
    assert "0000" not in warning.da + warning.en


def test_our_token_in_an_answer_that_is_no_http_stands_in_the_log() -> None:
    """Whatever a server writes where the status should be, it is not repeated."""
    assert rest.check(b"l0H a-token-of-nobodys\r\n\r\n") == "Unavailable"


@pytest.mark.parametrize("number", ["010101-0000\uff10\uff11\uff10\uff11\uff10\uff11\uff10\uff10\uff10\uff10",
                                    "\uff11010101-0000\u0661", "\u0661\u06620101\u0661\u06621234\uff11"])  # fmt: skip
def test_a_cpr_number_before_one_of_another_script_leaves_that_one_shown(number: str) -> None:
    """What is left, once the first is taken out, is looked at as well."""
    assert mask_cpr(f"c{number}._x") == "c[CPR]._x"
    assert mask_cpr(mask_cpr(number)) == mask_cpr(number)


def test_a_cpr_number_behind_a_digit_of_another_script_is_shown() -> None:
    """To whoever cannot read that digit it is a number of ten."""
    assert mask_cpr("\u07c6010101-0000") == "[CPR]"


def test_a_long_number_that_is_cut_looks_like_somebodys() -> None:
    """Half a number is left out: what stands before the ellipsis is no CPR number."""
    assert masked("order 101000066409", 17) == "order…"
    assert masked("order 101000066409", 18) == "order 101000066409"
