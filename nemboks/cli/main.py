"""`nemboks`: what people may ask for at the command line. Thin: each command calls the desk and shows the answer.

A command's module is imported when the command is used, so that a help text is there at once.
"""

import atexit
import gc
import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

NAME: Final = "nemboks"
COMMANDS: Final = {  # in the order of a first day: name -> module:attribute, one line
    "demo": ("nemboks.cli.demo:demo", "A letter's whole way on this machine, live."),
    "init": ("nemboks.cli.init:init", "Make settings, master key and database."),
    "config": ("nemboks.cli.config:config", "Check the settings before a start."),
    "run": ("nemboks.cli.run:run", "Forward letters until told to stop."),
    "drain": ("nemboks.cli.run:drain", "One pass over all mailboxes, then exit."),
    "status": ("nemboks.cli.status:status", "Does the post come through? One line per mailbox."),
    "letter": ("nemboks.cli.trays:letter", "See letters; try again; hold, release, dismiss."),
    "mail": ("nemboks.cli.mail:mail", "Look at a letter's mails, as .eml and .html."),
    "explain": ("nemboks.cli.explain:explain", "Why did I get no mail? Of a company, or of one letter."),
    "notices": ("nemboks.cli.notices:notices", "What people were told of trouble, and whether they got it."),
    "address": ("nemboks.cli.changes:address", "Look at addresses before a letter is at risk; change one."),
    "cvr": ("nemboks.cli.cvrs:cvr", "See, add, pause and resume mailboxes."),
    "mailbox": ("nemboks.cli.custody:mailbox", "Shadow mode, going live, legal hold, reconciliation of a CVR."),
    "fuse": ("nemboks.cli.fuses:fuse", "See and reset the delete fuse."),
    "route": ("nemboks.cli.routes:route", "Where letters go: rules, copies, the tray, holidays."),
    "account": ("nemboks.cli.accounts:account", "Customers: make one, see them, set the second contact."),
    "grant": ("nemboks.cli.grants:grant", "Who may do what: give a right, end it, see them."),
    "person": ("nemboks.cli.grants:person", "Somebody leaves: all their rights end."),
    "plan": ("nemboks.cli.plans:plan", "What an account may use: set, cancel, undo."),
    "estate": ("nemboks.cli.estates:estate", "A kurator's case: register, approve, end; who got which letter."),
    "digest": ("nemboks.cli.digests:digest", "The morning's mail about many companies: see, send, switch on."),
    "audit": ("nemboks.cli.audit:audit", "Is the history whole? Verify it; export it; show its head."),
    "version": ("nemboks.cli.status:version", "Show the version."),
}


class Program(click.Group):
    """The group of all commands; ends every one of them in one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run the command line; leaves by SystemExit with one of the codes of nemboks.cli.errors."""
        words = list(sys.argv[1:] if args is None else args)
        for ignored in ("prog_name", "standalone_mode", "complete_var", "windows_expand_args"):
            extra.pop(ignored, None)
        try:
            with self.make_context(NAME, list(words), **extra) as ctx:
                self.invoke(ctx)
            sys.stdout.flush()
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)
        except BrokenPipeError:  # the reader has seen enough: nothing is wrong, and nothing more is written
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except (Exception, KeyboardInterrupt) as error:
            sys.exit(_tell(error, words))
        sys.exit(0)


def _tell(error: BaseException, words: Sequence[str]) -> int:
    """The exit code, after the words: on stderr for people, and with --json as one object on stdout."""
    from nemboks.cli.errors import failure_of
    from nemboks.cli.output import as_json
    from nemboks.desk.words import Lang

    english = "en" in [b for a, b in itertools.pairwise(words) if a == "--lang"] or "--lang=en" in words
    failure = failure_of(error, Lang.EN if english else Lang.DA)
    if isinstance(error, click.ClickException) and failure.words == error.format_message():
        error.show()
    elif failure.words:
        click.echo(f"{NAME}: {failure.words}", err=True)
    if "--json" in words:
        told = {"error": failure.words, "kind": failure.kind, "exit_code": failure.code}
        click.echo(as_json({"schema": "nemboks.error/1", "ok": False, **told}))
    return failure.code


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  nemboks demo                       watch letters travel, nothing to set up
  nemboks init --config nemboks.toml set up for real
  nemboks status --json              for a monitor: exit 0 well, 5 look, 6 at once
  nemboks letter show 17             one letter's whole way

\b
Exit codes: 0 ok, 1 failed, 2 wrong use, 3 not found, 4 refused by rule,
5 attention, 6 critical, 75 try later, 77 not allowed, 78 configuration.""",
)
def program() -> None:
    """Forwards a company's Digital Post to its own mail server, and gives the receipt only when that server has it."""


def main() -> NoReturn:
    """Entry point of `nemboks`."""
    gc.set_threshold(50_000, 20, 20)  # a start makes a hundred thousand objects that stay: nothing to look for
    # Nor at the end: the interpreter would go through all of them before it leaves. Who opened a file has closed it.
    atexit.register(gc.freeze)
    program.main()


if __name__ == "__main__":
    main()
