"""What is made once: signatures; the return path; the company's wishes as they change."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nemboks.content import dkim
from nemboks.content.compose import message_id_of
from nemboks.domain.events import Recomposed
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.proof import Stage
from nemboks.domain.returns import Token
from nemboks.journey.world import Returning
from tests.content.memos import File
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.fake_boxes import FakeBox
from tests.helpers.fake_courier import ACCEPTED, broken, refused
from tests.journey.test_collect import MESSAGE
from tests.journey.town import Town, memo

S = State
SHUT = broken(Stage.CONNECT)
LARGE = [File(bytes([n]) * 60_000, f"{n}.pdf", role="MainDocument" if n == 1 else "AdditionalDocument") for n in (1, 2)]
NEW = Address("nyt@bageri.example")


def signer(selector: str = "s1") -> dkim.Signer:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return dkim.Signer.load(pem, "nemboks.example", selector)


def signed(town: Town, selector: str = "s1") -> dkim.Signer:
    """The key that the town's mails are signed with from now on."""
    made = signer(selector)
    town.world = replace(town.world, signer=made)
    return made


def verifies(mail: bytes, key: dkim.Signer) -> bool:
    """Whether the mail's one signature is by this key and of these octets."""
    lines = mail.split(b"\r\n")
    number = next(n for n, line in enumerate(lines[1:], 1) if not line.startswith((b" ", b"\t")))
    field, rest = b"\r\n".join(lines[:number]) + b"\r\n", b"\r\n".join(lines[number:])
    assert field.startswith(b"DKIM-Signature:") and b"DKIM-Signature:" not in rest
    made = dkim.Split()
    made.feed(rest)
    head, digest = made.close()
    tags = dict(tag.strip().split(b"=", 1) for tag in field.partition(b":")[2].replace(b"\r\n", b"").split(b";"))
    seconds = int(tags[b"t"])
    again = key.signature(head, digest, START + timedelta(seconds=seconds - int(START.timestamp())))
    return dkim.field(again) == field  # Ed25519 signs the same octets the same way


def wish(town: Town, **changes: object) -> None:
    town.mailboxes.change(1, options=replace(town.mailbox.options, **changes))


# --- signatures ---


async def test_a_signature_is_made_once_and_outlives_its_key() -> None:
    """After an uncertain end and a change of keys the same octets go, with the old key's signature."""
    town = Town()
    first = signed(town)
    await town.waiting()
    town.courier.endings.extend([broken(Stage.DOT), SHUT])
    await town.step()
    signed(town, "s2")
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    before, after = (sent.letter for sent in town.courier.sent)
    assert before == after and verifies(after, first)
    assert town.events().count(Recomposed) == 1


async def test_a_letter_that_may_have_arrived_unsigned_stays_unsigned() -> None:
    """A key that comes between two attempts changes nothing: copies are identical."""
    town = Town()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    signed(town)
    await town.step()
    assert len({sent.letter for sent in town.courier.sent}) == 1
    assert b"DKIM-Signature" not in town.courier.sent[0].letter


async def test_another_address_gets_a_signature_of_its_own() -> None:
    """The signature stands for the To field too: one made for the old address would be broken at the new one."""
    town = Town()
    key = signed(town)
    await town.waiting()
    town.courier.endings.append(refused(Stage.RCPT, 550, "5.1.1"))
    await town.step()
    await town.mailboxes.reroute(make.ANNA, NEW, make.SERVER, "anna")
    assert await town.step() is S.FORWARDED
    (sent,) = town.courier.sent
    assert message_from_bytes(sent.letter)["To"] == NEW and verifies(sent.letter, key)


async def test_a_message_in_another_form_gets_another_signature() -> None:
    """A server without 8BITMIME gets the letter as a file, and what was signed before is other octets."""
    town = Town(make.Face.IMAP)
    key = signed(town)
    await town.waiting(MESSAGE, "7.1")
    town.courier.endings.append(refused(Stage.MAIL, 554, "5.6.3"))
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    assert b"Brev.eml" in town.courier.sent[0].letter and verifies(town.courier.sent[0].letter, key)


# --- wishes, return path, two passes ---


async def test_wishes_of_today_count_until_a_mail_may_be_out() -> None:
    """Language and subject are fresh at each attempt that nobody can have seen; then they stay."""
    town = Town()
    await town.waiting()
    town.courier.endings.extend([SHUT, broken(Stage.DOT)])
    await town.step()
    wish(town, neutral_subject=True)
    await town.step()
    wish(town, neutral_subject=False)
    assert await town.step() is S.FORWARDED
    one, other = (sent.letter for sent in town.courier.sent)
    assert one == other and "opgørelse" not in str(message_from_bytes(one)["Subject"])
    assert town.letter.copy is not None and town.letter.copy.style.neutral_subject


async def test_the_envelope_says_which_mail_comes_back() -> None:
    """Return path and ENVID carry letter, attempt and part; without a box for it the sender is our own address."""
    town = Town()
    await town.forwarded()
    assert (town.courier.sent[0].mail.sender, town.courier.sent[0].mail.envid) == ("post@nemboks.example", "")

    town, key = Town(), b"k" * 32
    town.world = replace(town.world, returning=Returning("retur.nemboks.example", key, FakeBox()))
    await town.waiting()
    town.courier.endings.extend([broken(Stage.DOT), ACCEPTED])
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    one, other = town.courier.sent
    for number, sent in enumerate((one, other), 1):
        token = Token(town.letter.id, number, 1)
        assert sent.mail.envid == token.text(key)
        assert sent.mail.sender == f"b+{token.text(key)}@retur.nemboks.example"
        assert Token.read(sent.mail.sender, key) == token
    assert one.letter == other.letter, "the envelope differs, the mail does not"


async def test_the_original_is_attached_in_a_second_pass() -> None:
    """The letter as it lay in Digital Post is in the mail, octet for octet, and the size that was announced is true."""
    town = Town(options=Options(original=True))
    key = signed(town)
    await town.waiting()
    await town.step()
    (sent,) = town.courier.sent
    files = [part.get_payload(decode=True) for part in message_from_bytes(sent.letter).walk() if part.get_filename()]
    assert sha256(memo()).digest() in {sha256(each).digest() for each in files}
    assert verifies(sent.letter, key) and len(sent.letter) == sent.mail.size


async def test_message_ids_differ_by_part_only() -> None:
    """An attempt changes no Message-ID; a part has its own."""
    town = Town()
    letter = await town.forwarded()
    assert letter.copy is not None
    sent = message_from_bytes(town.courier.sent[0].letter)["Message-ID"]
    assert sent == message_id_of(letter.copy, 1) != message_id_of(letter.copy, 2)
