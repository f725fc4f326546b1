"""A letter with a bad input in it, sent the whole way through reader and writer, and opened by the standard library."""

from email.header import decode_header, make_header

from tests.content.mails import NAMES, html_of, mailed, text_of
from tests.content.memos import File, Memo
from tests.content.readers import by_rfc2047, by_rfc2231


def mail_with(**fields):
    """The mail of a letter with these fields: its octets and the message; no header but ours came of it."""
    octets, message = mailed(Memo(**fields))
    assert sorted(message.keys()) == sorted(NAMES)
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    return octets, message


def subject_of(title, authority="Skat"):
    """What follows the authority's name in the Subject of a letter by that title."""
    _, message = mail_with(title=title, authority=authority)
    return str(message["Subject"]).removeprefix(f"{authority}: ")


def author_of(authority):
    """The display name and address in From of a letter from that authority."""
    octets, message = mail_with(authority=authority)
    (author,) = message["From"].addresses
    raw = octets.partition(b"From: ")[2].partition(b"<")[0].decode("ascii").replace("\r\n", "").strip()
    # RFC 2047 6.2; the newer parser of Python 3.11 keeps the space between two encoded words.
    name = str(make_header(decode_header(raw))) if "=?" in raw else raw.strip('"')
    return name, author.addr_spec


def bodies_of(data, media_type="text/html"):
    """Both bodies of a letter whose main document that is, and the document as it is attached."""
    suffix = ".txt" if media_type.startswith("text/plain") else ".html"
    _, message = mail_with(files=[File(data, f"Brev{suffix}", media_type)])
    (attached,) = message.iter_attachments()
    return text_of(message), html_of(message), attached.get_payload(decode=True)


def attached_of(*files):
    """The names and octets of what is attached to a letter with these files."""
    _, message = mail_with(files=list(files))
    parts = list(message.iter_attachments())
    assert [by_rfc2231(part) for part in parts] == [by_rfc2047(part) for part in parts]
    return [(by_rfc2231(part), part.get_payload(decode=True)) for part in parts]
