"""The spool's own promises: damage of every kind is seen, keys are never reused, sweeping spares what is wanted."""

import asyncio
import errno
import os
import stat

import pytest

from nemboks.clock import RealClock
from nemboks.domain.headline import Sealed
from nemboks.ports import ContentsGone
from nemboks.store.errors import KeyMissing, StoreError, StoreFull
from nemboks.store.sealed_file import CHUNK, MAGIC, PREFIX_BYTES, TAG_BYTES
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from nemboks.store.vault import Vault
from tests.contracts.ledgers import vault

HEAD = len(MAGIC) + PREFIX_BYTES
SEALED_CHUNK = CHUNK + TAG_BYTES


@pytest.fixture
def contents(tmp_path):
    return Spool(tmp_path / "spool", vault(tmp_path))


def test_a_disk_that_is_full_before_there_is_a_spool_is_told(tmp_path, monkeypatch):
    """The start ended with a traceback."""

    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(StoreFull, match="the disk is full; make room"):
        Spool(tmp_path / "spool", vault(tmp_path))


def test_a_disk_that_is_full_before_there_is_a_lock_is_told(tmp_path, monkeypatch):
    """So did a daemon that could not make its lock file."""
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), RealClock(), threaded=False)
    real = os.open

    def refuse(path, *arguments, **named):
        if str(path).endswith(".lock"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreFull, match="the disk is full; make room"):
        store.lock_daemon()
    asyncio.run(store.close())


async def seal(contents, body, letter=1, durable=False):
    async with contents.seal(letter) as sealing:
        await sealing.write(body)
        return await sealing.finish(durable)


async def read(contents, sealed, letter=1):
    return b"".join([piece async for piece in contents.open(letter, sealed)])


def three_chunks():
    return os.urandom(1000) * 600  # 600 kB: two whole chunks and a shorter one


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("piece", [70_000, CHUNK, 5 * CHUNK])
@pytest.mark.parametrize("size", [0, CHUNK, CHUNK + 1, 4 * CHUNK, 4 * CHUNK + 1, 5 * CHUNK, 9 * CHUNK + 7, 12 * CHUNK])
async def test_it_comes_back_as_it_was(contents, size, piece, durable):
    """However large it is and in whatever pieces it came: small files go and come at once, large ones aside."""
    octets = os.urandom(size)
    async with contents.seal(1) as sealing:
        for start in range(0, size, piece):
            await sealing.write(octets[start : start + piece])
        sealed = await sealing.finish(durable)
    assert await read(contents, sealed) == octets


def part(n):
    """Where the n-th sealed chunk lies in the file."""
    return slice(HEAD + n * SEALED_CHUNK, HEAD + (n + 1) * SEALED_CHUNK)


def flipped(at):
    return lambda raw: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


DAMAGE = {
    "empty": lambda raw: b"",
    "cut in the header": lambda raw: raw[: HEAD - 1],
    "only the header": lambda raw: raw[:HEAD],
    "cut after the first chunk": lambda raw: raw[: part(1).start],
    "cut after the second chunk": lambda raw: raw[: part(2).start],
    "cut inside the first chunk": lambda raw: raw[: HEAD + 1000],
    "cut by one byte": lambda raw: raw[:-1],
    "first chunk missing": lambda raw: raw[:HEAD] + raw[part(1).start :],
    "middle chunk missing": lambda raw: raw[: part(1).start] + raw[part(2)],
    "chunks swapped": lambda raw: raw[:HEAD] + raw[part(1)] + raw[part(0)] + raw[part(2)],
    "a chunk twice": lambda raw: raw[:HEAD] + raw[part(0)] + raw[part(0)] + raw[part(2)],
    "last chunk twice": lambda raw: raw + raw[part(2)],
    "one byte behind": lambda raw: raw + b"\0",
    "a whole chunk behind": lambda raw: raw + b"\0" * SEALED_CHUNK,
    "magic flipped": flipped(0),
    "nonce flipped": flipped(HEAD - 1),
    "first byte flipped": flipped(HEAD),
    "tag flipped": flipped(part(1).start - 1),
    "middle flipped": flipped(part(1).start),
    "last byte flipped": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_damage_is_seen(contents, name):
    """A file that is not what was sealed ends in ContentsGone, never in a whole letter."""
    body = three_chunks()
    sealed = await seal(contents, body)
    file = contents.directory / sealed.file
    file.write_bytes(DAMAGE[name](file.read_bytes()))

    with pytest.raises(ContentsGone):
        await read(contents, sealed)


async def test_whole_chunks_end_with_a_flag_of_their_own(contents):
    """A letter of exactly two chunks, cut to one, is refused: the end is sealed too."""
    sealed = await seal(contents, bytes(2 * CHUNK))
    assert await read(contents, sealed) == bytes(2 * CHUNK)
    file = contents.directory / sealed.file
    file.write_bytes(file.read_bytes()[: part(1).start])

    with pytest.raises(ContentsGone):
        await read(contents, sealed)


async def test_a_file_under_anothers_name_is_refused(contents):
    """Two letters' files that changed places both fail."""
    one, other = await seal(contents, b"et"), await seal(contents, b"to", letter=2)
    first, second = contents.directory / one.file, contents.directory / other.file
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)

    for sealed, letter in ((one, 1), (other, 2)):
        with pytest.raises(ContentsGone):
            await read(contents, sealed, letter)


async def test_a_letter_fetched_again_has_a_new_key(contents):
    """The same bytes for the same letter are sealed under another key and nonce: nothing in the files is alike."""
    one, other = await seal(contents, bytes(CHUNK)), await seal(contents, bytes(CHUNK))
    keys = [contents.vault.unwrap(x.key, f"letter:1:{x.file}") for x in (one, other)]
    raw = [(contents.directory / x.file).read_bytes() for x in (one, other)]

    assert keys[0] != keys[1]
    assert raw[0][len(MAGIC) : HEAD] != raw[1][len(MAGIC) : HEAD]
    assert raw[0][HEAD : HEAD + 1000] != raw[1][HEAD : HEAD + 1000]


async def test_a_missing_master_key_gives_no_letter_up(contents, tmp_path):
    """With the wrong key file nothing is called gone: the rows keep their keys, the program stops."""
    sealed = await seal(contents, b"brev")
    stranger = Spool(tmp_path / "spool", Vault.create(tmp_path / "other.key"))

    with pytest.raises(KeyMissing):
        await read(stranger, sealed)


@pytest.mark.parametrize("name", ["../master.key", "/etc/passwd", "", "A" * 32, "0" * 31, "0" * 32 + ".part"])
async def test_only_our_own_names_are_opened(contents, name):
    """A row that names anything else names no contents."""
    with pytest.raises(ContentsGone):
        await read(contents, Sealed(name, "key"))
    with pytest.raises(ContentsGone):
        await contents.destroy(Sealed(name, "key"))


async def test_symbolic_links_are_not_followed(contents, tmp_path):
    """A link in a file's place is not opened; the sweep leaves it and its target alone."""
    sealed = await seal(contents, b"brev")
    file, elsewhere = contents.directory / sealed.file, tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)

    with pytest.raises(ContentsGone):
        await read(contents, sealed)
    await contents.sweep(set())
    assert elsewhere.exists()


async def test_rights_are_the_owners_alone(contents):
    """Directory 0700, files 0600; a directory that is open to others is refused."""
    sealed = await seal(contents, b"brev")
    modes = [stat.S_IMODE(x.stat().st_mode) for x in (contents.directory, contents.directory / sealed.file)]
    assert modes == [0o700, 0o600]

    contents.directory.chmod(0o750)
    with pytest.raises(StoreError, match="chmod 700"):
        Spool(contents.directory, contents.vault)


# --- sweeping ---


async def test_sweep_removes_what_nobody_names(contents, tmp_path):
    """What an earlier process left without a row goes, parts too; what a row names and what is not ours stays."""
    kept, orphan = await seal(contents, b"et"), await seal(contents, b"to")
    (contents.directory / ("ab" * 16 + ".part")).write_bytes(b"half")
    (contents.directory / "README").write_bytes(b"not ours")

    later = Spool(contents.directory, contents.vault)
    assert await later.sweep({kept.file}) == 2

    assert {x.name for x in contents.directory.iterdir()} == {kept.file, "README"}
    with pytest.raises(ContentsGone):
        await read(later, orphan)


async def test_sweep_spares_what_is_still_on_its_way(contents):
    """A file sealed here is spared until a row has named it, and one being written always."""
    sealed = await seal(contents, b"et")
    async with contents.seal(2) as sealing:
        await sealing.write(bytes(2 * CHUNK))
        assert await contents.sweep(set()) == 0
        other = await sealing.finish(False)

    assert await contents.sweep({sealed.file}) == 0
    assert await contents.sweep(set()) == 1  # its row came, and went: acknowledged, and the process was cut
    assert await read(contents, other, 2) == bytes(2 * CHUNK)
