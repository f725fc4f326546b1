"""A letter whose main document is text is read in the mail itself, and attached unchanged (UX.md 9, B18-B23, B27)."""

import pytest

from nemboks.content.compose import Preread, Seen, View
from nemboks.content.errors import ContentsDiffer
from tests.content.mails import attachments, html_of, mailed, text_of, words_of
from tests.content.memos import COPY, File, Memo, mail_of, read, seen_of, writer

HTML = (
    "<html><body><h1>Afgørelse</h1><p>Kære <b>firma</b>, se <a href='https://virk.dk/x'>svaret</a>.</p></body></html>"
)
EVIL = "<p onclick=x()>Hej<script>x()</script><img src=http://ond.example/p.gif><form action=http://ond.example>"


def text_file(data, media_type="text/html", **more):
    """A main document of text."""
    return File(data if isinstance(data, bytes) else data.encode(), "brev.html", media_type, **more)


def unix(text):
    """The text with LF line ends."""
    return text.replace("\r\n", "\n")


def test_an_html_letter_is_read_in_the_mail():
    """Its words stand in both bodies, in a marked block; links are text; the original is attached as it was."""
    _, message = mailed(Memo(files=[text_file(HTML, "text/html; charset=utf-8")]))
    text, html = text_of(message), html_of(message)

    assert "Tekst fra afsenderen:\n    Afgørelse\n\n    Kære firma, se svaret (virk.dk).\n\n--" in unix(text)
    assert text.split() == words_of(html)
    assert "href" not in html and "https" not in html
    assert attachments(message)[0].get_payload(decode=True) == HTML.encode()


def test_a_plain_letter_keeps_its_lines():
    """Line breaks and columns are shown as they were, tags as text."""
    raw = "Kære firma\r\n\r\n  1    <b>stk</b>\r\nHilsen"
    _, message = mailed(Memo(files=[text_file(raw, "text/plain")]))

    assert "    Kære firma\n\n      1    <b>stk</b>\n    Hilsen\n" in unix(text_of(message))
    assert "Kære firma<br>\n<br>\n&nbsp; 1&nbsp; &nbsp; &lt;b&gt;stk&lt;/b&gt;<br>\nHilsen" in unix(html_of(message))


def test_the_senders_words_cannot_pass_for_ours():
    """A line that looks like one of ours is indented in the text, and framed in the HTML."""
    forged = "--\r\nReference AAAA-AAAA\r\nFrist:         01-01-2027"
    _, message = mailed(Memo(files=[text_file(forged, "text/plain")]))
    lines = text_of(message).splitlines()

    assert [line for line in lines if "AAAA" in line or "01-01-2027" in line] == [
        "    Reference AAAA-AAAA",
        "    Frist:         01-01-2027",
    ]
    assert html_of(message).index("theirs") < html_of(message).index("AAAA-AAAA")


@pytest.mark.parametrize(
    "file",
    [
        text_file(b"\xff\xfe\xfa", "text/plain"),
        text_file("<p>" * 200_000),
        text_file("x" * 300_000, "text/plain"),
        text_file("<script>x()</script>"),
        text_file("   \r\n", "text/plain"),
        text_file("", "text/html"),
        text_file("<p>Hej</p>", "application/pdf"),
        text_file("<p>Hej</p>", role="AdditionalDocument"),
    ],
)
def test_what_cannot_be_shown_is_attached_only(file):
    """A failed rendering never blocks delivery."""
    _, message = mailed(Memo(files=[file]))

    assert "Tekst fra afsenderen" not in text_of(message)
    assert attachments(message)[0].get_payload(decode=True) == file.data


def test_active_html_is_gone():
    """Nothing that acts or fetches is in the body."""
    _, message = mailed(Memo(files=[text_file(EVIL)]))
    html = html_of(message)

    assert "Hej" in text_of(message)
    assert not [word for word in ("script", "onclick", "<img", "<form", "ond.example", "src=", "href=") if word in html]


def test_the_first_text_of_the_main_document_is_shown():
    """Files before it do not matter, nor how the letter is cut."""
    files = [File(), text_file("<p>Det her</p>"), text_file("<p>Ikke dette</p>")]
    raw = Memo(files=files).xml()
    headline = read(raw)
    seen = [seen_of(raw, headline, step=step) for step in (1, 1000, 1 << 20)]

    assert seen == [Seen(view=View(1, "Det her", "<p>Det her</p>"))] * 3


def test_reading_ahead_stops_early():
    """Of a large letter no more is read than the text; of one without text, nothing."""
    raw = Memo(files=[text_file("<p>Hej</p>"), File(b"x" * 900_000)]).xml()
    ahead = Preread(read(raw), COPY)
    fed = 0
    for at in range(0, len(raw), 1 << 15):
        if not ahead.done:
            ahead.feed(raw[at : at + (1 << 15)])
            fed += 1

    assert (ahead.wanted, fed < 5) == (True, True)
    assert not Preread(read(Memo().xml()), COPY).wanted


@pytest.mark.parametrize(
    "other", [b"", b"<html>", Memo(files=[text_file("<p>Hov</p>")]).xml(), Memo(files=[text_file("x" * 300_000)]).xml()]
)
def test_other_contents_are_not_shown(other):
    """What was read ahead must be the headline's, like all the rest."""
    headline = read(Memo(files=[text_file("<p>Hej</p>")]).xml())

    with pytest.raises(ContentsDiffer):
        seen_of(other, headline)
        ahead = Preread(headline, COPY)
        ahead.seen()


def test_a_text_is_part_of_the_size():
    """The mail with the text and the mail without differ by just that."""
    raw = Memo(files=[text_file(HTML)]).xml()
    headline = read(raw)
    without, shown = writer(headline), writer(headline, seen=seen_of(raw, headline))

    assert without.size < shown.size == len(mail_of(raw, shown, 7))
