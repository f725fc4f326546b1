"""Asking a running simulator from another process, through its control interface.

Promises: talks to the loopback address of a ready file and nowhere else; what goes wrong is one error with a sentence.
"""

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

SECONDS = 10


class ControlError(Exception):
    """The simulator could not be asked, or said no; the message is the sentence."""


def ask(ready_file: Path, path: str, changes: dict[str, Any]) -> dict[str, Any]:
    """What the control interface answers at the path: to a POST of the changes, without changes to a GET."""
    try:
        base = urlsplit(json.loads(ready_file.read_text())["control"]["base_url"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ControlError(f"{ready_file} is not the ready file of a simulator: is one running?") from error
    with closing(http.client.HTTPConnection("127.0.0.1", base.port or 0, timeout=SECONDS)) as connection:
        try:
            body = json.dumps(changes) if changes else None
            connection.request("POST" if changes else "GET", base.path + quote(path), body)
            reply = connection.getresponse()
            answer: dict[str, Any] = json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError("the simulator of this ready file does not answer: is it still running?") from error
    if reply.status >= 400:
        raise ControlError(answer["message"])
    return answer
