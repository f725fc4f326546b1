"""RestInbox: what statuses mean, who we are and whom we trust."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from nemboks.intake.rest_calls import RestAccess, open_client, retry_after
from nemboks.ports import Gone, InboxError, Refused, Unavailable
from tests.helpers.receipts import receipt
from tests.intake.rest_peer import ONE, TOKEN, opened, page, says, whole, write_certificates


def _fetch(inbox):
    return whole(inbox)


def _give(inbox):
    return inbox.acknowledge(receipt(ONE), repeated=False)


def _list(inbox):
    return inbox.list()


@pytest.mark.parametrize(
    ("call", "status", "error", "mailbox"),
    [
        (_list, 401, Refused, True), (_list, 403, Refused, True), (_list, 404, Refused, True),
        (_list, 302, Refused, True), (_list, 400, Refused, False), (_list, 429, Unavailable, None),
        (_list, 500, Unavailable, None), (_list, 503, Unavailable, None), (_list, 999, Unavailable, None),
        (_fetch, 403, Refused, True), (_fetch, 404, Gone, None), (_fetch, 410, Gone, None),
        (_fetch, 302, Refused, True), (_fetch, 422, Refused, False), (_fetch, 503, Unavailable, None),
        (_give, 401, Refused, True), (_give, 404, Gone, None), (_give, 409, Gone, None), (_give, 410, Gone, None),
        (_give, 400, Refused, False), (_give, 422, Refused, False), (_give, 429, Unavailable, None),
        (_give, 302, Refused, True), (_give, 202, Unavailable, None), (_give, 503, Unavailable, None),
    ],
)  # fmt: skip
async def test_a_status_means_one_of_three(shelf, pace, call, status, error, mailbox):
    """Each status is one of the port's errors; a refusal says whether it concerns the whole mailbox."""
    shelf.script = [says(status, {"code": "E1", "message": "nej"}, Location="https://elsewhere.example/")]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(InboxError, match=f"answered {status} .*E1 nej") as caught:
            await call(inbox)

    assert type(caught.value) is error
    assert getattr(caught.value, "mailbox", None) == mailbox
    assert len(shelf.calls) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_may_come_without_a_body(shelf, pace, status):
    """401 and 403 need no ErrorMessage."""
    shelf.script = [says(status)]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Refused, match=f"{status}"):
            await inbox.list()


async def test_words_hold_no_secrets_and_are_bounded(shelf, pace):
    """What upstream says is cut, on one line, without our token, addresses or CPR shapes."""
    message = f"token {TOKEN} for anna@bageri.example 010101-0000\r\n" + "a" * 5000
    shelf.script = [says(400, {"code": "E1", "message": message})]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Refused) as caught:
            await inbox.list()

    words = str(caught.value)
    assert "token *** for a***@bageri.example [CPR] aaa" in words
    assert "\n" not in words
    assert len(words) < 400


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("1", 1), ("0", 0), (" 30 ", 30), ("7200", 3600), ("999999999999", 3600),
        ("9" * 400, None), ("-1", None), ("1.5", None), ("soon", None), ("", None), ("\u0661", None),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60), ("Sat, 21 Nov 2026 15:00:00 GMT", 3600),
        ("Sat, 21 Nov 2026 11:00:00 GMT", None), ("Sat, 21 Nov 99999 11:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after(value, seconds):
    """Seconds or a date are obeyed up to an hour; absurd values are no values."""
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_reaches_the_caller(shelf, pace, status):
    """A busy service's wish is part of the error."""
    shelf.script = [says(status, Retry_After="7")]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable) as caught:
            await inbox.list()
    assert caught.value.retry_after == 7


# --- who we are, whom we trust ---------------------------------------------------------------------------------------


async def test_no_cookie_travels(shelf, pace):
    """A session cookie set for one CVR is never sent with another's call on the shared client."""
    shelf.script = [says(200, page([]), Set_Cookie="session=anna; Path=/")]
    async with opened(shelf, pace) as inbox:
        await inbox.list()
        await inbox.list()
    assert all("cookie" not in call.headers for call in shelf.calls)


async def test_a_client_certificate_of_another_house_gets_a_hint(shelf, pace, tmp_path):
    """A certificate that Digital Post does not know shows as an outage that says where to look."""
    chain, key = write_certificates(tmp_path, trustme.CA(), "stranger")
    shelf.access = replace(shelf.access, client_cert_file=chain, client_key_file=key)
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="check the client certificate"):
            await inbox.list()


async def test_a_server_that_cannot_be_verified_hears_nothing(shelf, pace, tmp_path):
    """Another authority's server certificate ends the call before a byte of it is sent."""
    (tmp_path / "other.pem").write_bytes(trustme.CA().cert_pem.bytes())
    shelf.access = replace(shelf.access, ca_file=tmp_path / "other.pem")
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match=re.compile("certificate verify failed", re.I)):
            await inbox.list()
    assert shelf.calls == []


async def test_nobody_listening_is_an_outage(shelf, pace):
    """A refused connection says so."""
    shelf.kill()
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="could not be reached"):
            await inbox.list()


def test_a_missing_certificate_file_says_so(shelf, tmp_path):
    """A client certificate that cannot be read is an outage that names the fault."""
    access = replace(shelf.access, client_cert_file=tmp_path / "none.pem")
    with pytest.raises(Unavailable, match=r"none\.pem cannot be read"):
        open_client(access)


def test_plain_http_is_refused(tmp_path):
    """An address without TLS cannot even be configured (H22)."""
    with pytest.raises(ValueError, match="https"):
        RestAccess("http://127.0.0.1/apis/v1/", None, tmp_path, tmp_path)
