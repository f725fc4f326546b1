"""The rows of the fault table about Digital Post's IMAP face: number, fault, what must happen, tests, limit."""

from tests.faults.named import COLLECT, Named

LETTER, REMOVAL = "intake/test_imap_letter.py::", "intake/test_imap_removals.py::"
BOX, NEWS = "intake/test_imap_mailbox.py::", "intake/test_imap_news.py::"
NEIGHBOURS, TWINS = "intake/test_imap_neighbours.py::", "contracts/test_twins.py::"
IN_MID_LETTER = LETTER + "test_what_does_not_add_up_is_no_letter"

IMAP: list[Named] = [
    ("M01", "cut in the middle of a letter", "Thrown away and fetched again.",
     (IN_MID_LETTER, LETTER + "test_silence_in_mid_letter_ends_in_time",
      COLLECT + "test_a_failed_fetch_leaves_nothing_and_comes_again_later"), ""),
    ("M02", "a letter that is longer or shorter than was said", "Read by count, never by what stands in it; what does "
     "not add up is no letter.", (IN_MID_LETTER, LETTER + "test_a_letter_is_read_by_count",
                                  LETTER + "test_a_letter_may_come_byte_by_byte"), ""),
    ("M03", "another UIDVALIDITY", "Nothing is removed; known letters go on under their new number, unmailed.",
     (LETTER + "test_another_uidvalidity_is_gone", REMOVAL + "test_after_a_changed_uidvalidity_nothing_is_removed",
      COLLECT + "test_a_letter_whose_uidvalidity_changed_goes_on_as_the_same",
      TWINS + "test_a_letter_goes_on_under_its_new_number"), ""),
    ("M04", "another client removes letters", "UIDs only: nothing else is meant by them.",
     (NEIGHBOURS + "test_other_clients_at_work", BOX + "test_what_others_do_meanwhile_does_not_disturb"), ""),
    ("M05", "the UID names another message", "Size and header are compared right before the removal.",
     (REMOVAL + "test_another_message_under_the_uid_stays", NEIGHBOURS + "test_odd_letters_are_known_again"), ""),
    ("M06", "no UIDPLUS", "The mailbox is refused; never a plain EXPUNGE.",
     (REMOVAL + "test_without_uidplus_nothing_is_removed", REMOVAL + "test_only_the_one_uid_is_removed"), ""),
    ("M07", "somebody read it", "Means nothing: flags are neither looked at nor set.",
     (NEIGHBOURS + "test_other_clients_at_work",), ""),
    ("M08", "BYE, NO, BAD", "An outage or a refusal, with the server's words.",
     (BOX + "test_getting_in", BOX + "test_a_strange_greeting_is_an_outage",
      NEWS + "test_a_server_that_refuses_idle_is_an_outage"), ""),
    ("M09", "IDLE is dead and nobody says so", "Said anew every nine minutes; the poll goes on beneath.",
     (NEWS + "test_idle_is_renewed", NEWS + "test_an_idle_that_is_cut_is_told_once",
      "daemon/test_watch.py::test_a_watch_that_fails_is_tried_again_later_and_harms_nothing"), ""),
    ("M10", "the mailbox can only be read", "Refused, with those words: nothing is sent that could not be removed.",
     (BOX + "test_getting_in", COLLECT + "test_a_refused_cvr_parks_its_mailbox"), ""),
    ("M11", "NIL, a part, or eight bits in quotes", "A whole letter or none; unreadable ones are held and told.",
     (IN_MID_LETTER, LETTER + "test_a_small_letter_may_come_quoted",
      "intake/test_responses.py::test_attributes_of_every_kind"), ""),
]  # fmt: skip
