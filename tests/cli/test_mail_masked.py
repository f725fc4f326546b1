"""`nemboks mail preview` of a letter whose words the ledger masks: the very mail, or a refusal; never a masked mail."""

import sqlite3

from tests.cli.test_mail import collected, opened
from tests.content.memos import Memo, read

WHOLE = "Årsopgørelse for 010101-0000"


def test_the_preview_has_the_words_that_lists_mask(empty, tmp_path) -> None:
    """Who may see the contents sees the mail as it goes; who lists letters sees the mask."""
    raw = Memo(title=WHOLE).xml()
    letter = collected(empty, raw, read(raw))
    (item,) = empty.ask("mail", "preview", str(letter), "--out", str(tmp_path))["items"]

    assert WHOLE in opened(item["mail"]).get_body(("plain",)).get_content()
    assert empty.ask("letter", "show", str(letter))["item"]["headline"]["title"] == "Årsopgørelse for [CPR]"


def test_a_letter_with_altered_words_is_not_previewed(empty, tmp_path) -> None:
    """The refusal says where the letter can be read; `letter show` works on."""
    raw = Memo(title=WHOLE).xml()
    letter = collected(empty, raw, read(raw))
    with sqlite3.connect(next(empty.folder.rglob("*.db"))) as db:
        db.execute("UPDATE letters SET headline = json_set(headline, '$.sealed', 'AAAA')")
    db.close()

    done = empty.run("mail", "preview", str(letter), "--out", str(tmp_path / "ud"))
    assert done.exit_code == 4 and "Digital Post" in done.stderr and not (tmp_path / "ud").exists()
    assert empty.ask("letter", "show", str(letter))["item"]["headline"]["title"] == "Årsopgørelse for [CPR]"
