"""The facts and the sender's own text as HTML: the plain text word for word, easier to read (UX.md 9).

Promises: one column of 600 pixels, the system's fonts, tables for layout only, no image, link, script or address that
a program would fetch; dark where the reader is dark. Colours have a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3).
"""

import re
from html import escape

from nemboks.content.facts import Facts, Row

_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-size:16px;line-height:1.45"
_WRAP = "overflow-wrap:anywhere;word-break:break-word"
# What Outlook shows stands in the elements; what dark readers change, and small screens, stands here.
_STYLE = """\
:root{color-scheme:light dark;supported-color-schemes:light dark}
.theirs>:first-child{margin-top:0}
.theirs h1{font-size:20px}.theirs h2{font-size:18px}.theirs h3,.theirs h4,.theirs h5,.theirs h6{font-size:16px}
.theirs table{max-width:100%;border-collapse:collapse}
.theirs td,.theirs th{padding:2px 8px 2px 0;text-align:left;vertical-align:top}
@media (max-width:480px){.label,.value{display:block!important;width:auto!important}\
.label{padding:10px 0 0!important}.value{padding:0!important}\
.theirs tr,.theirs th,.theirs td{display:block;overflow-wrap:anywhere}.theirs tr{padding:6px 0}}
@media (prefers-color-scheme:dark){.page,.page td{background:#161616!important;color:#ececec!important}\
.page .label,.page .note{color:#b4b4b4!important}\
.page .theirs,.page .rule{border-color:#5a5a5a!important}\
.page .badge{background:#26303a!important;border-color:#8ab4d8!important;color:#ececec!important}\
.page .grave{background:#40181a!important;border-color:#ff9a94!important;color:#ffd9d6!important}}"""
_BADGE = ("badge", "background:#eaf1f7;border-left:4px solid #2b5f8a;color:#1a1a1a")
_GRAVE = ("badge grave", "background:#fdeaea;border-left:4px solid #b3261e;color:#7a120c")
_DATE = re.compile(r"\b[0-9]{2}-[0-9]{2}-[0-9]{4}\b")
_TABLE = '<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%"'


def html_body(facts: Facts, senders: str = "") -> str:
    """The document, lines ended by CRLF. `senders`: the letter's own words as sanitised HTML, "" for none."""
    rows = [_badge(facts), *map(_row, facts.rows)]
    page = [
        "<!DOCTYPE html>",
        f'<html lang="{facts.language}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="supported-color-schemes" content="light dark">',
        '<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">',
        f"<style>{_STYLE}</style>",
        "</head>",
        '<body class="page" style="margin:0;padding:0;background:#ffffff">',
        f'{_TABLE} class="page" style="background:#ffffff"><tr><td align="center" style="padding:16px">',
        # Outlook's Word engine knows no max-width.
        '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->',
        f'{_TABLE} style="max-width:600px;{_FONT};color:#1a1a1a;text-align:left">',
        *filter(None, rows),
        *_senders(facts, senders),
        f'<tr><td colspan="2" class="rule note" style="padding:12px 0 0;color:#595959;font-size:14px;{_WRAP}">',
        '<div class="rule" style="border-top:1px solid #c4c4c4;padding:10px 0 0">--</div>',
        *(f"<div>{escape(note)}</div>" for note in facts.notes),
        "</td></tr>",
        "</table>",
        "<!--[if mso]></td></tr></table><![endif]-->",
        "</td></tr></table>",
        "</body>",
        "</html>",
        "",
    ]
    return "\r\n".join(page)


def html_of_text(text: str) -> str:
    """Plain text as HTML: its lines, and spaces side by side, are kept."""
    lines = (escape(line).replace("\t", "    ").replace("  ", "&nbsp; ") for line in text.splitlines())
    return "<br>\r\n".join(lines)


def _badge(facts: Facts) -> str:
    if not facts.badge:
        return ""
    name, style = _GRAVE if facts.grave else _BADGE
    return (
        f'<tr><td colspan="2" style="padding:0 0 12px"><div class="{name}" style="{style};padding:10px 12px">'
        f"<strong>{_shown(facts.badge)}</strong></div></td></tr>"
    )


def _row(row: Row) -> str:
    items = "".join(f"<div>{_shown(item)}</div>" for item in row.items)
    return (
        '<tr><td class="label" width="136" valign="top" style="width:136px;padding:4px 12px 4px 0;color:#595959">'
        f'{escape(row.label)}:</td><td class="value" valign="top" style="padding:4px 0;{_WRAP}">{items}</td></tr>'
    )


def _shown(text: str) -> str:
    """The text, escaped; no date is broken over two lines."""
    return _DATE.sub(r'<span style="white-space:nowrap">\g<0></span>', escape(text))


def _senders(facts: Facts, senders: str) -> list[str]:
    """The block that shows whose words they are: headed, and framed."""
    if not senders:
        return []
    return [
        f'<tr><td colspan="2" style="padding:16px 0 4px"><strong>{escape(facts.heading)}:</strong></td></tr>',
        # Where their table is too wide for its words it scrolls and the mail does not; on a telephone its cells stack.
        f'<tr><td colspan="2" style="padding:0">{_TABLE} style="table-layout:fixed"><tr>'
        '<td class="theirs" style="border:1px solid #c4c4c4;padding:12px">'
        f'<div class="theirs" style="overflow-x:auto;overflow-wrap:break-word;border:0">{senders}</div>'
        "</td></tr></table></td></tr>",
    ]
