"""The builder's letters are MeMos in the agency's own words, when its schema is at hand."""

import os
from pathlib import Path

import pytest
from lxml import etree

from tests.content.memos import File, Memo, action, entry

BESIDE = Path(__file__).parents[3] / "shared" / "memo-xsd"


def test_invented_letters_are_valid():
    """The agency's 1.1 schema accepts an ordinary letter, a full one and a NemSMS."""
    folder = Path(os.environ.get("NEMBOKS_XSD", BESIDE))
    if not (folder / "MeMo_core.xsd").is_file():
        pytest.skip("the agency's MeMo schema is not here; point NEMBOKS_XSD at its folder")
    schema = etree.XMLSchema(etree.parse(folder / "MeMo_core.xsd"))
    extra = "<memo:reply>true</memo:reply><memo:replyByDateTime>2026-12-03T10:00:00Z</memo:replyByDateTime>"
    acts = action(inside=entry("https://virk.dk/"))
    files = [File(actions=acts), File(role="AdditionalDocument"), File(role="TechnicalDocument")]

    for memo in (Memo(), Memo(files=files, extra=extra), Memo(kind="NEMSMS", files=[], created="")):
        schema.assertValid(etree.fromstring(memo.xml()))
