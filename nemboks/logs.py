"""The program's own account of itself: one line per committed move, never contents, titles, addresses or secrets.

Event names are in EVENTS and nowhere else; a line with another name fails in the tests.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import structlog

from nemboks.domain.redact import redact

EVENTS = frozenset({
    "daemon_ready", "daemon_stopping", "daemon_stopped", "daemon_failed", "step_failed", "chore_failed",
    "acts_in_effect", "act_failed", "listing_unusable",
    "mailbox_unavailable", "mailbox_parked", "mailbox_watch_failed", "letter_found", "letter_collected",
    "letter_claimed", "letter_dot_begun", "letter_confirmed", "letter_later", "letter_held", "letter_attempt_ended",
    "letter_postponed", "letter_vanished", "letter_contents_lost", "letter_acknowledged", "letter_handed_over",
    "letter_landed", "letter_returned", "letter_bounced", "letter_to_fallback", "return_read",
    "returns_unavailable", "letter_rebound", "destination_up", "destination_down", "letter_stale", "spool_swept",
    "clock_put_back", "domain_changed", "domain_level_unkept", "incident_opened", "incident_closed",
    "incident_unreachable", "notice_sent", "notice_failed", "webhook_told", "webhook_failed", "copy_moved",
    "preflight_fault", "relay_trusted", "announcement_sent", "announcement_failed", "announcement_dropped",
    "audit_head", "fuse_tripped", "mailbox_reconciled", "contents_kept", "standing_changed", "standing_unknown",
    "nudges_lost",
})  # fmt: skip

_SECRET = ("pass", "secret", "token", "key", "authorization")
_PERSONAL = ("title", "address", "subject", "recipient", "body")
_STAMPS = ("level", "timestamp")  # which the chain writes, whatever stood there
_DIGEST = re.compile(r"([0-9]{1,18}:)?[0-9a-f]{64}")  # nobody's number, though ten of its digits may look like one


def redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The line without secrets and personal data. The last step before it is written, after the traceback."""
    return {key: value if key in _STAMPS else _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if isinstance(value, str):  # nearly all are
        return "***" if _tells(key) else value if _DIGEST.fullmatch(value) else redact(value)
    if isinstance(value, dict):
        return {k: _clean(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(key, v) for v in value]
    return "***" if _tells(key) else value


@lru_cache(maxsize=256)
def _tells(key: str) -> bool:
    """Whether what stands under this name is a secret or somebody's."""
    return any(word in key.lower() for word in _SECRET + _PERSONAL)


def configure(stream: TextIO = sys.stderr) -> None:
    """Send our lines and the libraries' through one chain: JSON, UTC, redacted, tracebacks without locals."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
    ]
    structlog.configure(
        processors=[*shared, redact_event, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_event,
                    structlog.processors.JSONRenderer(ensure_ascii=False)],
    ))  # fmt: skip
    # A library's debug lines may hold what it sends and receives: warnings only.
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def log() -> Any:
    """The program's logger."""
    return structlog.get_logger()
