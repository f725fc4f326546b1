"""A letter in several mails, its appointments and its original (UX.md 9, FEATURES B23, B25, M10, M18)."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.compose import message_id_of
from nemboks.content.errors import ContentsDiffer
from nemboks.content.split import split
from nemboks.domain.headline import Style
from tests.content.mails import attachments, html_of, mailed, text_of, words_of
from tests.content.memos import COPY, GIVEN, File, Memo, action, mail_of, read, reservation, seen_of, sha256, writer
from tests.content.test_message import BODY, HEADER, read_message

FILES = [
    File(bytes([n]) * 100_000, f"Bilag {n}.pdf", role="AdditionalDocument" if n else "MainDocument") for n in range(4)
]
ORIGINAL = replace(COPY, style=Style(original=True))


def parts_of(memo, copy):
    """Every mail of a split letter, as the standard library reads it."""
    raw = memo.xml()
    headline = read(raw)
    seen = seen_of(raw, headline, copy)
    octets = [mail_of(raw, writer(headline, copy, part=part, seen=seen), 997) for part in range(1, copy.count + 1)]
    assert [len(mail) for mail in octets] == [
        writer(headline, copy, part=p, seen=seen).size for p in range(1, copy.count + 1)
    ]
    return [message_from_bytes(mail, policy=default) for mail in octets]


def test_a_split_letter_is_several_whole_mails():
    """Each has its number, its own id and boundary, all facts, and the list of what is where."""
    copy = replace(COPY, parts=((0, 1), (2, 3)))
    one, two = parts_of(Memo(files=FILES), copy)

    assert [m["Subject"] for m in (one, two)] == [
        f"Skattestyrelsen: Årsopgørelse 2026 (del {number} af 2)" for number in (1, 2)
    ]
    assert [m["Nemboks-Part"] for m in (one, two)] == ["1/2", "2/2"]
    assert [m["Message-ID"] for m in (one, two)] == [COPY.message_id, COPY.message_id.replace(".1@", ".2@")]
    assert [m["Message-ID"] for m in (one, two)] == [message_id_of(copy, part) for part in (1, 2)]
    assert one.get_boundary() != two.get_boundary()
    for number, message in ((1, one), (2, two)):
        assert text_of(message).startswith(f"Del {number} af 2.\r\n\r\nBrev fra:")
        assert (
            "1. Bilag 0.pdf (100 kB, i del 1)  2. Bilag 1.pdf (100 kB, i del 1)  "
            "3. Bilag 2.pdf (100 kB, i del 2)  4. Bilag 3.pdf (100 kB, i del 2)"
        ) in text_of(message)
        assert text_of(message).split() == words_of(html_of(message))
    carried = [[part.get_payload(decode=True) for part in attachments(m)] for m in (one, two)]
    assert carried == [[FILES[0].data, FILES[1].data], [FILES[2].data, FILES[3].data]]
    assert two["Nemboks-Docs"].strip().split(", ") == [f"sha256={sha256(file.data)}" for file in FILES[2:]]


def test_the_text_is_in_the_mail_that_has_its_document():
    """The other part lists it and does not repeat it."""
    files = [File(b"%PDF", "a.pdf"), File(b"<p>Hej verden</p>", "b.html", "text/html")]
    one, two = parts_of(Memo(files=files), replace(COPY, parts=((0,), (1,))))

    assert "Hej verden" not in text_of(one)
    assert "Hej verden" in text_of(two)


def test_a_part_checks_the_whole_letter():
    """A document of another part that differs ends no mail."""
    raw = Memo(files=FILES).xml()
    headline = read(raw)
    mail = writer(headline, replace(COPY, parts=((0,), (1, 2, 3))))

    with pytest.raises(ContentsDiffer):
        mail_of(Memo(files=[*FILES[:3], File(b"x" * 100_000, "Bilag 3.pdf")]).xml(), mail)


@pytest.mark.parametrize("part", [0, 3, -1])
def test_there_are_no_other_parts(part):
    """A number outside of the parts is our own mistake."""
    with pytest.raises(ValueError, match="part"):
        writer(read(Memo(files=FILES).xml()), replace(COPY, parts=((0,), (1, 2, 3))), part=part)


def test_a_split_fills_its_mails():
    """As few mails as surely fit, documents in their order; one to a mail where the limit is not known."""
    headline = read(Memo(files=FILES).xml())

    assert split(headline, COPY, 300_000, **GIVEN).parts == ((0, 1), (2, 3))
    assert split(headline, COPY, 150_000, **GIVEN).parts == ((0,), (1,), (2,), (3,))
    assert split(headline, COPY, 0, **GIVEN).parts == ((0,), (1,), (2,), (3,))


@pytest.mark.parametrize(
    ("headline", "copy", "limit"),
    [
        (read(Memo(files=FILES).xml()), COPY, 120_000),  # base64 makes 137 kB of one document
        (read(Memo(files=FILES[:1]).xml()), COPY, 0),
        (read(Memo(files=FILES).xml()), replace(COPY, parts=((0,), (1,), (2,), (3,))), 0),
        (read(Memo(files=[]).xml()), COPY, 0),
        (read_message(HEADER + BODY), COPY, 0),
    ],
)
def test_what_cannot_be_smaller_is_not_split(headline, copy, limit):
    """One document too large, one document alone, nothing left to divide, no document, a message from IMAP."""
    assert split(headline, copy, limit, **GIVEN) is None


def test_a_limit_is_met_to_the_octet():
    """A mail that just fits is not divided further; one octet less, and it cannot be."""
    raw = Memo(files=FILES[:2]).xml()
    headline = read(raw)
    size = max(writer(headline, replace(COPY, parts=((0,), (1,))), part=part).size for part in (1, 2))

    assert split(headline, COPY, size, **GIVEN).parts == ((0,), (1,))
    assert split(headline, COPY, size - 1, **GIVEN) is None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=12), st.integers(8_000, 90_000), st.booleans())
def test_every_mail_of_any_split_fits(sizes, limit, original):
    """Each document is in exactly one mail, in order, and no mail is over the limit."""
    files = [File(b"z" * size, f"{n}.bin") for n, size in enumerate(sizes)]
    files[0] = File(
        b"<p>Hej</p>" * (sizes[0] // 10 + 1), "a.html", "text/html", actions=action("M", "X", reservation())
    )
    raw = Memo(files=files).xml()
    headline = read(raw)
    given = GIVEN | {"seen": seen_of(raw, headline)}
    copy = split(headline, ORIGINAL if original else COPY, limit, **given)
    if copy is None:
        return

    assert [index for part in copy.parts for index in part] == list(range(len(sizes)))
    assert all(writer(headline, copy, part=p, **given).size <= limit for p in range(1, copy.count + 1))


def test_the_original_comes_last_and_is_the_letter():
    """The stored octets, streamed a second time, under a name of their own (M18, B23)."""
    files = [File(b"a" * 5000), File(b"", "Brev.memo.xml", "application/xml")]
    memo = Memo(files=files)
    _, message = mailed(memo, ORIGINAL)
    seen = attachments(message)

    assert [part.get_filename() for part in seen][1:] == ["Brev.memo.xml", "Brev.memo (2).xml"]
    assert seen[2].get_payload(decode=True) == memo.xml()
    assert "3. Brev.memo (2).xml (8 kB, brevet, som det lå i Digital Post)" in text_of(message)
    assert message["Nemboks-Docs"].count("sha256=") == 2


@pytest.mark.parametrize("step", [1, 100, 57_001])
def test_the_original_is_the_same_however_it_is_cut(step):
    """Two passes give the same octets in any pieces."""
    raw = Memo(files=FILES[:1]).xml()
    headline = read(raw)

    assert mail_of(raw, writer(headline, ORIGINAL), step) == mail_of(raw, writer(headline, ORIGINAL))


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw + b"\n", lambda raw: raw.replace(b"2", b"3")])
def test_a_second_pass_of_other_contents_ends_no_mail(change):
    """The letter is checked each time it goes by."""
    raw = Memo().xml()
    mail = writer(read(raw), ORIGINAL)
    mail.feed(raw)
    mail.turn()

    with pytest.raises(ContentsDiffer):
        mail.feed(change(raw))
        mail.close()


def test_an_original_that_does_not_fit_is_left_out_and_told():
    """The letter that would fit without it goes as one mail; a smaller server gets parts; both say so."""
    memo = Memo(files=FILES)
    headline = read(memo.xml())
    whole, parts = (split(headline, ORIGINAL, limit, **GIVEN) for limit in (600_000, 300_000))
    (one,) = parts_of(memo, whole)

    assert (whole.parts, parts.parts) == (((0, 1, 2, 3),), ((0, 1), (2, 3)))
    assert (one["Nemboks-Part"], "Del 1" in text_of(one)) == (None, False)
    for message in (one, *parts_of(memo, parts)):
        assert "Brevet, som det lå i Digital Post, er for stort til at sende med." in text_of(message)
        assert "Brev.memo.xml" not in text_of(message)
    assert split(headline, whole, 300_000, **GIVEN) == parts


def test_an_appointment_is_a_calendar_file():
    """Published, without attendees, its id the same in every copy and in a later letter that moves it (M10)."""
    first, moved = (
        mailed(Memo(title=title, files=[File(actions=action("Møde", "AFTALE", reservation(start=start)))]))[1]
        for title, start in (("Indkaldelse", "2026-12-01T09:00:00Z"), ("Ny tid", "2026-12-01T09:30:00Z"))
    )
    (_, calendar), (_, later) = attachments(first), attachments(moved)
    text = calendar.get_payload(decode=True).decode()

    assert calendar.get_filename() == "aftale.ics"
    assert (calendar.get_content_type(), calendar.get_param("method")) == ("text/calendar", "PUBLISH")
    for line in ("METHOD:PUBLISH", "DTSTART:20261201T090000Z", "SUMMARY:Møde", "LOCATION:Rådhuset\\, lokale 3",
                 "DESCRIPTION:Samtale om regnskabet\\nTag bilag med\\nSkattestyrelsen"):  # fmt: skip
        assert f"\r\n{line}\r\n" in text
    assert "ATTENDEE" not in text and "VALARM" not in text
    uid = text.split("\r\n")[6]
    assert uid.startswith("UID:") and f"\r\n{uid}\r\n" in later.get_payload(decode=True).decode()
    assert "Handling:      Møde, 01-12-2026 kl. 10.00, til 01-12-2026 kl. 11.00, Rådhuset, lokale 3" in text_of(first)
    assert "2. aftale.ics (" in text_of(first) and "aftale til kalenderen" in text_of(first)


def test_only_what_has_a_time_is_an_appointment():
    """A reservation without a start makes no file; two make two."""
    none = action("Møde", "AFTALE", reservation(start="snart"))
    two = action("A", "AFTALE", reservation()) + action("B", "AFTALE", reservation(uuid=""))
    names = [
        [part.get_filename() for part in attachments(mailed(Memo(files=[File(actions=actions)]))[1])][1:]
        for actions in (none, two)
    ]

    assert names == [[], ["aftale.ics", "aftale (2).ics"]]
