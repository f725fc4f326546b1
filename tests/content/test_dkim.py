"""Our DKIM signatures: the RFCs' own examples, and verifiers that we did not write."""

import hashlib
import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from nemboks.content import dkim
from nemboks.content.errors import UnsafeHeader
from nemboks.content.message import HEADER_LIMIT
from tests.helpers.peers import do_without, require_peer

AT = datetime(2026, 11, 21, 13, 5, 12, tzinfo=UTC)
LETTER = (
    b'From: "Skattestyrelsen via Nemboks" <post@nemboks.example>\r\n'
    b"To: post@eksempel.example\r\n"
    b"Subject: =?UTF-8?B?w4Vyc29wZ8O4cmVsc2U=?=\r\n =?UTF-8?B?IDIwMjY=?=\r\n"
    b"List-Id: Digital Post CVR 12345678 <12345678.dp.nemboks.example>\r\n"
    b"Auto-Submitted: auto-generated\r\n"
    b"Date: Sat, 21 Nov 2026 14:05:12 +0100\r\n"
    b"Message-ID: <abc.1@nemboks.example>\r\n"
    b"In-Reply-To: <t.1@nemboks.example>\r\n"
    b"Nemboks-Cvr: 12345678\r\n"
    b"Nemboks-Docs:\r\n 0123,\r\n 4567\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: application/pdf;\r\n name=Brev.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
) + b"QUJD\r\n" * 20_000  # fmt: skip
DEBIAN_PYTHON = "/usr/bin/python3"
ORACLE = """
import dkim, json, sys
from base64 import b64decode
given = json.load(sys.stdin)
asked = []
def record(name, timeout=5):
    asked.append(name.decode())
    return given["record"].encode()
verdicts = []
for mail in given["mails"]:
    try:
        verdicts.append(dkim.verify(b64decode(mail), dnsfunc=record))
    except dkim.DKIMException as error:
        verdicts.append(str(error))
json.dump({"verdicts": verdicts, "asked": sorted(set(asked))}, sys.stdout)
"""


def pem_of(key, lock=None):
    """The private key as a file holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption())


KEYS = {"rsa": pem_of(generate_private_key(65537, 2048)), "ed25519": pem_of(Ed25519PrivateKey.generate())}


def signed(mail, kind, step=1 << 18):
    """The mail with its signature on top."""
    split = dkim.Split()
    for at in range(0, len(mail), step):
        split.feed(mail[at : at + step])
    signature = dkim.Signer.load(KEYS[kind], "nemboks.example", "n1").signature(*split.close(), AT)
    return dkim.field(signature) + mail


def verdicts(mails, kind):
    """What an independent verifier (Debian's dkimpy) says of each mail."""
    there = shutil.which(DEBIAN_PYTHON) and subprocess.run([DEBIAN_PYTHON, "-c", "import dkim, nacl"], check=False)
    if not there or there.returncode:
        do_without("python3-dkim is not installed on this machine; .ci/run installs it")
    task = {"record": dkim.record(KEYS[kind]), "mails": [b64encode(mail).decode() for mail in mails]}
    done = subprocess.run(
        [DEBIAN_PYTHON, "-c", ORACLE], input=json.dumps(task).encode(), capture_output=True, check=True
    )
    answer = json.loads(done.stdout)
    assert answer["asked"] == ["n1._domainkey.nemboks.example."]
    return answer["verdicts"]


def digest_of(body, cuts=()):
    """The body's digest in base64, cut at the places given."""
    hashed = dkim.BodyHash()
    for start, end in zip((0, *cuts), (*cuts, len(body)), strict=True):
        hashed.feed(body[start:end])
    return b64encode(hashed.close()).decode()


def odd_mail(random):
    """A mail whose spaces, folds and empty lines are as awkward as they may be."""
    spaces = [" ", "  ", "\t", " \t ", "\r\n ", " \r\n\t"]
    fields = [
        'From:~"Told~via Nemboks" <post@nemboks.example>' + random.choice(["", " ", "\t"]),
        f"To:{random.choice(['', ' '])}post@eksempel.example",
        "SUBJECT:~Brev~nr.~7",
        "Date: Sat, 21 Nov 2026~14:05:12 +0100",
        "Message-ID: <abc.1@nemboks.example>",
        "List-Id: Digital Post~<12345678.dp.nemboks.example>",
        "Nemboks-Docs:~one,~two",
        "Nemboks-Format: 1",
        "X-Not-Signed: whatever",
        "MIME-Version: 1.0",
        "Content-Type: text/plain;~charset=utf-8",
    ]
    fields = ["".join(random.choice(spaces) if sign == "~" else sign for sign in one) for one in fields]
    random.shuffle(fields)
    words = ["", "", " ", "\t", "brev", " æøå", "\t.", "x  y \t z", "ende ", "ende \t", "."]
    lines = random.choices(words, k=random.randint(0, 12))
    return ("\r\n".join([*fields, "", *lines]) + "\r\n").encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
        (b"", b""),
        (b"\r\n", b""),
        (b" \t\r\n\r\n \r\n", b""),
        (b"\r\n\r\nx", b"\r\n\r\nx\r\n"),
        (b"x  \r\n  ", b"x\r\n"),
        (b"a\r\n \r\n\tb\r\n", b"a\r\n\r\n b\r\n"),
    ],
)
def test_relaxed_body(body, expected):
    """White space is shortened, ends of lines and of the body do not count (RFC 6376 3.4.4 and 3.4.5)."""
    assert b64encode(hashlib.sha256(expected).digest()).decode() == digest_of(body)


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"bc", b"."])).map(b"".join), st.data())
def test_body_cut_anywhere(body, data):
    """Where the body is cut makes no difference."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=4)))

    assert digest_of(body) == digest_of(body, cuts)


def test_the_example_of_rfc_8463():
    """The RFC's mail, key and field list give the RFC's body hash and signature (appendix A)."""
    secret = Ed25519PrivateKey.from_private_bytes(b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
    header = (
        b"From: Joe SixPack <joe@football.example.com>\r\n"
        b"To: Suzie Q <suzie@shopping.example.net>\r\n"
        b"Subject: Is dinner ready?\r\n"
        b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n"
    )
    body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    value = (
        "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=football.example.com; i=@football.example.com; q=dns/txt; "
        "s=brisbane; t=1528637909; h=from : to : subject : date : message-id : from : subject : date; "
        "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b="
    )
    names = "from to subject date message-id from subject date".split()
    signer = dkim.Signer.load(pem_of(secret), "football.example.com", "brisbane")

    assert digest_of(body) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    assert b64encode(signer.sign(dkim.signed_octets(header, names, value))).decode() == (
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    )
    assert dkim.record(pem_of(secret)) == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.mark.peer
@pytest.mark.parametrize("kind", KEYS)
def test_an_independent_verifier_agrees(kind):
    """Sixty awkward mails and a whole letter of each kind of key verify, wherever they were cut."""
    random = Random(8)
    mails = [odd_mail(random) for _ in range(60)]
    mails.append(LETTER)

    assert [True] * len(mails) == verdicts([signed(mail, kind, random.randint(1, 90)) for mail in mails], kind)


@pytest.mark.peer
@pytest.mark.parametrize("kind", KEYS)
def test_what_was_changed_does_not_verify(kind):
    """A word changed, a field added that people see, or one of ours taken away breaks the signature."""
    mail = signed(LETTER, kind)
    head, body = mail.split(b"\r\n\r\n", 1)
    top, rest = head.split(b"\r\nFrom:", 1)
    changed = [
        head.replace(b"12345678", b"12345679", 1) + b"\r\n\r\n" + body,
        head + b"\r\n\r\n" + body.replace(b"Q", b"R", 1),
        head + b"\r\n\r\n" + body + b"more\r\n",
        top + b"\r\nSubject: Betal her\r\nFrom:" + rest + b"\r\n\r\n" + body,
        head + b"\r\nSubject: Betal her\r\n\r\n" + body,
        b'From: "Told via Nemboks" <told@ond.example>\r\n' + mail,
        mail.replace(b"Nemboks-Docs:", b"X-Docs:"),
        mail.replace(b"List-Id:", b"X-List-Id:"),
    ]

    assert True not in verdicts(changed, kind)
    assert [True] == verdicts([b"X-Scanned: yes\r\n" + mail], kind)


@pytest.mark.peer
def test_openssl_agrees_about_the_raw_signature(tmp_path):
    """The octets after `b=` are a plain RSA signature of the canonical text, by a second oracle."""
    openssl = require_peer("openssl")
    header = b"From: a@nemboks.example\r\nSubject: x\r\n\r\n"
    signer = dkim.Signer.load(KEYS["rsa"], "nemboks.example", "n1")
    value, _, signature = signer.signature(header, bytes(32), AT).rpartition("b=")
    names = ["from", "subject", "from", "subject"]
    (tmp_path / "text").write_bytes(dkim.signed_octets(header, names, value + "b="))
    (tmp_path / "signature").write_bytes(b64decode(signature))
    (tmp_path / "key").write_bytes(
        signer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    done = subprocess.run(
        [openssl, "dgst", "-sha256", "-verify", "key", "-signature", "signature", "text"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip

    assert (0, b"Verified OK\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize("kind", KEYS)
def test_the_same_mail_is_signed_the_same(kind):
    """Two attempts make one signature, and its folded field reads back as the stored value."""
    mail = LETTER
    first = signed(mail, kind)
    block = first[: -len(mail)]
    unfolded = block.replace(b"\r\n", b"").decode()
    value, _, signature = unfolded.removeprefix("DKIM-Signature: ").rpartition("b=")

    assert first == signed(mail, kind, step=7)
    assert max(map(len, block.split(b"\r\n"))) <= 76
    assert block == dkim.field(f"{value}b={signature.replace(' ', '')}")
    assert value.count("from") == value.count("subject") == 2
    assert all(name in value for name in ("nemboks-cvr", "nemboks-docs", "message-id", "list-id", "content-type"))


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        (b"", "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        (pem_of(generate_private_key(65537, 1024)), "1024 bits"),
        (pem_of(generate_ec_key(SECP256R1())), "kind that mail servers do not know"),
        (pem_of(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")), "passphrase"),
    ],
)
def test_a_key_that_would_not_verify_is_refused(pem, words):
    """A wrong key stops the start with words that say what is wrong with it."""
    with pytest.raises(ValueError, match=words):
        dkim.Signer.load(pem, "nemboks.example", "n1")
    with pytest.raises(ValueError, match=words):
        dkim.record(pem)


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a\r\nb", "-a", "a..b", "æble", "a" * 64, "x." * 150 + "x"])
def test_a_name_that_is_none_is_refused(name):
    """Domain and selector are written into a header: nothing but a name gets there."""
    with pytest.raises(ValueError, match="is no DKIM domain"):
        dkim.Signer.load(KEYS["ed25519"], name, "n1")
    with pytest.raises(ValueError, match="is no DKIM selector"):
        dkim.Signer.load(KEYS["ed25519"], "nemboks.example", name)


@pytest.mark.parametrize(
    "header", [b"\r\n", b"Subject: x\r\n\r\n", b"From: a\r\nFrom: b\r\n\r\n", b"From: a\r\nx\r\n\r\n"]
)
def test_a_mail_that_reads_in_two_ways_is_not_signed(header):
    """Without exactly one From, or with a stray line, we would vouch for what we did not mean."""
    with pytest.raises(UnsafeHeader):
        dkim.Signer.load(KEYS["ed25519"], "nemboks.example", "n1").signature(header, bytes(32), AT)


@pytest.mark.parametrize("mail", [b"", b"From: a\r\n", b"From: a\r\nX: " + b"x" * HEADER_LIMIT + b"\r\n\r\nbody"])
def test_a_mail_without_a_whole_header_block_is_not_signed(mail):
    """What does not end, or is too large to hold, is no header block."""
    split = dkim.Split()
    split.feed(mail)

    with pytest.raises(UnsafeHeader):
        split.close()
