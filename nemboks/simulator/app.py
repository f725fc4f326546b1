"""The command `nemboks-simulator`: start the pretend Digital Post and mail server, run until told to stop.

Promises: the ready file appears, whole, once everything listens; SIGTERM and SIGINT stop it quickly with exit code 0.
`company` and `letter` talk to a simulator that runs; they change nothing by themselves.
"""

import asyncio
import json
import logging
import signal
from pathlib import Path

import click

from nemboks.simulator.config_text import write_whole
from nemboks.simulator.control_client import ControlError, ask
from nemboks.simulator.inboxes import REMOVALS, Removal
from nemboks.simulator.simulation import InboxMode, Plan, Simulation
from nemboks.simulator.standing import CONSENTS, LIVES

EXAMPLES = """
\b
Examples:
  nemboks-simulator serve --state /tmp/sim --ready-file /tmp/sim/ready.json
  nemboks-simulator serve --state /tmp/sim --ready-file /tmp/sim/ready.json \\
      --write-config /tmp/sim/nemboks.toml --inbox both --cvrs 4
  nemboks-simulator serve --state /tmp/sim --ready-file /tmp/sim/ready.json --removal on-delete
\b
Then, with BASE from the ready file's control.base_url:
  curl BASEcompanies
  curl -d '{"cvr": "...", "seed": 1, "index": 0}' BASEletters
  curl -d '{"name": "smtp-rcpt-450", "times": 2}' BASEfaults
  curl BASEletters; curl BASEmails
"""
COMPANY_EXAMPLES = """
\b
Examples:
  nemboks-simulator company 12345674 --ready-file /tmp/sim/ready.json
  nemboks-simulator company 12345674 --ready-file /tmp/sim/ready.json --life ceased
  nemboks-simulator company 12345674 --ready-file /tmp/sim/ready.json --life bankrupt --curator --json
  nemboks-simulator company 12345674 --ready-file /tmp/sim/ready.json --consent given
"""


LETTER_EXAMPLES = """
\b
Examples:
  nemboks-simulator letter 12345674 --ready-file /tmp/sim/ready.json
  nemboks-simulator letter 12345674 --ready-file /tmp/sim/ready.json --index 1 --p-number 1003388394 --kle 27.18.00
"""


@click.group(epilog=EXAMPLES)
def main() -> None:
    """A pretend Digital Post (REST and IMAP) and a pretend mail server, for testing recipient systems."""


@main.command(epilog=EXAMPLES)
@click.option("--state", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for all files.")
@click.option("--ready-file", required=True, type=click.Path(path_type=Path), help="Written (JSON) once all is up.")
@click.option("--write-config", type=click.Path(path_type=Path), help="Also write settings (TOML) for `nemboks run`.")
@click.option("--cvrs", default=3, show_default=True, type=click.IntRange(0, 10_000), help="How many companies.")
@click.option(
    "--inbox",
    type=click.Choice(["rest", "imap", "both"]),
    help="The companies' faces; both: in turn. Without it all have rest, and one company more has imap.",
)
@click.option("--removal", default="on-receipt", show_default=True, type=click.Choice(REMOVALS), help="What unlists.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same companies, ids and secrets.")
def serve(
    state: Path,
    ready_file: Path,
    write_config: Path | None,
    cvrs: int,
    inbox: InboxMode | None,
    removal: Removal,
    seed: int,
) -> None:
    """Start everything on free ports of 127.0.0.1 and run until SIGTERM or SIGINT."""
    for folder in (state, ready_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    ready_file.unlink(missing_ok=True)  # nobody must take an earlier run's for ours
    plan = Plan(state.resolve(), cvrs, inbox, removal, seed)
    asyncio.run(_serve(plan, ready_file, write_config))


async def _serve(plan: Plan, ready_file: Path, write_config: Path | None) -> None:
    for library in ("mail.log", "uvicorn.error"):
        logging.getLogger(library).setLevel(logging.ERROR)  # they warn about every odd client
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    simulation = Simulation(plan)
    await simulation.start()
    try:
        if write_config is not None:
            write_whole(write_config, simulation.config_text())
        write_whole(ready_file, json.dumps(simulation.ready_facts(), indent=2) + "\n")
        await stop.wait()
    finally:
        await simulation.stop()


@main.command(epilog=COMPANY_EXAMPLES)
@click.argument("cvr")
@click.option("--ready-file", required=True, type=click.Path(path_type=Path), help="Of the simulator that runs.")
@click.option("--life", type=click.Choice(LIVES), help="How it stands in the register from now on.")
@click.option("--consent", type=click.Choice(CONSENTS), help="Whether it lets the vendor into its mailbox.")
@click.option("--curator/--no-curator", default=None, help="Whether the access of a curator is active.")
@click.option("--json", "as_json", is_flag=True, help="The whole company as JSON, its login too.")
def company(
    cvr: str, ready_file: Path, life: str | None, consent: str | None, curator: bool | None, as_json: bool
) -> None:
    """Show a company of a running simulator, or change how it stands."""
    changes = {"life": life, "consent": consent, "curator": curator}
    try:
        one = ask(ready_file, f"companies/{cvr}", {field: new for field, new in changes.items() if new is not None})
    except ControlError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(one, ensure_ascii=False))
    else:
        curators = "active" if one["curator"] else "none"
        click.echo(f"{one['cvr']}  {one['name']}: {one['life']}, consent {one['consent']}, curator's access {curators}")


@main.command(epilog=LETTER_EXAMPLES)
@click.argument("cvr")
@click.option("--ready-file", required=True, type=click.Path(path_type=Path), help="Of the simulator that runs.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Same seed and index, same letter.")
@click.option("--index", default=0, show_default=True, type=click.IntRange(0), help="Neighbours differ in kind.")
@click.option("--p-number", default="", help="The workplace it is meant for.")
@click.option("--se-number", default="", help="The unit that pays tax.")
@click.option("--kle", default="", help="The subject's number.")
def letter(cvr: str, ready_file: Path, seed: int, index: int, p_number: str, se_number: str, kle: str) -> None:
    """Put an invented letter into a company's mailbox of a running simulator."""
    facts = {"cvr": cvr, "seed": seed, "index": index, "p_number": p_number, "se_number": se_number, "kle": kle}
    try:
        one = ask(ready_file, "letters", facts)
    except ControlError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{one['cvr']}  letter {one['id']}: {one['label']}")


if __name__ == "__main__":
    main()
