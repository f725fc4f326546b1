"""A letter from a folder is posted byte for byte, but for what the demo must replace."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from nemboks.cli.demo_letters import Post

ANNA = "13748136"
UUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"
MEMO = """<?xml version="1.0" encoding="{encoding}"?>
<m:Message xmlns:m="https://DigitalPost.dk/MeMo-1"><m:MessageHeader><m:messageUUID> {uuid} </m:messageUUID>
<m:label>Prøve {uuid}</m:label><m:Recipient><m:recipientID>{to}</m:recipientID><m:idType>{kind}</m:idType>
</m:Recipient></m:MessageHeader></m:Message>"""


@dataclass
class Sender:
    """The sender call: notes what is posted, answers what it is told to."""

    status: int = 201
    posted: list[tuple[bytes, str]] = field(default_factory=list)

    def send(self, memo: bytes, message_uuid: str, source: str) -> httpx2.Response:
        self.posted.append((memo, message_uuid))
        return httpx2.Response(self.status)


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def post(sender: Sender) -> Post:
    return Post(sender, ANNA)


def _file(folder: Path, name: str = "a.xml", encoding: str = "UTF-8", to: str = "24256790", kind: str = "CVR") -> Path:
    text = MEMO.format(encoding=encoding, uuid=UUID, to=to, kind=kind)
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def test_a_letter_for_a_company_is_not_touched(tmp_path: Path, post: Post, sender: Sender) -> None:
    """Its UUID is said as the letter writes it."""
    file = _file(tmp_path)
    done = post.file(file)

    assert [(file.read_bytes(), UUID)] == sender.posted
    assert (UUID, "24256790", True, False, False) == (
        done.message_uuid, done.cvr, done.accepted, done.uuid_replaced, done.recipient_replaced
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16", "windows-1252"])
def test_only_what_must_be_is_replaced(encoding: str, tmp_path: Path, post: Post, sender: Sender) -> None:
    """A person's number and a used UUID, in the header and nowhere else, in the letter's own encoding."""
    post.file(_file(tmp_path))
    done = post.file(_file(tmp_path, "b.xml", encoding, to="0101010000", kind="CPR"))

    memo, said = sender.posted[1]
    text = memo.decode(encoding)
    assert done.uuid_replaced and done.recipient_replaced and done.cvr == ANNA
    assert said == done.message_uuid != UUID
    assert f"<m:messageUUID>{said}</m:messageUUID>" in text and f"Prøve {UUID}" in text
    assert f"<m:recipientID>{ANNA}</m:recipientID><m:idType>CVR</m:idType>" in text


@pytest.mark.parametrize("encoding", ["no-such", "shift_jis", "utf-32"])
def test_an_encoding_nobody_reads_is_upstreams_business(
    encoding: str, tmp_path: Path, post: Post, sender: Sender
) -> None:
    """The bytes are posted as they are; a refusal makes the letter a rejected one."""
    sender.status = 400
    file = tmp_path / "a.xml"
    file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?><a>x</a>'.encode())
    done = post.file(file)

    assert not done.accepted and sender.posted == [(file.read_bytes(), "")]
    assert post.recipient_of(file.read_bytes()) is None


def test_a_rejected_letter_uses_up_no_uuid(tmp_path: Path, post: Post, sender: Sender) -> None:
    """What upstream refused was never posted there: the next one may carry its UUID."""
    sender.status = 400
    assert not post.file(_file(tmp_path)).accepted
    sender.status = 201

    assert not post.file(_file(tmp_path)).uuid_replaced
    assert post.file(_file(tmp_path)).uuid_replaced
