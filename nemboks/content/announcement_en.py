"""Announcements in English; the same keys and gaps as in Danish."""

from collections.abc import Mapping
from typing import Final

from nemboks.content.announcement_words import Announced, Key, Sentence
from nemboks.domain.announcements import Kind

_CODE: Final = "The code is: {code}"
_LASTS: Final = "It is good for {minutes} minutes, until {code_until}, and can be used once."
_KEEP: Final = "Give the code to nobody who calls or writes for it: we never do."
_ASKED_BY: Final[Sentence] = (
    "Asked for by {who}, {at} (change no. {change}).",
    "Asked for by {who}, {at}.",
    "Asked for by {who}.",
    "Asked for {at}.",
)
_FROM_TO: Final[Sentence] = ("From {old} to {new}.", "The new address is {new}.", "The old address is {old}.")
_SINCE: Final = "In force from {effect_at}."
_WHEN: Final[Sentence] = (
    "If nobody says no, it happens {effect_at}; if everybody whom we asked confirms, it happens at once.",
    "If nobody says no, it happens 72 hours after the new address is confirmed.",
)
_RIGHT: Final = "If it is right, there is nothing to do."
# `{code:.0}` shows nothing: it asks for a code, which those who can stop it by right are not sent.
_CONFIRM: Final[Sentence] = (
    "If it is right: type the code{code:.0} at the command `nemboks address confirm {change}`.", _RIGHT,
)  # fmt: skip
_NOT_ME: Final[Sentence] = (
    "It was not me: type the code{code:.0} at the command `nemboks address cancel {change} --code-file -`, or ask an "
    "administrator of yours to stop it.",
    "It was not me: stop it with the command `nemboks address cancel {change}`.",
)
_TAKE_BACK: Final[Sentence] = (
    "It was not me: take it back before {cancel_until} with the command `nemboks address rollback {change}`, as an "
    "administrator, or with the code from our first message and `--code-file -`.",
    "It was not me: take it back with the command `nemboks address rollback`, as an administrator, or with the code "
    "from our first message and `--code-file -`.",
)
_CASE: Final[Sentence] = ("Case: {case}, {kind}.", "Case: {case}.")
_REASON: Final = "Reason: {reason}"
_HERE: Final = "You read new post in Digital Post at virk.dk."

TEXTS: Final[Mapping[Key, Announced]] = {
    (Kind.ADDRESS_CODE, ""): Announced(
        "Here is the code that confirms this address for {firm}.",
        (
            _CODE,
            _LASTS,
            ("Type it at the command `nemboks address confirm {change}`.",
             "Type it at the command `nemboks address confirm`."),
            _KEEP,
            "The present address was told. The change happens when all whom we asked confirm, or else 72 hours later.",
            "If you know nothing of this, there is nothing to do: without the code nothing happens.",
        ),
    ),
    (Kind.ADDRESS_ASKED, ""): Announced(
        "Somebody has asked to change {subject}.",
        (_ASKED_BY, _FROM_TO, _WHEN, _CODE, _CONFIRM, _NOT_ME, "Until then everything is as it was."),
    ),
    (Kind.ADDRESS_CHANGED, ""): Announced(
        "{subject} has been changed.", (_FROM_TO, _SINCE, _ASKED_BY, "Done by {by}.", _TAKE_BACK, _RIGHT)
    ),
    (Kind.ADDRESS_CHANGED, "forwarding"): Announced(
        "{subject} has been changed.",
        (
            _FROM_TO, _SINCE, _ASKED_BY, "Done by {by}.",
            "For the first 3 days the letters also stay in Digital Post, so that none can be lost.", _TAKE_BACK, _RIGHT,
        ),
    ),
    (Kind.ADDRESS_CHANGED, "contact"): Announced(
        "{subject} has been changed.",
        (
            _FROM_TO, "Done by {by}.",
            "The second contact is told when the address for letters fails, and is asked when that is to be changed.",
            "It was not me: ask an owner or administrator of yours to put it back with the command `nemboks cvr set`.",
            _RIGHT,
        ),
    ),
    (Kind.ADDRESS_REMINDER, ""): Announced(
        "A reminder: {subject} has been changed.", (_FROM_TO, _SINCE, _ASKED_BY, _TAKE_BACK, _RIGHT)
    ),
    (Kind.ADDRESS_CANCELLED, ""): Announced(
        ("{subject} is the old one again: the change was taken back{letters:.0}.",
         "{subject} will not be changed: the change was stopped."),
        (
            ("Taken back by {by}{letters:.0}.", "Stopped by {by}."),
            _ASKED_BY, "The new address was {new}.", "The address in force is {old}.",
            "Went to the new address, and still in Digital Post: {held}. {old} gets a copy of each; then release "
            "them with the command `nemboks letter release`.",
            "If it was not you who asked for the change, see with the command `nemboks grant list` who has access, and "
            "ask an administrator to end what should not be.",
        ),
    ),
    (Kind.ADDRESS_PROOF, ""): Announced(
        "Here is the code that confirms that letters to {firm} reach this address.",
        (
            _CODE,
            _LASTS,
            ("Type it at the command `nemboks address prove {typed_cvr}`.",
             "Type it at the command `nemboks address prove`."),
            _KEEP,
            "We send letters here already. They also stay in Digital Post until the code is typed.",
            "If you do not know the company, do not type the code: then we remove no letter.",
        ),
    ),
    (Kind.CONSENT_ASKED, ""): Announced(
        "Let us in if we are to forward the Digital Post of {firm}.",
        (
            "{account} asked us to forward it.",
            ("You do that in Digital Post at virk.dk: make a recipient system, and name CVR {our_cvr} as its supplier.",
             "You do that in Digital Post at virk.dk: make a recipient system, and name our CVR as its supplier."),
            "We see for ourselves when it is done, and then begin to forward. You need not tell us.",
            "Until then we fetch nothing: the post lies in Digital Post as before.",
            "If you have agreed on this with nobody, there is nothing to do.",
        ),
    ),
    (Kind.CONTACT_MISSING, ""): Announced(
        "Only one address can be told if something goes wrong for {firm}.",
        (
            "It is {address}.",
            "If that address is what does not work, our message does not reach you. The letters stay in Digital Post.",
            "Next step: give us a second contact, better at another domain (anden_kontakt where CVRs are imported; "
            "second_contact in the settings).",
        ),
    ),
    (Kind.ESTATE_CODE, ""): Announced(
        "Here is the code that confirms your address in the case of {firm}.",
        (
            "Case: {case}.",
            _CODE,
            _LASTS,
            "Call the person of ours whom you have turned to, and tell it.",
            _KEEP,
            "Then two people look at the case. If both say yes, new post is sent to you from the time they set.",
            "If you do not know the case, there is nothing to do: without the code nothing is sent to you.",
        ),
    ),
    (Kind.ESTATE_IN_EFFECT, ""): Announced(
        ("New Digital Post to {firm} now goes to {trustee}.",
         "New Digital Post to {firm} now goes to the appointed person."),
        (_CASE, "In force from {effective_at}.", "Older letters lie in Digital Post at virk.dk."),
    ),
    (Kind.ESTATE_IN_EFFECT, "previous"): Announced(
        "New Digital Post to {firm} is no longer sent to you.",
        (
            _CASE,
            ("Letters that come {effective_at} or later go to {trustee}.",
             "Letters that come {effective_at} or later go to the appointed person."),
            "Letters that you already have are yours to keep.",
            ("Ask {trustee} about the post; if the case itself is wrong, ask the probate court.",
             "If the case is wrong, ask the probate court."),
            "We cannot change it by ourselves: that takes a new decision, seen by two people here.",
        ),
    ),
    (Kind.ESTATE_IN_EFFECT, "kurator"): Announced(
        "New Digital Post to {firm} is now sent to you.",
        (
            _CASE,
            "That is letters that came {effective_at} or later.",
            "Only later post is promised. Older letters lie in Digital Post: apply for designated access (udpeget "
            "adgang) at virk.dk.",
            "Held back here because they are older or uncertain: {held}.",
            "Delivered to the previous address before: {delivered_before}.",
            "The list of earlier letters, without contents, you get from the person of ours whom you have talked to.",
        ),
    ),
    (Kind.ESTATE_ENDED, ""): Announced(
        "The case of {firm} has ended.",
        (_CASE, _REASON, "If in doubt about the post, ask the person of ours whom you have talked to."),
    ),
    (Kind.ESTATE_ENDED, "refused"): Announced(
        "The case of {firm} was refused: post goes to the company as before.",
        (
            _CASE, _REASON,
            "Letters that waited for the case go to the company's own address.",
            "If that is a mistake, the case can be registered again with the right documents.",
        ),
    ),
    (Kind.ESTATE_ENDED, "reversed"): Announced(
        "The case of {firm} was reversed: new post goes to the company again.",
        (
            _CASE, _REASON,
            "Letters delivered meanwhile are with whoever got them: ask there.",
            "If that is a mistake, turn to us with the latest decision.",
        ),
    ),
    (Kind.ESTATE_ENDED, "closed"): Announced(
        "The case of {firm} is closed: new post is no longer sent by it.",
        (_CASE, _REASON, "Letters already delivered stay with whoever got them.", _HERE),
    ),
    (Kind.ESTATE_ENDED, "replaced"): Announced(
        "The case of {firm} was taken over by another: new post goes to the new recipient.",
        (
            _CASE, _REASON,
            "Letters already delivered stay with whoever got them.",
            "If that is a mistake, turn to us with the latest decision.",
        ),
    ),
    (Kind.FUSE_TRIPPED, ""): Announced(
        "The fuse has tripped for all CVRs: nothing is removed from Digital Post.",
        (
            "Why: {why}",
            "Since: {at}",
            "Letters are still sent. From now on they also stay in Digital Post.",
            "Next step: find the cause with the commands `nemboks fuse show` and `nemboks audit export`, then switch "
            "it on again with `nemboks fuse reset`.",
        ),
    ),
    (Kind.FUSE_TRIPPED, "one"): Announced(
        "The fuse has tripped for {firm}: nothing is removed from Digital Post.",
        (
            "Why: {why}",
            "Since: {at}",
            "Letters are still sent. From now on they also stay in Digital Post.",
            "Next step: find the cause with the command `nemboks fuse show`, then switch it on again with "
            "`nemboks fuse reset`.",
        ),
    ),
    (Kind.GOLIVE_REPORT, ""): Announced(
        "The trial of {firm} is over: delivered letters are now removed from Digital Post.",
        (
            "During the trial: {letters}, {forwarded} of them delivered.",
            "Half of them arrived within {median_seconds}, 95 % within {p95_seconds}.",
            "Not delivered yet: {undelivered}. What is not delivered stays in Digital Post.",
            "Started by {by}.",
            "If you want the letters to stay in Digital Post after all, use the command `nemboks mailbox shadow`.",
        ),
    ),
    (Kind.GOLIVE_REPORT, "reminder"): Announced(
        "The trial of {firm} has passed: letters still stay in Digital Post.",
        (
            "It was set to {days} days. Nothing happens by itself, and letters are sent as before.",
            ("Next step: see the report with the command `nemboks mailbox golive {typed_cvr} --dry-run`, and then go "
             "live with `nemboks mailbox golive {typed_cvr}`.",
             "Next step: see the report with the command `nemboks mailbox golive --dry-run`, and then go live with "
             "`nemboks mailbox golive`."),
        ),
    ),
    (Kind.GRANT_CHANGED, ""): Announced(
        "Somebody's access to {firm} has been changed.",
        ("It is about {who} ({role}).", "Changed by {by}.", "See them all with the command `nemboks grant list`."),
    ),
    (Kind.GRANT_CHANGED, "given"): Announced(
        ("New access to {firm}: {who} is now {role}.", "Somebody was given access to {firm}."),
        (
            "Given by {by}.", "The access lasts until {until}.", _RIGHT,
            "Else: end it with the command `nemboks grant end`, and see them all with `nemboks grant list`.",
        ),
    ),
    (Kind.GRANT_CHANGED, "ended"): Announced(
        ("Access to {firm} has ended: {who} is no longer {role}.", "Somebody no longer has access to {firm}."),
        (
            "Ended by {by}.", "The access ends {until}.", _RIGHT,
            "Else: give it again with the command `nemboks grant add`, and see them all with `nemboks grant list`.",
        ),
    ),
    (Kind.PLAN_CANCELLED, ""): Announced(
        ("The plan {plan} of {account} is cancelled and ends {ends_at}.",
         "The plan of {account} is cancelled and ends {ends_at}.", "The plan is cancelled."),
        (
            "CVR: {cvrs}",
            "Until then we forward as before.",
            "After that we send nothing new: you read new post in Digital Post at virk.dk. Delivered letters we "
            "bring to their end.",
            "Undo it before then with the command `nemboks plan undo`.",
        ),
    ),
    (Kind.PLAN_ENDED, ""): Announced(
        ("Forwarding for {account} stopped {ended_at}.", "Forwarding has stopped."),
        (
            "CVR: {cvrs}",
            "No post is lost. " + _HERE,
            "Letters that arrived before are in your own mail.",
            "To begin again, use the command `nemboks plan set`.",
        ),
    ),
    (Kind.RECONCILIATION, ""): Announced(
        ("The reconciliation of {day} does not agree for {firm}.", "The reconciliation does not agree for {firm}."),
        (
            "{items}",
            "It compares Digital Post, our ledger and the mail server's confirmations.",
            "Next step: see the letters with the command `nemboks letter list` and why with `nemboks explain`.",
        ),
    ),
    (Kind.UNROUTED, ""): Announced(
        ("{number} to {firm} waiting: no rule says where post should go.",
         "Letters to {firm} waiting: no rule says where they should go."),
        (
            "Oldest letter: {oldest_at}",
            "Owner: {owner}",
            "The post is not lost. It lies in Digital Post.",
            "Next step: see them with the command `nemboks letter tray`, and set a rule that fits with "
            "`nemboks route rule add`: then they go on by themselves.",
        ),
    ),
}  # fmt: skip
