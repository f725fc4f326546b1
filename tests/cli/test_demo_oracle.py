"""The demo's judge on made-up ends: each breach by itself is counted, and what only looks like one is not."""

from typing import Any

import pytest

from nemboks.cli.demo_ends import Ends, Forever
from nemboks.cli.demo_letters import Posted
from nemboks.cli.demo_oracle import judge

ANNA, BO = "13748136", "24256790"
UUID = "0F8FAD5B-d9cb-469f-a165-70867728950e"
HARM = ("lost", "misdelivered", "premature_receipts", "copies", "unsettled")


def company(cvr: str, **changes: Any) -> dict[str, Any]:
    return {"cvr": cvr, "address": f"post@{cvr}.example", "face": "rest", "server": "implicit"} | changes


def letter(n: int = 1, **changes: Any) -> dict[str, Any]:
    """A letter to Anna with two documents, posted as act 1, receipted as act 20."""
    return {
        "id": n, "message_uuid": UUID, "uids": [], "cvr": ANNA, "kind": "DIGITALPOST", "listed": False,
        "documents": [{"sha256": "aa"}, {"sha256": "bb"}], "deletes": [], "expunged": None, "removed": 20,
        "receipts": [{"n": 20, "taken": True, "status": "COMPLETED"}],
    } | changes  # fmt: skip


LISTED: dict[str, Any] = {"receipts": [], "removed": None, "listed": True}


def mail(n: int = 10, to: str = ANNA, docs: str = "aa bb", key: str = UUID.lower(), **changes: Any) -> dict[str, Any]:
    return {
        "n": n, "to": f"post@{to}.example", "subject": "s", "message_id": "<1@x>", "size": 9,
        "headers": {"Nemboks-Letter": key, "Nemboks-Cvr": ANNA},
        "attachments": [{"name": f"{x}.txt", "sha256": x, "size": 1} for x in docs.split()],
    } | changes  # fmt: skip


def row(state: str = "ACKNOWLEDGED", **changes: Any) -> dict[str, Any]:
    return {
        "cvr": ANNA, "upstream_id": UUID.lower(), "state": state, "reason": None, "attempts": 1, "uncertain": 0,
        "available_at": "a", "forwarded_at": "f", "acknowledged_at": "k",
    } | changes  # fmt: skip


def posted(**changes: Any) -> Posted:
    return Posted(**({"source": "a", "message_uuid": UUID, "cvr": ANNA, "inbox": "rest", "accepted": True} | changes))


def judged(
    letters: list[dict], mails: list[dict], rows: list[dict], rounds: list[Posted] | None = None,
    forever: Forever | None = None, troubles: dict[str, str] | None = None, companies: list[dict] | None = None,
) -> dict[str, Any]:  # fmt: skip
    ends = Ends.of(letters, mails, companies or [company(ANNA), company(BO)], rows, troubles)
    return judge(rounds or [posted()], ends, forever, kills=0, seconds=1.23)


def harm(result: dict[str, Any]) -> dict[str, int]:
    return {name: result[name] for name in HARM if result[name]}


def test_a_letter_that_went_its_way_is_ok() -> None:
    """One mail with every document, before the receipt: nothing is counted but the good."""
    result = judged([letter()], [mail()], [row()])

    assert (True, {}) == (result["ok"], harm(result))
    assert (1, 1, 1, 0) == tuple(result[x] for x in ("posted", "accepted", "acknowledged", "held"))
    only = result["letters"][0]
    assert ("delivered", "ACKNOWLEDGED", UUID) == (only["expect"], only["state"], only["message_uuid"])
    assert ["aa.txt", "bb.txt"] == [x["name"] for x in only["mail"]["attachments"]]


OWN = {"headers": {"Nemboks-Letter": UUID.lower(), "Nemboks-Cvr": BO}}
BREACHES: dict[str, tuple[list[dict], dict[str, int]]] = {
    "no mail at all": ([], {"lost": 1, "premature_receipts": 1}),
    "a document is missing": ([mail(docs="aa")], {"lost": 1, "premature_receipts": 1}),
    "a document is damaged": ([mail(docs="aa bx")], {"lost": 1, "premature_receipts": 1}),
    "the documents are spread over two mails": (
        [mail(docs="aa"), mail(11, docs="bb")],
        {"lost": 1, "premature_receipts": 1, "copies": 1},
    ),
    "the mail came one step after the receipt": ([mail(21)], {"premature_receipts": 1}),
    "the mail was kept, its 250 never said": ([mail(kept_only=True)], {"premature_receipts": 1}),
    "the whole mail came after the receipt, a half one before": (
        [mail(docs="aa"), mail(21)],
        {"premature_receipts": 1, "copies": 1},
    ),
    "it came twice": ([mail(), mail(11)], {"copies": 1}),
    "the second copy was kept without a 250": ([mail(), mail(11, kept_only=True)], {"copies": 1}),
    "it went to another company": ([mail(to=BO)], {"lost": 1, "premature_receipts": 1, "misdelivered": 1}),
    "it went to another company too": ([mail(), mail(11, to=BO)], {"misdelivered": 1}),
    "to another company, without labels": ([mail(), mail(11, to=BO, headers={})], {"misdelivered": 1, "copies": 1}),
    "to another company, without documents": ([mail(), mail(11, to=BO, docs="", **OWN)], {"misdelivered": 1}),
    "to nobody's address": ([mail(), mail(11, to="99999999", docs="")], {"misdelivered": 1}),
    "to two addresses at once": ([mail(), mail(11) | {"to": f"post@{ANNA}.example, post@x"}], {"misdelivered": 1}),
    "under another company's number": ([mail(**OWN)], {"misdelivered": 1}),
    "a mail of no letter": ([mail(), mail(11, docs="", headers={})], {"copies": 1}),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_counted(name: str) -> None:
    """Each breach by itself makes the run not ok, by its own counts, though the ledger says that all is well."""
    mails, expected = BREACHES[name]
    result = judged([letter()], mails, [row()])

    assert (False, expected) == (result["ok"], harm(result))


@pytest.mark.parametrize(
    "gone",
    [
        {"deletes": [10]},
        {"expunged": 10},
        {"receipts": [{"n": 10, "taken": True, "status": "INVALID"}]},
        {
            "receipts": [
                {"n": 10, "taken": True, "status": "COMPLETED"},
                {"n": 20, "taken": True, "status": "COMPLETED"},
            ]
        },
    ],
)
def test_the_first_act_that_removes_counts(gone: dict[str, Any]) -> None:
    """Receipt, DELETE or EXPUNGE: the earliest is compared with the 250, by one step of the counter."""
    early, late = (judged([letter(**gone)], [mail(n)], [row()]) for n in (11, 9))

    assert {"premature_receipts": 1} == harm(early)
    assert (True, {}) == (late["ok"], harm(late))


def test_what_takes_nothing_is_no_removal() -> None:
    """A technical receipt and one that was not taken say nothing about the letter."""
    receipts = [
        {"n": 2, "taken": True, "status": "RECEIVED"},
        {"n": 3, "taken": False, "status": "COMPLETED"},
        {"n": 20, "taken": True, "status": "COMPLETED"},
    ]
    assert judged([letter(receipts=receipts)], [mail()], [row()])["ok"]


@pytest.mark.parametrize(("uncertain", "ok"), [(0, False), (1, True)])
def test_a_copy_needs_an_uncertain_end(uncertain: int, ok: bool) -> None:
    """As many copies as uncertain ends are allowed, and not one more."""
    result = judged([letter()], [mail(kept_only=True), mail(11)], [row(uncertain=uncertain)])

    assert (ok, 1, uncertain) == (result["ok"], result["copies"], result["uncertain"])


@pytest.mark.parametrize(
    ("letters", "rows", "state"),
    [
        ([letter(**LISTED)], [], "UPSTREAM"),
        ([letter(**LISTED)], [row("FORWARDED")], "FORWARDED"),
        ([letter(**LISTED)], [row("WAITING", reason="temporary")], "WAITING"),
        ([letter(**LISTED)], [row("HELD")], "HELD"),
        ([letter(**LISTED)], [row()], "ACKNOWLEDGED"),
        ([letter()], [row("FORWARDED")], "FORWARDED"),
        ([], [], "UPSTREAM"),
    ],
)
def test_what_is_on_its_way_is_unsettled(letters: list[dict], rows: list[dict], state: str) -> None:
    """Upstream and the ledger must both be through with it; a hold needs a reason; a lost row is no excuse."""
    result = judged(letters, [mail()], rows)

    assert (False, 1, state) == (result["ok"], result["unsettled"], result["letters"][0]["state"])
    assert 1 == result["accepted"]


def test_a_hold_nobody_expected_is_not_ok() -> None:
    """Nothing forbids the delivery: a letter that is HELD or whose mail is missing is astray."""
    result = judged([letter(**LISTED)], [], [row("HELD", reason="unreadable")])

    assert (False, {}, 1) == (result["ok"], harm(result), result["held"])


@pytest.mark.parametrize(("uncertain", "ok"), [(2, False), (3, True)])
def test_three_uncertain_ends_settle(uncertain: int, ok: bool) -> None:
    """HELD after three uncertain ends counts as settled; the word alone, without the ends, does not."""
    held = row("HELD", reason="three_uncertain", uncertain=uncertain)
    result = judged([letter(**LISTED)], [mail(kept_only=True)], [held])

    assert (ok, {}, 1) == (result["ok"], harm(result), result["held"])


def test_a_held_nemsms_is_held() -> None:
    """It lies upstream, nobody has mailed it; once receipted or mailed it is not ok."""
    sms, held = {"kind": "NEMSMS", "documents": []}, [row("HELD", reason="nemsms")]

    good = judged([letter(**sms, **LISTED)], [], held)
    assert (True, "held", 1) == (good["ok"], good["letters"][0]["expect"], good["held"])
    assert {"lost": 1, "premature_receipts": 1} == harm(judged([letter(**sms)], [], held))
    assert not judged([letter(**sms, **LISTED)], [mail(docs="")], held)["ok"]


def test_a_rejected_letter_is_posted_and_not_accepted() -> None:
    """The sender was told no: the row says so, and nothing is expected of it."""
    result = judged([letter()], [mail()], [row()], [posted(), posted(source="b", message_uuid=None, accepted=False)])

    assert (True, 2, 1) == (result["ok"], result["posted"], result["accepted"])
    assert ("rejected", "REJECTED_UPSTREAM") == tuple(result["letters"][1][x] for x in ("expect", "state"))


NEVER = Forever("held", ("rest",), ("implicit",))


@pytest.mark.parametrize(
    ("rows", "troubles", "state", "unsettled"),
    [
        ([row("WAITING", reason="temporary")], {}, "WAITING", 0),
        ([row("FOUND", reason="unavailable")], {}, "WAITING", 0),
        ([row("VANISHED", reason="gone")], {}, "WAITING", 0),
        ([row("HELD", reason="unreadable")], {}, "HELD", 0),
        ([], {ANNA: "refused"}, "WAITING", 0),
        ([row("FOUND", reason="unreadable")], {}, "FOUND", 1),
        ([row("WAITING")], {}, "WAITING", 1),
        ([row("SENDING", reason="temporary")], {}, "SENDING", 1),
        ([], {BO: "refused"}, "UPSTREAM", 1),
    ],
)
def test_a_fault_that_never_heals(rows: list[dict], troubles: dict[str, str], state: str, unsettled: int) -> None:
    """Its letters are settled once they wait or are held with a reason, listed or not."""
    result = judged([letter(**LISTED)], [], rows, forever=NEVER, troubles=troubles)

    assert (unsettled == 0, unsettled) == (result["ok"], result["unsettled"])
    assert ("held", state) == tuple(result["letters"][0][x] for x in ("expect", "state"))


def test_a_fault_that_forbids_delivery_is_no_excuse_for_one() -> None:
    """A letter that was delivered and receipted all the same is astray, though no harm is counted."""
    result = judged([letter()], [mail()], [row()], forever=NEVER)

    assert (False, {}) == (result["ok"], harm(result))


def test_a_fault_elsewhere_excuses_nobody() -> None:
    """A company that the fault cannot reach must get its letters."""
    result = judged(
        [letter(**LISTED)], [], [row("WAITING", reason="temporary")], forever=Forever("held", ("imap",), ("implicit",))
    )
    assert (False, 1, "delivered") == (result["ok"], result["unsettled"], result["letters"][0]["expect"])


def test_a_receipt_that_is_never_taken_leaves_letters_forwarded() -> None:
    """They are delivered and settled; a letter that only waits for its mail server is not."""
    late = Forever("delivered", ("rest",), ("implicit",))
    good = judged([letter(**LISTED)], [mail()], [row("FORWARDED", reason="unavailable")], forever=late)
    waits = judged([letter(**LISTED)], [], [row("WAITING", reason="cut")], forever=late)

    assert (True, 0) == (good["ok"], good["held"])
    assert (False, 1) == (waits["ok"], waits["unsettled"])


def test_a_renumbered_imap_letter_is_the_same_letter() -> None:
    """A mail under the old number, a row under the new one, and another company's letter of the same number."""
    uids = [{"uidvalidity": 5, "uid": 3}, {"uidvalidity": 6, "uid": 1}]
    imap = {"message_uuid": None, "inbox": "imap"}
    mine = letter(**imap, uids=uids, receipts=[], expunged=20)
    other = letter(2, **imap, cvr=BO, uids=uids[1:], receipts=[], expunged=21, documents=[{"sha256": "cc"}])
    others = mail(11, to=BO, docs="cc", headers={"Nemboks-Letter": "6.1", "Nemboks-Cvr": BO})
    rows = [row(upstream_id="6.1"), row(upstream_id="6.1", cvr=BO)]
    rounds = [posted(**imap, upstream=1), posted(**imap, upstream=2, cvr=BO)]

    result = judged([mine, other], [mail(key="5.3"), others], rows, rounds)
    assert (True, {}, 2) == (result["ok"], harm(result), result["acknowledged"])
    again = judged([mine, other], [mail(key="5.3"), mail(12, key="6.1"), others], rows, rounds)
    assert {"copies": 1} == harm(again)


def test_a_document_that_two_companies_got_is_nobodys_secret() -> None:
    """The same leaflet for both: its mails are where they belong."""
    second = letter(2, message_uuid="b", cvr=BO)
    mails = [mail(), mail(11, to=BO, headers={"Nemboks-Letter": "b", "Nemboks-Cvr": BO})]
    rounds = [posted(), posted(message_uuid="b", cvr=BO)]
    assert judged([letter(), second], mails, [row(), row(cvr=BO, upstream_id="b")], rounds)["ok"]


def parted(n: int, number: int, docs: str, count: int = 2) -> dict[str, Any]:
    """One mail of a split letter."""
    one = mail(n, docs=docs)
    return one | {"headers": one["headers"] | {"Nemboks-Part": f"{number}/{count}"}}


@pytest.mark.parametrize(
    ("mails", "uncertain", "found"),
    [
        ([parted(9, 1, "aa"), parted(10, 2, "bb")], 0, {}),
        ([parted(9, 1, "aa"), parted(10, 2, "bb"), parted(11, 2, "bb")], 1, {"copies": 1}),
        ([mail(8), parted(9, 1, "aa"), parted(10, 2, "bb")], 1, {"copies": 1}),
        ([parted(9, 1, "aa")], 0, {"lost": 1, "premature_receipts": 1}),
        ([parted(9, 1, "aa"), parted(10, 1, "bb")], 1, {"lost": 1, "premature_receipts": 1, "copies": 1}),
        ([parted(9, 1, "aa"), parted(21, 2, "bb")], 0, {"premature_receipts": 1}),
        ([parted(9, 1, "aa"), parted(10, 2, "bb") | {"kept_only": True}], 0, {"premature_receipts": 1}),
        ([mail(9, docs="aa"), mail(10, docs="bb")], 1, {"lost": 1, "premature_receipts": 1, "copies": 1}),
    ],
)
def test_a_split_letter_is_whole_with_all_of_its_parts(mails, uncertain, found) -> None:
    """Every part must be confirmed before the receipt; halves that do not say that they are parts are no letter."""
    result = judged([letter()], mails, [row(uncertain=uncertain)])

    assert harm(result) == found
    assert result["ok"] is not (set(found) - {"copies"} != set())
