"""What a figure was measured on: without it no figure means anything."""

import os
import platform
import re
import sqlite3
import ssl
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.processes import environment, has

PEERS: dict[str, Sequence[str]] = {
    "fetchmail": ("fetchmail", "-V"), "getmail6": ("getmail", "--version"), "mpop": ("mpop", "--version"),
    "msmtp": ("msmtp", "--version"), "Dovecot": ("dovecot", "--version"), "Postfix": ("postconf", "-d", "mail_version"),
}  # fmt: skip
LIBRARIES = ("nemboks", "aiosmtplib", "httpx2", "sqlalchemy")
NUMBER = re.compile(r"\d+(\.\d+)+")


def facts() -> dict[str, Any]:
    """Cores, processor, memory, versions, the date, and how busy the machine was when we began."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _first("/proc/cpuinfo", "model name"),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "versions": {**_own(), **_peers()},
    }


def _first(path: str, name: str) -> str:
    with suppress(OSError):
        for line in Path(path).read_text().splitlines():
            if line.startswith(name):
                return line.partition(":")[2].strip()
    return platform.machine()


def _own() -> dict[str, str]:
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version,
             "OpenSSL": ssl.OPENSSL_VERSION.split()[1]}  # fmt: skip
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _peers() -> dict[str, str]:
    found = {}
    for name, command in PEERS.items():
        if has(command[0]):
            said = subprocess.run(  # noqa: S603 -- what it is, nothing else
                command, capture_output=True, text=True, check=False, timeout=10, env=environment()
            ).stdout
            number = NUMBER.search(said)
            found[name] = number[0] if number else "installed"
    return found
