"""The Contents port: what every spool does, the real one and the fake."""

from datetime import timedelta

import pytest

from nemboks.domain.headline import Sealed
from nemboks.ports import ContentsGone
from nemboks.store.server_spool import ServerSpool
from nemboks.store.spool import Spool
from tests.contracts.ledgers import place_of, vault
from tests.helpers.fake_contents import FakeContents

KB = 1024


@pytest.fixture(params=["spool", "spool_inline", "postgresql", "fake"])
async def contents(request, tmp_path):
    """Each spool in turn."""
    if request.param == "fake":
        yield FakeContents()
    elif request.param == "postgresql":
        with place_of("postgresql", tmp_path) as home:
            spool = ServerSpool(home.place, vault(tmp_path))
            yield spool
            await spool.close()
    else:
        yield Spool(tmp_path / "spool", vault(tmp_path), threaded=request.param == "spool")


def files(contents):
    """The names of what lies there."""
    match contents:
        case FakeContents():
            return list(contents.files)
        case ServerSpool():
            return contents._rows.old("letters", timedelta())
        case _:
            return list(contents.directory.iterdir())


async def sealed(contents, body, letter=1, durable=False):
    async with contents.seal(letter) as sealing:
        for start in range(0, len(body), 100 * KB):
            await sealing.write(body[start : start + 100 * KB])
        return await sealing.finish(durable)


async def opened(contents, name, letter=1):
    return b"".join([piece async for piece in contents.open(letter, name)])


@pytest.mark.parametrize("size", [0, 1, 256 * KB - 1, 256 * KB, 256 * KB + 1, 700 * KB])
async def test_what_was_sealed_is_what_is_opened(contents, size):
    """Contents of any size come back byte for byte."""
    body = bytes(range(251)) * (size // 251 + 1)

    name = await sealed(contents, body[:size])

    assert body[:size] == await opened(contents, name)


async def test_sealed_durably_it_opens_the_same(contents):
    """Waiting for the disk changes nothing else."""
    assert await opened(contents, await sealed(contents, b"brev", durable=True)) == b"brev"


async def test_what_is_not_finished_leaves_nothing(contents):
    """A sealing that is left with an error has no file."""
    with pytest.raises(RuntimeError):
        async with contents.seal(1) as sealing:
            await sealing.write(b"x" * 600 * KB)
            raise RuntimeError

    assert files(contents) == []


async def test_destroyed_contents_are_gone(contents):
    """After destroy there is nothing to open; to destroy twice is fine."""
    name = await sealed(contents, b"brev")
    await contents.destroy(name)
    await contents.destroy(name)

    with pytest.raises(ContentsGone):
        await opened(contents, name)


async def test_another_letter_cannot_open_them(contents):
    """Contents open for their own letter only."""
    name = await sealed(contents, b"brev", letter=1)

    with pytest.raises(ContentsGone):
        await opened(contents, name, letter=2)


async def test_another_key_does_not_open_them(contents):
    """The file of one sealing and the key of another do not go together."""
    one, other = await sealed(contents, b"et brev"), await sealed(contents, b"et andet")

    with pytest.raises(ContentsGone):
        await opened(contents, Sealed(one.file, other.key))


async def test_each_sealing_has_a_file_and_a_key_of_its_own(contents):
    """A letter that is fetched again is sealed anew; the first sealing stays whole."""
    one, other = await sealed(contents, b"brev"), await sealed(contents, b"brev 2")

    assert one.file != other.file and one.key != other.key
    assert await opened(contents, one) == b"brev"


async def test_what_may_come_only_once_is_found_again_by_its_letter(contents):
    """Where processes share the contents, what one sealed another finds, the newest first; a mail is no contents."""
    mails, names = [await sealed(contents, b"a mail")], []
    for letter in (1, 1, 2):
        async with contents.seal(letter, once=True) as sealing:
            await sealing.write(b"brev")
            names.append(await sealing.finish(True))

    left = await contents.left(1)
    shared = isinstance(contents, ServerSpool)
    assert list(left) == (names[1::-1] if shared else [])
    assert [await opened(contents, one) for one in left] == [b"brev"] * len(left)
    for one in (*names[:2], *mails):
        await contents.destroy(one)
    assert list(await contents.left(1)) == []
