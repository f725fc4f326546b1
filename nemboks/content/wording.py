"""Every word of ours in a mail, in Danish and English; nothing of ours is written anywhere else in it (UX.md 9).

One word, one meaning (UX.md 4). What the authority wrote is never translated.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """The words in one language. Labels carry no colon; `{}` is filled in by facts.py and subject.py."""

    language: str
    # labels
    sender: str
    recipient: str
    title: str
    received: str
    deadline: str
    reply: str
    attached: str
    action: str
    senders_text: str
    # values
    untitled: str
    unknown_sender: str
    forwarded: str
    arrived: str  # the legal clock; {} is one of the next two
    at_the_latest: str
    not_before: str
    told: str
    bank_days: tuple[str, str]  # one, several
    no_bank_day: str
    passed: str
    can_reply: str
    cannot_reply: str
    nothing: str
    empty: str
    active: str
    in_part: str
    appointment: str
    original: str
    no_original: str
    see_letter: str
    bad_address: str
    until: str
    # class badges
    legal: str
    mandatory: str
    part: str
    roles: dict[str, str]
    # notes
    no_answer: str
    removed: str
    stays: str
    reference: str
    phrase: str
    # subject
    subject_deadline: str
    subject_neutral: str
    subject_part: str
    subject_roles: dict[str, str]


DA: Final = Wording(
    language="da",
    sender="Brev fra",
    recipient="Til",
    title="Emne",
    received="Modtaget i Digital Post",
    deadline="Frist",
    reply="Svar muligt",
    attached="Vedhæftet",
    action="Handling",
    senders_text="Tekst fra afsenderen",
    untitled="(uden titel)",
    unknown_sender="Ukendt afsender",
    forwarded="videresendt til jer; oprindeligt fra {}",
    arrived="kommet frem, § 10 i lov om Digital Post; {}",
    at_the_latest="senest dette tidspunkt",
    not_before="tidligst {}, senest dette tidspunkt",
    told="oplyst af afsenderen",
    bank_days=("1 bankdag fra {}", "{} bankdage fra {}"),
    no_bank_day="ikke en bankdag, den næste er {}",
    passed="overskredet, da brevet blev hentet",
    can_reply="ja, i Digital Post",
    cannot_reply="nej",
    nothing="intet; afsenderen har kun sendt emnet",
    empty="tom fil",
    active="aktivt indhold",
    in_part="i del {}",
    appointment="aftale til kalenderen",
    original="brevet, som det lå i Digital Post",
    no_original="Brevet, som det lå i Digital Post, er for stort til at sende med.",
    see_letter="Se brevet",
    bad_address="ugyldig adresse",
    until="til {}",
    legal="Retslig meddelelse: hentet af Nemboks {}.",
    mandatory="Obligatorisk meddelelse.",
    part="Del {} af {}.",
    roles={
        "copy": "Kopi: brevet går også til virksomhedens faste adresse.",
        "fallback": "Reservekopi: brevet er endnu ikke nået frem til virksomhedens faste adresse.",
    },
    no_answer="Svar ikke på denne mail. Svar myndigheden i Digital Post.",
    removed="Gem brevet: det fjernes fra Digital Post, når jeres mailserver har taget imod det.",
    stays="Brevet bliver liggende i Digital Post indtil videre.",
    reference="Reference {}",
    phrase="Jeres kendetegn: \"{}\"",
    subject_deadline="Frist {} - ",
    subject_neutral="Nyt brev fra {}",
    subject_part=" (del {} af {})",
    subject_roles={"copy": "Kopi: ", "fallback": "Reservekopi: "},
)  # fmt: skip

EN: Final = Wording(
    language="en",
    sender="Letter from",
    recipient="To",
    title="Subject",
    received="Received in Digital Post",
    deadline="Deadline",
    reply="Can reply",
    attached="Attached",
    action="Action",
    senders_text="The sender's own text",
    untitled="(no title)",
    unknown_sender="Unknown sender",
    forwarded="passed on to you; first from {}",
    arrived="deemed received, section 10 of the Danish Digital Post Act; {}",
    at_the_latest="at this time at the latest",
    not_before="not before {}, at this time at the latest",
    told="as given by the sender",
    bank_days=("1 bank day from {}", "{} bank days from {}"),
    no_bank_day="not a bank day, the next is {}",
    passed="passed when the letter was fetched",
    can_reply="yes, in Digital Post",
    cannot_reply="no",
    nothing="nothing; the sender sent the subject only",
    empty="empty file",
    active="active content",
    in_part="in part {}",
    appointment="appointment for the calendar",
    original="the letter as it lay in Digital Post",
    no_original="The letter as it lay in Digital Post is too large to be sent along.",
    see_letter="See the letter",
    bad_address="invalid address",
    until="until {}",
    legal="Legal notice: fetched by Nemboks {}.",
    mandatory="Mandatory message.",
    part="Part {} of {}.",
    roles={
        "copy": "Copy: the letter also goes to the company's own address.",
        "fallback": "Reserve copy: the letter has not yet reached the company's own address.",
    },
    no_answer="Do not reply to this mail. Reply to the authority in Digital Post.",
    removed="Keep the letter: it leaves Digital Post when your mail server has accepted it.",
    stays="The letter stays in Digital Post for the time being.",
    reference="Reference {}",
    phrase="Your code phrase: \"{}\"",
    subject_deadline="Deadline {} - ",
    subject_neutral="New letter from {}",
    subject_part=" (part {} of {})",
    subject_roles={"copy": "Copy: ", "fallback": "Reserve copy: "},
)  # fmt: skip


def wording(language: str) -> Wording:
    """The words in that language; Danish for one that we do not speak."""
    return EN if language == EN.language else DA
