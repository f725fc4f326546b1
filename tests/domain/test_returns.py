"""The return path's token: read back as it was written, and by nobody who has not the key."""

import hmac
from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.returns import Token

KEY = b"k" * 32
numbers = st.integers(0, 10**9 - 1)
tokens = st.builds(Token, numbers, numbers, st.integers(0, 9999), numbers)


@given(tokens)
def test_a_token_is_read_back(token: Token) -> None:
    """In any case of letters, and with anything around it."""
    text = token.text(KEY)
    for found in (text, text.upper(), f"b+{text}@post.nemboks.example", f"rfc822; B+{text.upper()}@X (17-1-1-0)"):
        assert Token.read(found, KEY) == token


@given(tokens, tokens)
def test_no_mac_fits_another_token(token: Token, other: Token) -> None:
    """Neither another letter's nor another key's."""
    mac = token.text(KEY).partition(".")[2]
    facts = other.text(KEY).partition(".")[0]
    assert (Token.read(f"{facts}.{mac}", KEY) is None) == (token != other)
    assert Token.read(token.text(KEY), b"x" * 32) is None


@given(tokens)
def test_a_token_fits_where_it_goes(token: Token) -> None:
    """A local part of 64 octets with its prefix, an ENVID of 100, in letters that every relay leaves alone."""
    assert len(f"b+{token.text(KEY)}") <= 64
    assert set(token.text(KEY)) <= set("abcdefghijklmnopqrstuvwxyz234567890123456789-.")


@given(st.text(max_size=200))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    """What a stranger writes names no letter of ours."""
    assert Token.read(text, KEY) is None


def test_a_token_is_made_in_one_way_for_ever() -> None:
    """A mail comes back days after an upgrade, too."""
    mac = hmac.new(KEY, b"nemboks return path\x0017-2-1-3", "sha256").digest()[:10]
    assert Token(17, 2, 1, 3).text(KEY) == f"17-2-1-3.{b32encode(mac).decode().lower()}"


@pytest.mark.parametrize("cut", [1, 5, 16])
def test_a_cut_token_is_none(cut: int) -> None:
    """A relay that shortened it left nothing to act upon."""
    assert Token.read(Token(17, 1, 1).text(KEY)[:-cut], KEY) is None


def test_the_right_one_is_found_among_others() -> None:
    """A bounce quotes many things; the one with our MAC counts."""
    other, ours = Token(1, 1, 1).text(b"x" * 32), Token(17, 2, 1, 3).text(KEY)
    assert Token.read(f"{other} {ours}", KEY) == Token(17, 2, 1, 3)
