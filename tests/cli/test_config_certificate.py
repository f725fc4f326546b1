"""RELIABILITY H23: our certificate at Digital Post ends, and `nemboks config check` said that all was in order."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme


def _with_certificate(place, days: float) -> None:
    leaf = trustme.CA().issue_cert("nemboks@kunde.example", not_after=datetime.now(UTC) + timedelta(days=days, hours=1))
    chain, key = place.folder / "post.pem", place.folder / "post.key"
    chain.write_bytes(leaf.cert_chain_pems[0].bytes())
    key.write_bytes(leaf.private_key_pem.bytes())
    ours = f'client_cert_file = "{chain}"\nclient_key_file = "{key}"\nimap_host = "imap.firma.dk"'
    text = place.config.read_text().replace("[upstream]", f"[upstream]\n{ours}")
    place.config.write_text(text + '[sender]\naddress = "post@firma.dk"\n')


@pytest.mark.parametrize(("days", "told"), [(60, ["ends in 60 days"]), (1, ["ends in 1 day:"]), (61, [])])
def test_a_certificate_that_ends_soon_is_told_before(empty, days, told) -> None:
    """From sixty days before its end on; not earlier, for nobody acts on what is told too early."""
    _with_certificate(empty, days)
    warnings = empty.ask("config", "check")["warnings"]

    assert [one["setting"] for one in warnings] == ["upstream.client_cert_file"] * len(told)
    assert all(words in one["words"] for words, one in zip(told, warnings, strict=True))


def test_a_certificate_that_has_ended_is_a_fault(empty) -> None:
    """The check ends with 78: no post is fetched by it."""
    _with_certificate(empty, -3)
    (fault,) = empty.ask("config", "check", code=78)["items"]

    assert (fault["setting"], "ended 3 days ago" in fault["words"]) == ("upstream.client_cert_file", True)
