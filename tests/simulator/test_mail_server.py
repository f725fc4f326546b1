"""The pretend mail server: TLS before mail, only known mailboxes, whole files, and the faults of its families."""

import base64
import hashlib
import os
import smtplib
import socket
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemboks.simulator.faults import SMTP_REPLIES, SMTP_STAGES
from tests.simulator.conftest import wait_for

SENDER = "post@nemboks.example"


def mail(size=3000):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Afgørelse – æøå", "Åbylund <a@b.example>", "c@d.example"
    message["Message-ID"], message["Nemboks-Letter"] = "<1@nemboks.example>", "abc"
    message.set_content("Hej\n.\n..prik\n")
    message.add_attachment(os.urandom(size), maintype="application", subtype="pdf", filename="Årsopgørelse.pdf")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def address(world, place=0):
    return world.items("companies")[place]["address"]


def send(world, content, kind="implicit", to=None):
    with world.smtp(kind) as client:
        client.sendmail(SENDER, [to or address(world)], content)


@pytest.mark.parametrize("kind", ["implicit", "starttls"])
def test_a_mail_is_kept_byte_for_byte_and_described(world, kind):
    """File, digest, envelope, decoded header fields, attachments and TLS version are all there."""
    content = mail()
    send(world, content, kind)

    item = world.items("mails")[-1]
    assert Path(item["file"]).read_bytes() == content
    assert item["sha256"] == hashlib.sha256(content).hexdigest()
    assert (item["to"], item["mail_from"], item["server"]) == (address(world), SENDER, kind)
    assert (item["subject"], item["message_id"]) == ("Afgørelse – æøå", "<1@nemboks.example>")
    assert item["headers"] == {"Nemboks-Letter": "abc"}
    assert [(one["name"], one["size"]) for one in item["attachments"]] == [("Årsopgørelse.pdf", 3000)]
    assert item["tls"]["version"] in ("TLSv1.2", "TLSv1.3")
    assert "kept_only" not in item


def test_without_tls_there_is_no_mail(world):
    """Before STARTTLS, MAIL is 530 and no login is offered; the implicit port does not speak plain text at all."""
    at = world.ready["mail"]
    with smtplib.SMTP("127.0.0.1", at["starttls_port"]) as client:
        client.ehlo()
        assert client.docmd("MAIL FROM:<a@b.example>")[0] == 530
        assert "starttls" in client.esmtp_features
        assert "auth" not in client.esmtp_features
    with socket.create_connection(("127.0.0.1", at["implicit_tls_port"])) as plain:
        plain.sendall(b"EHLO x\r\n")
        assert plain.recv(100) in (b"", b"\x15\x03\x03\x00\x02\x022")


def test_commands_sent_before_the_handshake_do_not_survive_it(world):
    """What was glued to STARTTLS is thrown away (RFC 3207)."""
    with smtplib.SMTP("127.0.0.1", world.ready["mail"]["starttls_port"]) as client:
        client.ehlo()
        client.send(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@b.example>\r\n")
        assert client.getreply()[0] == 220
        client.sock = world.tls.wrap_socket(client.sock, server_hostname="localhost")
        client.file = client.sock.makefile("rb")
        assert client.ehlo()[0] == 250
        assert client.docmd(f"RCPT TO:<{address(world)}>")[0] == 503


def test_every_recipient_is_taken_and_recorded(world):
    """A letter to the wrong place is to be seen, not refused; `smtp-rcpt-550` is there for refusals."""
    with world.smtp() as client:
        client.sendmail(SENDER, ["nobody@elsewhere.example"], b"Subject: a\r\n\r\nb\r\n")
    assert world.items("mails")[-1]["to"] == "nobody@elsewhere.example"


def test_a_closed_mailbox_is_refused_and_no_other(world):
    """550 5.1.1 for the address of somebody who left, until it is opened again."""
    left, stays = "left@company.example", "stays@company.example"
    for closed, code in ((True, 550), (False, 250)):
        assert world.control.post("mailboxes", json={"address": left, "closed": closed}).is_success
        with world.smtp() as client:
            client.mail(SENDER)
            assert [client.rcpt(left)[0], client.rcpt(stays)[0]] == [code, 250]
    assert world.control.post("mailboxes", json={"closed": True}).status_code == 400


def test_the_extensions_that_clients_rely_on_are_offered(world):
    """SIZE, 8BITMIME, PIPELINING, SMTPUTF8, and AUTH once there is TLS."""
    for kind in ("implicit", "starttls"):
        with world.smtp(kind) as client:
            assert {"size", "8bitmime", "pipelining", "smtputf8", "auth"} <= set(client.esmtp_features)


def test_login_is_checked_but_not_needed(world):
    """The right password is taken, a wrong one is 535."""
    server = world.config()["servers"]["starttls"]
    for kind in ("implicit", "starttls"):
        with world.smtp(kind) as client:
            assert client.login(server["username"], server["password"])[0] == 235
        with world.smtp(kind) as client, pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(server["username"], "wrong")


def test_pipelined_commands_are_answered_in_order(world):
    """MAIL, a refused RCPT and DATA in one write: 250, 550, 503."""
    world.fault("smtp-rcpt-550")
    with world.smtp() as client:
        client.send(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n".encode())
        assert [client.getreply()[0] for _ in range(3)] == [250, 550, 503]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x", b"\r", b"\n.", b"x" * 1500]), max_size=6))
def test_every_body_arrives_as_it_was_sent(world, lines):
    """Dots at line starts, empty lines and bare line ends, with the next command right behind the end mark."""
    body = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
    with world.smtp() as client:
        client.mail(SENDER), client.rcpt(address(world))
        client.docmd("DATA")
        client.send(stuffed + b".\r\nNOOP\r\n")
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]

    assert Path(world.items("mails")[-1]["file"]).read_bytes() == body


@pytest.mark.parametrize(("stage", "code"), [(stage, code) for stage in SMTP_STAGES for code in SMTP_REPLIES])
def test_a_stage_refuses_as_told_and_heals(world, stage, code):
    """The code with an enhanced code of the same class; nothing is kept; the next try succeeds."""
    before = len(world.items("mails"))
    world.fault(f"smtp-{stage}-{code}")
    with pytest.raises(smtplib.SMTPException) as refused:
        send(world, mail())
    after = len(world.items("mails"))
    send(world, mail())

    assert f"{code}, b'{str(code)[0]}." in repr(refused.value)
    assert after == before
    assert len(world.items("mails")) == before + 1


def test_a_421_ends_the_connection(world):
    """After it nothing is answered any more."""
    world.fault("smtp-mail-421")
    with world.smtp() as client:
        assert client.mail(SENDER)[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()


@pytest.mark.parametrize(("name", "kept"), [("body-cut", False), ("dot-cut-kept", True), ("dot-cut-lost", False)])
def test_a_cut_ends_without_a_reply(world, name, kept):
    """The client cannot tell whether the mail was kept; the control interface can."""
    before = len(world.items("mails"))
    world.fault(f"smtp-{name}")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(world, mail(100_000))

    fresh = world.items("mails")[before:]
    assert [one.get("kept_only") for one in fresh] == ([True] if kept else [])


@pytest.mark.parametrize(("name", "kept"), [("kept", True), ("lost", False)])
def test_silence_leaves_the_connection_open(world, name, kept):
    """No reply comes within the client's patience, and the connection still stands."""
    before = len(world.items("mails"))
    world.fault(f"smtp-dot-silence-{name}")
    with world.smtp() as client:
        client.mail(SENDER), client.rcpt(address(world))
        client.docmd("DATA")
        client.send(b"x\r\n.\r\n")
        wait_for(lambda: {one["name"]: one for one in world.items("faults")}[f"smtp-dot-silence-{name}"]["hits"])
        client.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.sock.recv(1)

    assert [one.get("kept_only") for one in world.items("mails")[before:]] == ([True] if kept else [])


def test_a_glued_reply_is_a_lie(world):
    """354 and a false 250 come together; the body that follows is refused and not kept."""
    before = len(world.items("mails"))
    world.fault("smtp-data-glued")
    with world.smtp() as client:
        client.mail(SENDER), client.rcpt(address(world))
        assert client.docmd("DATA")[0] == 354
        assert client.getreply() == (250, b"2.0.0 fake")
        client.send(b"x\r\n.\r\n")
        assert client.getreply()[0] == 451

    assert len(world.items("mails")) == before


def test_starttls_can_be_missing(world):
    """Neither offered nor done, for one connection."""
    world.fault("smtp-starttls-missing")
    with pytest.raises(smtplib.SMTPNotSupportedError):
        world.smtp("starttls")
    world.fault("smtp-starttls-missing")
    with smtplib.SMTP("127.0.0.1", world.ready["mail"]["starttls_port"]) as client:
        client.ehlo()
        assert client.docmd("STARTTLS")[0] == 502
        assert client.docmd("MAIL FROM:<a@b.example>")[0] == 530

    send(world, mail(), "starttls")


@pytest.mark.parametrize("kind", ["implicit", "starttls"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_can_be_wrong_and_right_again(world, kind, host):
    """With a server name in the handshake or without one."""
    world.fault("smtp-certificate-wrong")
    with pytest.raises(ssl.SSLCertVerificationError):
        world.smtp(kind, host)
    with world.smtp(kind, host) as client:
        assert client.noop()[0] == 250


def test_a_reply_of_three_lines_is_as_good(world):
    """The mail is accepted."""
    world.fault("smtp-dot-multiline")
    before = len(world.items("mails"))
    send(world, mail())

    assert len(world.items("mails")) == before + 1


def test_a_large_mail_is_taken(world):
    """Thirty megabytes, digested part by part."""
    blob = os.urandom(22_000_000)
    head = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    send(world, head + base64.encodebytes(blob).replace(b"\n", b"\r\n"))

    assert world.items("mails")[-1]["attachments"] == [
        {"name": "a.pdf", "sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}
    ]


def test_more_than_the_limit_is_refused_before_it_is_sent(world):
    """The announced size decides."""
    with world.smtp() as client:
        assert client.mail(SENDER, [f"SIZE={10**9}"])[0] == 552


def test_what_is_no_unicode_spoils_no_list(world):
    """Raw bytes in the envelope and in header fields are kept in the file and readable in the list."""
    with world.smtp() as client:
        client.send(b"MAIL FROM:<\xff@b.example>\r\n")
        client.getreply()
        client.rcpt(address(world))
        client.data(
            b"Subject: \xff\xfe\r\nNemboks-X: \xe6\r\nContent-Disposition: attachment; filename=\xf8\r\n\r\nx\r\n"
        )

    assert world.items("mails")[-1]["attachments"][0]["size"] == 3
