"""What a file would do if it were opened, told from its octets (SECURITY.md B30-B34)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.active import ACTIVE, Watch
from nemboks.content.errors import Unreadable


def watched(data, step=1 << 16):
    """What a watch says of a file that is fed in pieces of `step`."""
    watch = Watch()
    for at in range(0, len(data), step):
        watch.feed(data[at : at + step])
    return watch.result()


def pdf(inside):
    """A PDF with that in its first object."""
    return b"%PDF-1.7\n1 0 obj\n<< " + inside + b" >>\nendobj\n" + b"x" * 2000


@pytest.mark.parametrize(
    "inside",
    [
        b"/S /JavaScript /JS (app.alert(1))",
        b"/S/JavaScript/JS 5 0 R",
        b"/S /#4aava#53cript /JS 5 0 R",
        b"/S /J#61v#61Script/JS<41>",
        b"/S /Launch /F (cmd.exe)",
        b"/Subtype /RichMedia /x",
        b"/S /ImportData /F (x.fdf)",
        b"/OpenAction << /Type /Action /S /URI /URI (http://evil.example) >>",
        b"/OpenAction<</S/SubmitForm/F(x)>>",
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1 << 16])
def test_active_pdf(inside, step):
    """What runs, starts programs or sends something at the opening is flagged, however it is written or cut."""
    assert watched(pdf(inside), step) == (ACTIVE,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        pdf(b"/OpenAction [3 0 R /Fit]"),
        pdf(b"/OpenAction 6 0 R"),
        pdf(b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"),
        pdf(b"/JavaScriptX /Launcher 1"),
        pdf(b"(JavaScript Launch)"),
        b"Et brev om /JavaScript og /Launch i en PDF",
        b"x" * 1100 + b"%PDF-1.7 /JavaScript ",
        b"MZ er en almindelig forkortelse.\n" * 9,
        b"PK\x03\x04 word/document.xml",
        b"Se vbaProject.bin",
    ],
)
@pytest.mark.parametrize("step", [1, 1 << 16])
def test_quiet_files(data, step):
    """A page to open at, words about PDFs, and nothing at all are no active content."""
    assert watched(data, step) == ()


def test_macros():
    """An Office file with macros is active, without being opened."""
    assert watched(b"PK\x03\x04" + b"x" * 3000 + b"word/vbaProject.bin" + b"x" * 3000, 100) == (ACTIVE,)


@pytest.mark.parametrize(
    "head",
    [
        b"MZ\x90\0\x03\0\0\0",
        b"\x7fELF\x02\x01\x01",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe\0\0\0\x34",
        b"L\0\0\0\x01\x14\x02\0",
        b"#!/bin/sh\n",
        b"#! /usr/bin/env python\n",
    ],
)
@pytest.mark.parametrize("step", [1, 1 << 16])
def test_programs_are_refused(head, step):
    """A program is held by its octets; name and type are not asked (B32)."""
    with pytest.raises(Unreadable, match="program"):
        watched(head + b"\0" * 2000, step)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([b"%PDF-1.7", b"/J", b"avaScript", b" ", b"/Launch", b"X", b"/OpenAction", b"<</S/URI "])),
    st.integers(1, 40),
)
def test_cutting_changes_nothing(words, step):
    """The same file gives the same result in any pieces."""
    data = b"".join(words)

    assert watched(data, step) == watched(data)
