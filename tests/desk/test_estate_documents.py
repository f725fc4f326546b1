"""A case's documents: what is taken, how it lies, who sees it (SECURITY B83, B84)."""

import pytest

from nemboks.desk import estate_documents
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.estates import DOCUMENT_BYTES, DOCUMENTS
from tests.desk.estating import PDF
from tests.desk.rooms import history


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "only PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "only PDF"),
        (b"<!doctype html><script>%PDF-1.7</script>", "only PDF"),
        (b" %PDF-1.7", "only PDF"),
        (b"GIF89a/*%PDF-1.7*/", "only PDF"),
        (b"PK\x03\x04%PDF-1.7", "only PDF"),
        (b"%PDF-" + bytes(DOCUMENT_BYTES), "10 MiB"),
    ],
    ids=["empty", "svg", "html", "blank", "gif", "zip", "large"],
)
async def test_b83_b84_only_a_pdf_is_taken(court, tmp_path, data, why):
    """What does not begin as a PDF, whatever follows, and what is too large, is no document."""
    await court.opens()

    with pytest.raises(RefusedByRule, match=why):
        await court.document(data=data)
    assert [] == list((tmp_path / "documents").iterdir())


async def test_a_document_lies_sealed(court, tmp_path):
    """Its contents are not on the disk in clear; an approver gets exactly what was added, and history says so."""
    await court.opens()
    shown = await court.document(name="../../etc/Dekret\u202e af 20.11.pdf")

    (item,) = shown["documents"]
    assert (1, "Dekret af 20.11.pdf", len(PDF)) == (item["id"], item["name"], item["size"])
    (file,) = (tmp_path / "documents").iterdir()
    assert PDF not in file.read_bytes()
    document, data = await estate_documents.estate_view(court.store, court.by("ida"), court.documents, 1, 1)
    assert (PDF, item["sha256"]) == (data, document.sha256)
    (viewed,) = await history(court.store, "estate_document_viewed")
    assert (1, item["sha256"]) == (viewed["case"], viewed["sha256"]) and viewed["by"].startswith("ida")


async def test_who_sees_a_document(court):
    """Approvers only; and only one of this case."""
    await court.opens()
    await court.document()
    view = estate_documents.estate_view

    with pytest.raises(NotAllowed):
        await view(court.store, court.by("sune"), court.documents, 1, 1)
    with pytest.raises(NotFound):
        await view(court.store, court.by("anna"), court.documents, 1, 1)
    for case, document in ((1, 2), (2, 1)):
        with pytest.raises(NotFound):
            await view(court.store, court.by("ida"), court.documents, case, document)


async def test_the_same_file_twice_and_too_many(court, tmp_path):
    """The same contents are one document; a case has twenty at most; what is refused leaves no file."""
    await court.opens()
    for number in range(DOCUMENTS):
        await court.document(data=PDF + str(number).encode())

    with pytest.raises(RefusedByRule, match="is there already, as number 1"):
        await court.document(data=PDF + b"0")
    with pytest.raises(RefusedByRule, match="20 documents"):
        await court.document()
    assert DOCUMENTS == len(list((tmp_path / "documents").iterdir()))


async def test_a_file_whose_row_was_refused_is_gone(court, tmp_path, monkeypatch):
    """Somebody decides the case between the look and the row: the sealed file does not stay."""
    await court.approved()
    seal = court.documents.seal

    def sealing(number):
        court.clock.advance(86_400)
        return seal(number)

    monkeypatch.setattr(court.documents, "seal", sealing)
    with pytest.raises(RefusedByRule, match="takes effect now"):
        await court.document(data=PDF + b" 2")
    assert 1 == len(list((tmp_path / "documents").iterdir()))


async def test_nobody_adds_a_document_to_a_foreign_case(court):
    """The owner cannot; for her there is no such case."""
    await court.opens()

    with pytest.raises(NotFound):
        await estate_documents.estate_document(court.store, court.by("anna"), court.documents, 1, "dekret.pdf", PDF)
