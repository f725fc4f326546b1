"""Chromium shows a mail's HTML body as a mail reader would: without a network, at any width, light and dark."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.golden.letters import GOLDEN

WIDTHS = (320, 600, 1200)
SCHEMES = ("light", "dark")
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-sync", "--no-first-run", "--metrics-recording-only", "--disable-dev-shm-usage",
    "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
]  # fmt: skip
# Of every text that is seen: the contrast of its colour with what lies behind it (WCAG 2.2, 1.4.3), and its words.
_CONTRASTS = """() => {
  const light = c => { const f = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const parsed = text => text.match(/[0-9.]+/g).map(Number);
  const behind = element => { for (let e = element; e; e = e.parentElement) {
      const c = parsed(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); }
    return [255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.nodeValue.trim(), element = walker.currentNode.parentElement;
    if (!words || ["STYLE", "SCRIPT"].includes(element.tagName)) continue;
    const front = light(parsed(getComputedStyle(element).color).slice(0, 3)), back = light(behind(element));
    found.push([(Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05), words]);
  }
  return found; }"""
_TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter(e => {
    for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX === 'auto') return false;
    return e.getBoundingClientRect().right > innerWidth + 0.5; }).map(e => e.outerHTML.slice(0, 120))"""


def html_bodies() -> dict[str, str]:
    """The HTML body of every golden mail that has one of ours."""
    found = {}
    for golden in GOLDEN:
        body = message_from_bytes(golden.octets(), policy=default).get_body(("html",))
        if body is not None:
            found[golden.name] = body.get_content()
    return found


@asynccontextmanager
async def chromium(program: str) -> AsyncIterator[Browser]:
    """A browser that can reach nobody."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def shown(browser: Browser, html: str, width: int = 600, scheme: Any = "light") -> AsyncIterator[Page]:
    """The page; `page.asked` are the addresses that it asked for, none of which it got."""
    context = await browser.new_context(viewport={"width": width, "height": 400}, color_scheme=scheme)
    page = await context.new_page()
    asked: list[str] = []

    async def refuse(route: Any) -> None:
        asked.append(route.request.url)
        await route.abort()

    await page.route("**/*", refuse)
    page.asked = asked  # type: ignore[attr-defined]
    await page.set_content(html)
    try:
        yield page
    finally:
        await context.close()


async def contrasts(page: Page) -> list[tuple[float, str]]:
    """The contrast of every text that is seen, with its words."""
    return [(ratio, words) for ratio, words in await page.evaluate(_CONTRASTS)]


async def too_wide(page: Page) -> list[str]:
    """What reaches beyond the right edge, but for what scrolls by itself."""
    return list(await page.evaluate(_TOO_WIDE))


async def _photograph(folder: Path, names: list[str]) -> None:
    """A picture of each body at each width, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    async with chromium("/usr/bin/chromium") as browser:
        for name, html in html_bodies().items():
            for width in WIDTHS:
                for scheme in SCHEMES:
                    if names and name not in names:
                        continue
                    async with shown(browser, html, width, scheme) as page:
                        await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    # ./x python -m tests.golden.browser DIRECTORY [NAME...]: pictures for a person to look at
    asyncio.run(_photograph(Path(sys.argv[1]), sys.argv[2:]))
