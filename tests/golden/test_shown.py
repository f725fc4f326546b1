"""The HTML bodies in Chromium: nothing is cut off, nothing is faint, nothing is fetched (UX.md 9)."""

import pytest

from nemboks.content.safe_html import sanitised
from tests.content.xss import vectors
from tests.golden.browser import SCHEMES, WIDTHS, chromium, contrasts, html_bodies, shown, too_wide
from tests.helpers.peers import require_peer

pytestmark = [pytest.mark.peer, pytest.mark.slow]
FAINTEST = 4.5  # WCAG 2.2, 1.4.3
# The widest and the longest of each kind; the rest have the same frame.
PWN = "<script>var ran = 0; function pwn() { ran += 1 }</script>"
NAMES = ["full", "html-letter", "text-letter", "long-title", "forbidden-names", "mandatory", "english", "split-2-of-3"]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_bodies_fit_and_can_be_read(scheme):
    """At each width nothing overflows, every text stands out from what is behind it, and nobody is asked."""
    bodies = html_bodies()
    async with chromium(require_peer("chromium")) as browser:
        for name in NAMES:
            for width in WIDTHS:
                async with shown(browser, bodies[name], width, scheme) as page:
                    seen = await contrasts(page)

                    assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
                    assert await too_wide(page) == [], (name, width)
                    assert len(seen) > 10
                    assert [words for ratio, words in seen if ratio < FAINTEST] == [], (name, width)
                    assert page.asked == []


async def test_dark_is_dark():
    """A dark reader gets a dark page, a light one a light page."""
    html = html_bodies()["full"]
    async with chromium(require_peer("chromium")) as browser:
        colours = []
        for scheme in SCHEMES:
            async with shown(browser, html, scheme=scheme) as page:
                colours.append(await page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert colours == ["rgb(255, 255, 255)", "rgb(22, 22, 22)"]


async def test_the_watch_sees_what_would_be_fetched():
    """The three looks can fail: a picture is asked for, a wide box is wide, faint text is faint."""
    html = '<body><img src="http://evil.example/a.png"><p style="width:900px;color:#999">svagt</p></body>'
    async with chromium(require_peer("chromium")) as browser, shown(browser, html, 320) as page:
        assert page.asked == ["http://evil.example/a.png"]
        assert len(await too_wide(page)) == 1
        assert (await contrasts(page))[0][0] < FAINTEST


async def test_no_vector_acts_in_a_browser():
    """All of the bad HTML, sanitised and shown one after another with scripts on: nothing runs, nobody is asked."""
    pages = [sanitised(vector.encode(), "utf-8") or "" for vector in vectors()]
    body = PWN + "".join(f"<div>{page}</div>" for page in pages)
    async with chromium(require_peer("chromium")) as browser, shown(browser, body) as page:
        await page.evaluate(
            "document.querySelectorAll('*').forEach(e => { e.click && e.click(); e.focus && e.focus() })"
        )

        assert await page.evaluate("ran") == 0
        assert page.asked == []
    async with chromium(require_peer("chromium")) as browser, shown(browser, f"{PWN}<p onclick=pwn()>x") as page:
        await page.evaluate("document.querySelector('p').click()")

        assert await page.evaluate("ran") == 1
