"""Mails that are encrypted: made once, to the right certificate, never silently plain."""

from base64 import b64decode
from email import message_from_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from cryptography.x509 import load_pem_x509_certificate

from nemboks.content import smime
from nemboks.domain.events import ContentsLost, DotBegun, Reason
from nemboks.domain.mailbox import Options
from nemboks.domain.proof import Stage
from nemboks.journey.recover import recover
from tests.content.test_smime import KEY, certificate
from tests.helpers import builders as make
from tests.helpers.fake_courier import ACCEPTED, broken
from tests.journey.test_mail import LARGE, NEW, SHUT, S, signed, verifies, wish
from tests.journey.town import Town, memo, uuid

RENEWED = rsa.generate_private_key(65537, 2048)


def opened(mail: bytes, key: rsa.RSAPrivateKey = KEY) -> bytes:
    """The plain mail inside of an encrypted one."""
    inside = message_from_bytes(mail)
    assert inside.get_content_type() == "application/pkcs7-mime"
    der = b64decode(inside.get_payload())
    return pkcs7_decrypt_der(der, load_pem_x509_certificate(certificate(key=key).encode()), key, [])


def encrypted(pem: str = "", **other: object) -> Town:
    return Town(options=Options(certificate=pem or certificate()), **other)


async def test_a_mail_is_encrypted_once() -> None:
    """Each encryption differs, so the first one is sealed and goes at every attempt, until the company has it."""
    town = encrypted()
    key = signed(town)
    await town.waiting()
    town.courier.endings.extend([SHUT, broken(Stage.DOT), ACCEPTED])
    await town.step()
    assert town.letter.composed is not None and len(town.contents.files) == 2
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    one, other = (sent.letter for sent in town.courier.sent)
    assert one == other and verifies(one, key)
    inner = opened(one)
    assert b"invented" in b64decode(message_from_bytes(inner).get_payload()[1].get_payload())
    assert await town.step() is S.ACKNOWLEDGED
    assert (town.letter.composed, town.contents.files) == (None, {})


async def test_a_kill_between_encryption_and_dot_changes_nothing() -> None:
    """What was made once is on the row before a byte of it goes."""
    town = encrypted()
    letter = await town.waiting()
    town.courier.endings.append(broken(Stage.BODY))
    await town.step()
    sealed = town.letter.composed
    letter = await town.letters.move(town.letter, make.claimed(town.clock.now()))
    await town.letters.move(letter, DotBegun(letter.fence))
    await recover(town.world, sole=True)
    assert town.letter.composed == sealed
    assert await town.step() is S.FORWARDED
    assert len(town.courier.sent) == 1 and town.letter.uncertain == 1


async def test_a_lost_encrypted_mail_costs_no_letter() -> None:
    """It is made anew from the sealed contents; upstream, that may have forgotten the letter, is not asked."""
    town = encrypted()
    await town.waiting()
    town.courier.endings.append(SHUT)
    await town.step()
    assert town.letter.composed is not None
    del town.contents.files[town.letter.composed.file]
    town.inbox.take(uuid(1))
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    assert ContentsLost not in town.events() and len(town.courier.sent) == 1


@pytest.mark.parametrize("pem", [certificate(last=-1), "nonsense"], ids=["expired", "nonsense"])
async def test_a_certificate_that_cannot_be_used_is_waited_for(pem: str) -> None:
    """Never silently plain: nothing is sent, it says why, and a new certificate lets the letter go."""
    town = encrypted(pem)
    await town.waiting()
    assert [await town.step() for _ in range(4)] == [S.WAITING] * 4
    assert (town.letter.why, town.courier.sent, town.letter.uncertain) == ("certificate", [], 0)
    assert town.seconds_until_due >= 2880
    wish(town, certificate=certificate())
    assert await town.step() is S.FORWARDED
    assert opened(town.courier.sent[0].letter)


async def test_a_new_certificate_is_used_as_long_as_no_mail_is_out() -> None:
    """What was encrypted to the old one is thrown away, and its file with it."""
    town = encrypted()
    await town.waiting()
    town.courier.endings.append(SHUT)
    await town.step()
    old = town.letter.composed
    renewed = certificate(key=RENEWED)
    wish(town, certificate=renewed)
    town.courier.endings.append(SHUT)
    await town.step()
    assert town.letter.composed not in (None, old) and len(town.contents.files) == 2
    assert await town.step() is S.FORWARDED
    assert opened(town.courier.sent[0].letter, RENEWED)


async def test_after_an_uncertain_end_the_old_certificate_stays() -> None:
    """A copy may lie with the company: the second one is the same."""
    town = encrypted()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    wish(town, certificate=certificate(key=RENEWED), neutral_subject=True, language="en")
    assert await town.step() is S.FORWARDED
    assert len({sent.letter for sent in town.courier.sent}) == 1


async def test_what_is_encrypted_after_an_uncertain_end_is_so_to_the_renewed_certificate() -> None:
    """The first one expired and the mail made with it is lost: a letter that nobody can cure must not wait for ever."""
    town = encrypted()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    assert town.letter.composed is not None
    del town.contents.files[town.letter.composed.file]
    wish(town, certificate=certificate(key=RENEWED), language="en")
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    one, other = (sent.letter for sent in town.courier.sent)
    ids = {message_from_bytes(mail)["Message-ID"] for mail in (opened(one), opened(other, RENEWED))}
    assert len(ids) == 1 and town.letter.copy is not None and town.letter.copy.style.language == "da"


async def test_another_address_gets_an_encrypted_mail_of_its_own() -> None:
    """Made for today's address with today's certificate, even if a copy may lie at the old one."""
    town = encrypted()
    await town.waiting()
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    renewed = certificate(key=RENEWED)
    wish(town, certificate=renewed)
    await town.mailboxes.reroute(make.ANNA, NEW, make.SERVER, "anna")
    assert await town.step() is S.FORWARDED
    last = town.courier.sent[-1]
    assert (last.mail.recipient, message_from_bytes(last.letter)["To"]) == (NEW, NEW)
    assert opened(last.letter, RENEWED)


async def test_too_large_to_encrypt_whole_goes_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """The letter is split at our own limit, without asking the server."""
    monkeypatch.setattr(smime, "LIMIT", 150_000)
    monkeypatch.setattr("nemboks.journey.forward.LIMIT", 150_000)
    town = encrypted()
    await town.waiting(memo(files=LARGE))
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.FORWARDED]
    assert [len(opened(sent.letter)) > 60_000 for sent in town.courier.sent] == [True, True]


async def test_one_document_too_large_to_encrypt_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never plain, and no splitting helps: a person's business."""
    monkeypatch.setattr(smime, "LIMIT", 50_000)
    monkeypatch.setattr("nemboks.journey.forward.LIMIT", 50_000)
    town = encrypted()
    await town.waiting(memo(files=LARGE[:1]))
    assert await town.step() is S.HELD
    assert (town.letter.why, town.courier.sent) == (Reason.TOO_LARGE, [])
