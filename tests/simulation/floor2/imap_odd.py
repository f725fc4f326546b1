"""The answers of the IMAP face: the list and the letters, rightly or oddly."""

import re

from tests.simulation.floor2.imap_box import Box
from tests.simulation.floor2.letters import Post


def odd_list(fault: str | None, lines: list[bytes]) -> bytes:
    match fault:
        case "doubled":
            lines = [line for line in lines for _ in (1, 2)]
        case "no_dates":
            lines = [re.sub(rb'INTERNALDATE "[^"]*" ', b"", line) for line in lines]
    return b"".join(lines)


def odd_letter(fault: str | None, box: Box, uid: int, post: Post, step: str) -> bytes:
    """The FETCH response with the letter, its header or nothing but its UID."""
    number = box.place(uid)
    if step == "V":
        return b"* %d FETCH (UID %d)\r\n" % (number, uid)
    octets = post.raw if step == "F" else post.raw[: post.raw.index(b"\r\n\r\n") + 4]
    section = b"BODY[]" if step == "F" else b"BODY[HEADER]"
    size, length = len(post.raw), len(octets)
    shown = uid
    match fault:
        case "nil":
            return b"* %d FETCH (UID %d RFC822.SIZE %d %b NIL)\r\n" % (number, uid, size, section)
        case "quoted":
            return b'* %d FETCH (UID %d RFC822.SIZE %d %b "no letter \\" at all")\r\n' % (number, uid, size, section)
        case "size_lies":
            size += 7
        case "other_uid":
            shown = uid + 1
        case "short":
            octets = octets[: length // 2]
        case "long":
            length -= 20
        case "two":
            first = odd_letter(None, box, uid, post, step)
            return first + first
    return b"* %d FETCH (UID %d RFC822.SIZE %d %b {%d}\r\n" % (number, shown, size, section, length) + octets + b")\r\n"
