"""How letters look as text: a list, and one letter's page with its way as a timeline."""

from datetime import datetime

from nemboks.cli.output import Call, Row, age, line, minute, spaced, table, when
from nemboks.content.texts import size_words
from nemboks.desk.reasons import meaning
from nemboks.desk.words import Item, by_words, state_words
from nemboks.domain.proof import Evidence, Reply, TlsFacts
from nemboks.domain.routing import DEFAULT, HOLIDAY


def show_list(call: Call, items: list[Item]) -> None:
    """Print letters, one a line."""
    if not items:
        line(call.word("Ingen breve.", "No letters."))
        return
    columns = (
        call.word("Nr.", "No."),
        "CVR",
        call.word("Tilstand", "State"),
        call.word("I Digital Post", "In Digital Post"),
        call.word("Leveret", "Delivered"),
    )
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    after = call.word("efter", "after")
    cells = (
        str(item["id"]),
        spaced(item["cvr"]),
        state_words(item).to(call.lang),
        minute(item["available_at"], call.lang),
        "–" if item["seconds"] is None else f"{after} {age(item['seconds'])}",
    )
    why = meaning(item["reason"]).text.to(call.lang) if item["reason"] else ""
    at = item["next_try_at"]
    when_next = f"{call.word('Næste forsøg', 'Next try')} {minute(at, call.lang)}." if at else ""
    return cells, f"{why} {when_next}".strip() if why else ""


def show_page(call: Call, item: Item) -> None:
    """Print one letter: what it is, what is wrong, its way, its attempts, its proofs."""
    line(f"{call.word('Brev', 'Letter')} {item['id']} – {item['state_text']}", bold=True)
    _facts(call, item)
    if item["headline"]:
        _headline(call, item["headline"])
    line("")
    line(call.word("Vejen", "The way"), bold=True)
    for step in item["way"]:
        _step(call, step)
    for attempt in item["attempts"]:
        _attempt(call, attempt, item)
    for proof in item["proofs"]:
        _proof(call, proof, item["parts"])
    _receipt(call, item["receipt"])
    for other in item["others"]:
        _other(call, other)


def _fact(name: str, value: object) -> None:
    line(f"  {name + ':':<18}{value}")


def _facts(call: Call, item: Item) -> None:
    _fact("CVR", spaced(item["cvr"]))
    _fact(call.word("I Digital Post", "In Digital Post"), _available(call, item))
    _fact(call.word("Nummer dér", "Number there"), item["upstream_id"])
    if item["reason"]:
        _fact(call.word("Årsag", "Reason"), f"{item['reason_text']} ({item['reason']})")
        _fact(call.word("Hvad nu", "What to do"), item["cure"])
    if item["words"]:
        _fact(call.word("Ord", "Words"), item["words"])
    if item["route_version"]:
        _fact(call.word("Rute", "Route"), f"version {item['route_version']}, {_rule(call, item['rule'])}")
    if item["next_try_at"]:
        _fact(call.word("Næste forsøg", "Next try"), when(item["next_try_at"], call.lang))
    if item["uncertain"]:
        _fact(call.word("Usikre", "Uncertain"), item["uncertain"])


def _rule(call: Call, rule: str | None) -> str:
    if rule == HOLIDAY:
        return call.word("ferie", "holiday")
    return call.word("ingen regel", "no rule") if rule in (None, DEFAULT) else rule


def _available(call: Call, item: Item) -> str:
    latest = when(item["available_at"], call.lang)
    if not item["not_before"]:
        return latest
    return call.word(
        f"senest {latest}, ikke før {when(item['not_before'], call.lang)}",
        f"at the latest {latest}, not before {when(item['not_before'], call.lang)}",
    )


def _headline(call: Call, headline: Item) -> None:
    _fact(call.word("Afsender", "Sender"), headline["authority"])
    unseen = call.word("(vises ikke)", "(not shown)")
    _fact(call.word("Emne", "Subject"), unseen if headline["title"] is None else headline["title"])
    if headline["reply_by"]:
        _fact(call.word("Frist", "Deadline"), when(headline["reply_by"], call.lang))
    _fact(call.word("Størrelse", "Size"), size_words(headline["size"], call.lang))
    _fact("SHA-256", headline["sha256"])
    for number, document in enumerate(headline["documents"], 1):
        name = call.word("Dokument", "Document")
        size = size_words(document["size"], call.lang)
        _fact(f"{name} {number}", f"{document['name'] or unseen} ({size}, {document['sha256']})")


def _step(call: Call, step: Item) -> None:
    why = [meaning(step[key]).text.to(call.lang).rstrip(".") for key in ("reason", "why") if step.get(key)]
    extras = [*why, *([step["words"]] if step.get("words") else [])]
    extras += [by_words(step["by"]).to(call.lang)] if step.get("by") else []
    extras += [str(step[key]) for key in ("address", "server") if step.get(key)]
    number = f" {step['attempt']}" if step["event"] == "claimed" else ""
    line(f"  {when(step['at'], call.lang)}  {step['text']}{number}" + (f" – {', '.join(extras)}" if extras else ""))


def _attempt(call: Call, attempt: Item, item: Item) -> None:
    line("")
    name = call.word("Leveringsforsøg", "Delivery attempt")
    part = f" ({_part(call, attempt['part'], item['parts'])})" if item["parts"] > 1 else ""
    proof = next((one for one in item["proofs"] if one["attempt"] == attempt["number"]), None)
    line(f"{name} {attempt['number']}{part} – {_outcome(call, attempt['outcome'], proof)}", bold=True)
    _fact(call.word("Til", "To"), f"{attempt['address']} ({attempt['server']})")
    times: tuple[tuple[str, datetime | None], ...] = (
        (call.word("Begyndt", "Begun"), attempt["started_at"]),
        (call.word("Sendt", "Sent"), attempt["dot_begun_at"]),
        (call.word("Endt", "Ended"), attempt["ended_at"]),
    )
    for title, at in times:
        if at:
            _fact(title, when(at, call.lang))
    if attempt["stage"] is not None:
        _fact(call.word("Nåede til", "Came to"), attempt["stage"].name)
    _server_said(call, attempt["reply"], attempt["words"])
    _tls(attempt["tls"])


def _part(call: Call, part: int, parts: int) -> str:
    return call.word(f"del {part} af {parts}", f"part {part} of {parts}")


def _outcome(call: Call, outcome: str | None, proof: Item | None) -> str:
    if outcome is None:
        return call.word("i gang", "under way")
    if outcome not in ("confirmed", "part_confirmed"):
        return meaning(outcome).text.to(call.lang)
    if proof and proof["evidence"] is not Evidence.FINAL:
        return str(proof["evidence_text"])
    return call.word("modtaget af mailserver", "accepted by the mail server")


def _server_said(call: Call, reply: Reply | None, words: str) -> None:
    if reply:
        _fact(call.word("Serverens svar", "Server's reply"), reply)
    elif words:
        _fact(call.word("Set", "Seen"), words)


def _tls(facts: TlsFacts | None) -> None:
    if facts:
        _fact("TLS", f"{facts.version}, {facts.cipher}, {facts.verified_name}")
        _fact("SHA-256", facts.certificate_sha256)


def _proof(call: Call, proof: Item, parts: int) -> None:
    line("")
    part = f" ({_part(call, proof['part'], parts)})" if parts > 1 else ""
    line(call.word("Bekræftelse", "Confirmation") + part, bold=True)
    _fact(call.word("Bygger på", "Rests on"), proof["evidence_text"])
    _fact(call.word("Hvornår", "When"), when(proof["at"], call.lang))
    _fact(call.word("Forsøg", "Attempt"), proof["attempt"])
    _fact(call.word("Server", "Server"), proof["server"])
    _server_said(call, proof["reply"], "")


def _receipt(call: Call, receipt: Item | None) -> None:
    if receipt is None:
        return
    line("")
    line(call.word("Kvittering", "Receipt"), bold=True)
    _fact("transmissionId", receipt["transmission_id"])
    done = receipt["acknowledged_at"]
    _fact(call.word("Taget imod", "Taken"), when(done, call.lang) if done else call.word("ikke endnu", "not yet"))
    if receipt["words"]:
        _fact("Digital Post", receipt["words"])


def _other(call: Call, other: Item) -> None:
    """A further recipient: how far its copy is, and why no farther."""
    line("")
    line(f"{other['role_text']} – {other['state_text']}", bold=True)
    _fact(call.word("Til", "To"), f"{other['address']} ({other['server']})")
    if other["reason"]:
        _fact(call.word("Årsag", "Reason"), f"{other['reason_text']} ({other['reason']})")
        _fact(call.word("Hvad nu", "What to do"), other["cure"])
    if other["words"]:
        _fact(call.word("Ord", "Words"), other["words"])
    if other["next_try_at"]:
        _fact(call.word("Næste forsøg", "Next try"), when(other["next_try_at"], call.lang))
    if other["attempts"]:
        _fact(call.word("Forsøg", "Attempts"), len(other["attempts"]))
    for proof in other["proofs"]:
        part = f"{_part(call, proof['part'], other['parts'])}, " if other["parts"] > 1 else ""
        _fact(call.word("Bekræftelse", "Confirmation"), f"{part}{when(proof['at'], call.lang)}, {proof['server']}")
        _server_said(call, proof["reply"], "")
