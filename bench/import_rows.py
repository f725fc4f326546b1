"""How long the installed command takes to preview and to import a table of companies, first and again.

Usage: ./x python bench/import_rows.py [ROWS ...]

Wall seconds of the whole process `nemboks cvr import`, the median of five runs (of three for 2,000 rows or more), on a
fresh store each time. The aim is a preview of 500 rows in 2 s and an import in 5 s; the first without a store.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = """\
state_dir = "{folder}"
master_key_file = "{folder}/master.key"
[upstream]
cvr = "13585628"
system_id = "s-1"
api_token = "none"
"""
WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


def table(rows: int) -> str:
    """That many companies, each with a CVR number whose check digit fits."""
    lines = ["cvr;navn;email;anden_kontakt;reference;neutralt_emne"]
    number = 2_000_000
    while len(lines) <= rows:
        number += 1
        rest = -sum(w * int(d) for w, d in zip(WEIGHTS, str(number), strict=True)) % 11
        if rest < 10:
            cvr = f"{number}{rest}"
            lines.append(f"{cvr};Firma {cvr} ApS;post@f{cvr}.example;bogholder@revision.example;K-{len(lines)};ja")
    return "\r\n".join(lines)


def seconds(*arguments: str) -> float:
    begun = time.perf_counter()
    subprocess.run(["nemboks", "cvr", "import", *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    return time.perf_counter() - begun


def once(file: Path) -> list[float]:
    """Preview without a store, preview with one, import, the same again."""
    folder = Path(tempfile.mkdtemp(prefix="import-rows-"))
    try:
        config = folder / "nemboks.toml"
        config.write_text(SETTINGS.format(folder=folder))
        where = ("--config", str(config))
        bare = seconds(str(file), *where, "--dry-run")
        subprocess.run(["nemboks", "init", *where], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
        return [bare, seconds(str(file), *where, "--dry-run"), seconds(str(file), *where), seconds(str(file), *where)]
    finally:
        shutil.rmtree(folder)


def main() -> None:
    print(f"{'rows':>6} {'preview':>9} {'+ store':>9} {'import':>9} {'again':>9}   median wall seconds")
    for rows in [int(one) for one in sys.argv[1:]] or [50, 500, 2_000]:
        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
            file.write(table(rows))
            file.flush()
            runs = [once(Path(file.name)) for _ in range(3 if rows >= 2_000 else 5)]
        medians = [statistics.median(column) for column in zip(*runs, strict=True)]
        print(f"{rows:>6} " + " ".join(f"{one:9.2f}" for one in medians))


if __name__ == "__main__":
    main()
