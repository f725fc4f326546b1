"""The fault table: what must happen, in our words, and the tests that show it. docs/faults.md is written from it.

Process and machine: nine faults at each of sixteen steps of a letter's life. The others stand alone: D ledger,
H Digital Post over REST, M over IMAP, S mail servers (tests/peers/faults.py names their tests), T time and people.
A name ends in [{step}] where the test is run for each step by itself.
"""

from dataclasses import dataclass

from tests.faults.named import LEDGER, MAIL, PEOPLE, REST
from tests.faults.named_imap import IMAP
from tests.peers.faults import SHOWN

STEPS = {
    "L": "lease", "P": "list", "F": "fetch", "C": "compose", "D": "connect", "T": "TLS", "E": "EHLO and login",
    "M": "MAIL", "R": "RCPT", "A": "DATA", "B": "body", "Z": "dot, reply not seen", "J": "commit of the outcome",
    "K": "receipt", "V": "receipt taken, not committed", "N": "notices",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A fault, what is required, and which tests show it. `limit`: what no test can show, or what is not built."""

    id: str
    fault: str
    must: str
    tests: tuple[str, ...]
    limit: str = ""


MACHINE = {
    "killed": Row(
        "killed", "kill -9, or the kernel kills us for memory",
        "The next start makes up for it. Before dot_begun nothing was delivered; after it, and before the outcome is "
        "committed, the end is uncertain and counted; after a confirmation only the receipt is given again.",
        ("faults/test_machine.py::test_killed[{step}]",),
    ),
    "power": Row(
        "power", "the power fails, and what was not synced is lost, torn or out of order",
        "A commit that was told is there; everything else is as after a kill. Nothing lost, nothing receipted early.",
        ("power/test_power_cut.py::test_no_power_cut_loses_or_doubles_a_letter",),
        "The cuts are at every call on the disk (in the long run) and not by step: between the commits L and Z nothing "
        "is written, so the steps C to B are one and the same cut.",
    ),
    "sync": Row(
        "sync", "fsync fails (EIO)",
        "The process ends at once, as failed, and syncs nothing again. A reply that is out is still waited for.",
        ("faults/test_machine.py::test_a_sync_fails[{step}]",),
    ),
    "full": Row(
        "full", "the disk is full",
        "Nothing is sent that could not be written down; what is on its way ends truly; with room all of it goes on.",
        ("faults/test_machine.py::test_the_disk_is_full[{step}]",),
    ),
    "stop": Row(
        "stop", "SIGTERM or SIGINT",
        "Nothing new is begun, what has not sent its dot is cut, a dot's reply is waited for. Exit 0, never an "
        "uncertain end.",
        ("faults/test_machine.py::test_told_to_stop[{step}]",),
    ),
    "reload": Row(
        "reload", "SIGHUP with another address in the settings",
        "An orderly stop; systemd starts us again and the settings are read anew. A dot that is out is finished to the "
        "old address, everything else goes to the new one.",
        ("faults/test_machine.py::test_told_to_reload[{step}]",),
    ),
    "clock": Row(
        "clock", "the wall clock is set by an hour or a day, forward or back",
        "Time-outs go by the clock that is never set; what came to be due in a future that did not come is due now.",
        ("faults/test_machine.py::test_the_clock_is_set[{step}]",),
        "One of the four shifts at each step here; floor 1 of the simulation draws them all.",
    ),
    "blocked": Row(
        "blocked", "the event loop stands still",
        "The watchdog is not fed, so systemd ends us after WatchdogSec; if the loop goes on first, nothing was harmed.",
        ("faults/test_machine.py::test_the_loop_is_blocked[{step}]",),
    ),
    "files": Row(
        "files", "no file descriptor, or little memory",
        "It waits, or ends as failed and is started again; letters are streamed, and none is lost or doubled.",
        ("faults/test_machine.py::test_no_file_can_be_opened[{step}]",),
    ),
}  # fmt: skip

# For the whole fault, whatever the step.
MORE = {
    "killed": ("crash/test_every_call.py::test_a_kill_at_any_call_loses_and_doubles_nothing",
               "crash/test_sqlite.py::test_a_kill_leaves_the_real_store_whole",
               "processes/test_torture.py::test_a_killed_daemon_loses_nothing"),
    "power": ("power/test_power_cut.py::test_a_planted_mistake_is_seen",),
    "sync": ("power/test_sick_disk.py::test_a_failed_sync_stops_the_program_and_loses_nothing",
             "store/test_writer.py::test_after_a_failed_fsync_nothing_is_written_any_more"),
    "full": ("power/test_sick_disk.py::test_a_full_disk_loses_nothing",
             "processes/test_limits.py::test_a_full_disk_stops_the_post_and_loses_none",
             "store/test_ballast.py::test_a_letter_that_comes_only_once_is_sealed_on_a_disk_that_became_full",
             "store/test_ballast.py::test_how_an_attempt_ended_is_written_on_a_full_disk"),
    "stop": ("processes/test_signals.py::test_sigterm_at_each_step_ends_well_and_makes_no_doubt",
             "daemon/test_stop.py::test_a_stop_waits_for_the_reply_to_a_dot_that_is_out",
             "daemon/test_faults.py::test_a_drain_that_is_told_to_stop_waits_for_the_reply"),
    "reload": ("faults/test_service.py::test_a_hang_up_brings_the_daemon_back_with_its_new_settings",
               "processes/test_signals.py::test_a_closed_terminal_makes_no_doubt",
               "processes/test_signals.py::test_nohup_keeps_it_running"),
    "clock": ("faults/test_found.py::test_after_a_clock_was_put_back_no_mailbox_is_looked_into_for_hours",
              "store/test_clock_back.py::test_rows_of_a_clock_that_ran_ahead_are_due_now",
              "daemon/test_faults.py::test_a_clock_that_is_put_back_brings_back_what_is_due"),
    "blocked": ("processes/test_signals.py::test_a_loop_that_stands_still_feeds_no_watchdog",
                "faults/test_service.py::test_a_loop_that_is_blocked_for_a_minute_is_ended"),
    "files": ("processes/test_limits.py::test_with_64_open_files_the_post_comes_through",
              "processes/test_limits.py::test_with_little_memory_large_letters_come_through"),
}  # fmt: skip


def cells() -> dict[str, tuple[str, ...]]:
    """The tests of every cell: `fault/step` of the first nine, the number of the others."""
    found = {
        f"{name}/{step}": tuple(test.format(step=step) for test in row.tests)
        for name, row in MACHINE.items()
        for step in STEPS
    }
    return found | {row.id: row.tests for row in alone()}


def alone() -> list[Row]:
    """Every row that does not go by steps, in the order of their numbers."""
    servers = [Row(id_, fault, must, tuple(SHOWN[id_]), limit) for id_, fault, must, limit in MAIL]
    rows = [Row(id_, fault, must, tests, limit) for id_, fault, must, tests, limit in (*LEDGER, *REST, *IMAP, *PEOPLE)]
    return sorted([*servers, *rows], key=lambda row: ("DHMST".index(row.id[0]), row.id))
