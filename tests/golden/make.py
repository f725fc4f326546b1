"""Writes the golden mails: `./x python -m tests.golden.make`. Look at what changed before it is committed."""

from pathlib import Path

from tests.golden.letters import GOLDEN

MAILS = Path(__file__).parent / "mails"


def main() -> None:
    """Every mail as a file, and none besides."""
    for path in MAILS.glob("*.eml"):
        path.unlink()
    for golden in GOLDEN:
        (MAILS / f"{golden.name}.eml").write_bytes(golden.octets())


if __name__ == "__main__":
    main()
