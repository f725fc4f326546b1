"""The builder's letters are MeMos in the agency's own words, when its schema is at hand."""

from lxml import etree

from tests.content.agency import schema
from tests.content.memos import File, Memo, action, entry


def test_invented_letters_are_valid():
    """The agency's 1.1 schema accepts an ordinary letter, a full one and a NemSMS."""
    extra = "<memo:reply>true</memo:reply><memo:replyByDateTime>2026-12-03T10:00:00Z</memo:replyByDateTime>"
    acts = action(inside=entry("https://virk.dk/"))
    files = [File(actions=acts), File(role="AdditionalDocument"), File(role="TechnicalDocument")]

    agency = schema()
    for memo in (Memo(), Memo(files=files, extra=extra), Memo(kind="NEMSMS", files=[], created="")):
        agency.assertValid(etree.fromstring(memo.xml()))
