"""The letters that come: MeMos and IMAP messages, each with contents of its own, and what is odd about some."""

from random import Random

from nemboks.domain.mailbox import Face
from tests.content.memos import File, Memo
from tests.journey.town import uuid
from tests.model.desk_town import SAYS
from tests.simulation.floor1.ground import CVRS
from tests.simulation.floor1.plan import Posting
from tests.simulation.floor1.sim import Sim
from tests.simulation.floor1.upstream import Posted

SMALL, LARGE = 40, 5000


def post(sim: Sim, posting: Posting, number: int) -> None:
    """The letter lies in Digital Post now."""
    face = sim.plan.boxes[posting.box].face
    imap = face is Face.IMAP
    id_ = f"{sim.upstream.validity[posting.box + 1]}.{number}" if imap else uuid(number)
    kind = posting.kind
    if kind != "ordinary" and (imap or not sim.inject(kind, "F")):
        kind = "ordinary"
    says = {} if imap else dict(SAYS[posting.says])
    posted = Posted(number, posting.box + 1, id_, kind, b"", (), sim.upstream.now(), says)
    docs = tuple(document(sim, number, k, posting.docs) for k in range(posting.docs))
    contents(posted, docs, imap)
    sim.upstream.put(posted)


def document(sim: Sim, number: int, k: int, of: int, version: int = 0) -> bytes:
    size = LARGE if of > 1 and sim.plan.limit else SMALL + 13 * k
    return Random(f"doc {sim.plan.seed} {number} {k} {version}").randbytes(size)


def contents(posted: Posted, docs: tuple[bytes, ...], imap: bool) -> None:
    posted.docs = docs
    if imap:
        lines = [doc.hex()[at : at + 70] for doc in docs for at in range(0, 2 * len(doc), 70)]
        body = "\r\n".join(lines)
        posted.docs = (body.encode(),)
        posted.raw = (
            f"From: Skattestyrelsen <post@skat.example>\r\nTo: x@dp.example\r\nSubject: Brev {posted.number}\r\n"
            f"Date: Sat, 21 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n\r\n{body}\r\n"
        ).encode()
        return
    files = [
        File(data, f"bilag {k}.pdf", role="MainDocument" if k == 0 else "AdditionalDocument")
        for k, data in enumerate(docs)
    ]
    cvr = CVRS[posted.box - 1] if posted.kind != "Hcvr" else "99999999"
    kind = "NEMSMS" if posted.kind == "H27" else "DIGITALPOST"
    id_ = uuid(999_999) if posted.kind == "H12" else posted.id
    raw = Memo(uuid=id_, recipient_id=cvr, kind=kind, files=files, **posted.says).xml()
    posted.raw = raw[: len(raw) // 2] if posted.kind == "Hbad" else raw


def other_contents(sim: Sim, posted: Posted) -> None:
    """The same id brings another letter from now on (RELIABILITY H15)."""
    version = len(posted.served) + 7
    docs = tuple(document(sim, posted.number, k, len(posted.docs), version) for k in range(len(posted.docs)))
    contents(posted, docs, sim.plan.boxes[posted.box - 1].face is Face.IMAP)
