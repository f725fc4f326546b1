"""The real daemon with a mistake planted in it, it logs each letter's title: `python -m tests.canary.leaky run …`."""

from nemboks.cli.main import main
from nemboks.content.memo import MemoReader
from nemboks.domain.headline import Headline
from nemboks.logs import log

_close = MemoReader.close


def _telling(reader: MemoReader) -> Headline:
    headline = _close(reader)
    log().info("letter_collected", words=headline.title)
    return headline


if __name__ == "__main__":
    MemoReader.close = _telling  # type: ignore[method-assign]
    main()
