"""The neighbours of the torture: Digital Post's two faces, two Dovecots and a Postfix, with a faulty link before each.

    nemboks-simulator (REST) ── link rest ──┐                     ┌── links a, b, c ── Postfix ── LMTP ── Dovecot
                                            ├── nemboks run ──────┤
    Dovecot (IMAP upstream) ── link imap ───┘                     └── (its answers: the policy service, say.py)

Everything is on loopback and in one folder; on a RAM disk if the caller wants, which makes Postfix' and Dovecot's own
fsync free: the torture kills processes, it does not cut the power.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

import httpx2
import trustme

from nemboks.domain.pace import Pace
from tests.delivery.faulty_postfix import IMPLICIT, STARTTLS, bad_certificates
from tests.delivery.postfix_peer import running_postfix
from tests.helpers.dovecot import PASSWORD
from tests.helpers.postfix_policy import policy
from tests.processes import texts
from tests.processes.post import Company, Post
from tests.processes.proxy import Proxy
from tests.processes.say import Say
from tests.processes.servers import Dovecot, Mta, free_port

BIN = Path(sys.executable).parent
REMOVALS = ("on-receipt", "on-delete", "on-fetch", "eventual")  # what takes a letter off the REST face's list
SERVERS = ("a", "b", "c")  # b by STARTTLS
SMALL = 500  # octets: the message_size_limit of a service that takes no letter
SERVICES = {
    "implicit": IMPLICIT,
    "starttls": STARTTLS,
    "wrong": f"{IMPLICIT} -o smtpd_tls_chain_files={{home}}/another_name.pem",
    "wrong_starttls": f"{STARTTLS} -o smtpd_tls_chain_files={{home}}/another_name.pem",
    "small": f"{IMPLICIT} -o message_size_limit={SMALL}",
    "small_starttls": f"{STARTTLS} -o message_size_limit={SMALL}",
}
# The demo's waits, and quicker where a fault would make the run wait for nothing else.
PACE = Pace.demo().model_copy(update={
    "poll_seconds": 2.0, "dot_seconds": 4.0, "reply_seconds": 4.0, "connect_seconds": 4.0, "request_seconds": 5.0,
    "stop_seconds": 6.0, "spare_seconds": 5.0, "notice_seconds": (5.0,), "reconcile_seconds": 30.0,
    "gather_seconds": 5.0, "still_seconds": 600.0, "change_seconds": 1.0, "probation_seconds": 1.0,
})  # fmt: skip


class Town:
    """Everything but the daemon, running from `with` on; gone afterwards, whatever happened."""

    def __init__(self, folder: Path, rest: int, imap: int, seed: int) -> None:
        self.folder, self._rest, self._imap, self.seed = folder, rest, imap, seed
        self.config = folder / "nemboks.toml"
        self.state = folder / "state"
        self.say = Say()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with self._open as on_failure:
            self.folder.chmod(0o755)
            self._certificates()
            self.proxy = on_failure.enter_context(Proxy())
            self._start_upstream(on_failure)
            self._start_mail(on_failure)
            for server in SERVERS:
                self.proxy.link(server, self.service(server))
            self.proxy.link("rest", self._ready_port())
            self.proxy.link("imap", self.upstream.port)
            self.write_config()
            self._open = on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def service(self, server: str, kind: str = "") -> int:
        """The port of Postfix that the server's link leads to; `kind`: wrong or small."""
        way = "starttls" if server == "b" else "implicit"
        name = f"{kind}_starttls" if kind and way == "starttls" else (kind or way)
        return self.mta.postfix.ports[name]

    def _certificates(self) -> None:
        ca = trustme.CA()
        (self.folder / "ca.pem").write_bytes(ca.cert_pem.bytes())
        leaf = ca.issue_cert("127.0.0.1", "localhost")
        (self.folder / "server.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        (self.folder / "server.key").write_bytes(leaf.private_key_pem.bytes())

    def _start_upstream(self, stack: ExitStack) -> None:
        state, ready = self.folder / "simulator", self.folder / "ready.json"
        self.removal = random.Random(f"removal {self.seed}").choice(REMOVALS)
        arguments = ("--state", str(state), "--ready-file", str(ready), "--cvrs", str(self._rest), "--inbox", "rest",
                     "--removal", self.removal)  # fmt: skip
        state.mkdir()
        with (self.folder / "simulator.log").open("ab") as out:
            command = [str(BIN / "nemboks-simulator"), "serve", *arguments, "--seed", str(self.seed)]
            simulator = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        stack.callback(_ended, simulator)
        end = time.monotonic() + 30
        while not ready.exists():
            if time.monotonic() > end or simulator.poll() is not None:
                raise RuntimeError("the simulator does not start")
            time.sleep(0.02)
        self.ready = json.loads(ready.read_text())
        base = self.ready["control"]["base_url"]
        with httpx2.Client(base_url=base, timeout=30, trust_env=False) as control:
            self._given = tomllib.loads(control.get("config").raise_for_status().text)
        self._companies()
        self.upstream = Dovecot(
            self.folder / "upstream", lambda one: texts.UPSTREAM.format(**self._of(one)), self._hear
        )
        owner = (self.upstream.owner.pw_uid, self.upstream.owner.pw_gid)
        self.post = Post(base, self.upstream.base / "mail", owner, self.seed)
        stack.callback(self.post.close)
        self.post.make_maildirs(self.companies)
        stack.callback(self.upstream.stop, signal.SIGKILL)
        self.upstream.start()

    def _hear(self, at: float, line: str) -> None:
        self.post.hear(at, line)

    def _companies(self) -> None:
        rest = [box["cvr"] for box in self._given["mailboxes"]]
        faces = [*((cvr, "rest") for cvr in rest), *((f"9{n:07}", "imap") for n in range(self._imap))]
        self.companies = [
            Company(cvr, face, f"post@firma{n}.example", f"lager@firma{n}.example", SERVERS[n % len(SERVERS)])
            for n, (cvr, face) in enumerate(faces)
        ]
        self.owners = {address: one.cvr for one in self.companies for address in (one.address, one.second)}

    def _start_mail(self, stack: ExitStack) -> None:
        self.quota_port = free_port()
        self.boxes = Dovecot(
            self.folder / "boxes", lambda one: texts.BOXES.format(**self._of(one), quota=one.quota or "*:storage=0"),
            lambda at, line: None,
        )  # fmt: skip
        stack.callback(self.boxes.stop, signal.SIGKILL)
        self.boxes.start()
        policy_port = stack.enter_context(policy(self.say))
        known = "".join(f"{address} x/\n" for address in (*self.owners, texts.OPERATOR))
        domains = ", ".join(sorted({address.partition("@")[2] for address in (*self.owners, texts.OPERATOR)}))
        main = texts.POSTFIX.format(
            domains=domains, lmtp=self.boxes.base / "lmtp", policy=policy_port, quota=self.quota_port
        )
        services = SERVICES
        running = running_postfix(
            services, main, {"mailboxes": known}, bad_certificates, master="lmtp unix - - n - - lmtp\n"
        )
        self.mta = Mta(stack.enter_context(running))
        # After a kill its own end finds nobody to stop; so it is started again for that.
        stack.callback(self.mta.stop, signal.SIGKILL)

    def _of(self, server: Dovecot) -> dict[str, Any]:
        return {
            "base": server.base, "port": server.port, "user": server.owner.pw_uid, "group": server.owner.pw_gid,
            "password": PASSWORD, "certificates": self.folder, "quota_port": getattr(self, "quota_port", 0),
        }  # fmt: skip

    def _ready_port(self) -> int:
        return int(self.ready["rest"]["base_url"].rpartition(":")[2].partition("/")[0])

    # --- the settings ---

    def write_config(self) -> None:
        """Settings as the simulator gives them, with our links in the place of the servers."""
        self.state.mkdir(exist_ok=True)
        given, links = self._given, self.proxy.links
        upstream = given["upstream"] | {
            "rest_url": f"https://127.0.0.1:{links['rest'].port}/apis/v1/",
            "imap_host": "localhost", "imap_port": links["imap"].port, "imap_ca_file": str(self.folder / "ca.pem"),
        }  # fmt: skip
        ca = str(self.mta.postfix.home / "ca.pem")
        tables: list[tuple[str, Mapping[str, Any]]] = [
            ("", {"environment": "demo", "state_dir": str(self.state), "master_key_file": given["master_key_file"]}),
            ("[upstream]", upstream),
            ("[pace]", PACE.model_dump(mode="json")),
            ("[fuse]", {"per_cvr_per_hour": 1_000_000, "all_per_hour": 1_000_000}),
            ("[notices]", {"server": "a", "operator": texts.OPERATOR}),
        ]
        for server in SERVERS:
            tls = "starttls" if server == "b" else "implicit"
            access = {"host": "localhost", "port": links[server].port, "tls": tls, "ca_file": ca, "internal": True}
            tables.append((f"[servers.{server}]", access))
        logins = {box["cvr"]: box for box in given["mailboxes"]}
        for one in self.companies:
            login: dict[str, Any] = {"user": one.cvr, "password": PASSWORD}
            if one.face == "rest":
                login = {name: logins[one.cvr][name] for name in ("system_id", "api_token")}
            about = {"cvr": one.cvr, "name": f"Firma {one.cvr}", "inbox": one.face}
            tables.append(("[[mailboxes]]", {**about, **login, "address": one.address, "server": one.server}))
        self.config.write_text("\n".join(texts.table(heading, values) for heading, values in tables))
        self.config.chmod(0o600)


def _ended(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
