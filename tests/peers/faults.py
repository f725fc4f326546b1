"""RELIABILITY 4e, S01 to S29: which tests show a fault from Digital Post to the people who are told of it.

In each the journey, the store, the spool and the couriers are the program's own; the mail server is Debian's Postfix
(with Dovecot behind it where a mailbox is needed) unless ALONE says why it cannot be. What the wire itself does is in
tests/delivery/faults.py.
"""

LOOKUP, REFUSED, ACCEPTED = "peers/test_lookup.py::", "peers/test_refused.py::", "peers/test_accepted.py::"
SCRIPTED, RELAY = "peers/test_scripted.py::", "scenes/test_s03_the_smart_host.py::"
COPIES, DEAD = "scenes/test_s04_the_accountant.py::", "scenes/test_s05_a_dead_domain.py::"

SHOWN = {
    "S01": [LOOKUP + "test_s01_a_dns_that_says_nothing"],
    "S02": [LOOKUP + "test_s02_no_such_domain", DEAD + "test_one_notice_for_twenty_letters_and_one_solved"],
    "S03": [LOOKUP + "test_s03_a_dead_first_server"],
    "S04": [REFUSED + "test_s04_s05_a_server_that_will_not_talk"],
    "S05": [REFUSED + "test_s04_s05_a_server_that_will_not_talk"],
    "S06": [
        REFUSED + "test_s06_starttls_is_not_offered", REFUSED + "test_s06_starttls_is_stripped",
        LOOKUP + "test_s06_s07_an_exchanger_that_proves_nothing", SCRIPTED + "test_s06_s08_starttls_fails",
    ],
    "S07": [REFUSED + "test_s07_tls_that_proves_nothing", LOOKUP + "test_s06_s07_an_exchanger_that_proves_nothing"],
    "S08": [SCRIPTED + "test_s06_s08_starttls_fails", SCRIPTED + "test_s08_s24_no_goodbye_after_the_250"],
    "S09": [REFUSED + "test_s09_a_wrong_password", REFUSED + "test_s09_the_right_password"],
    "S10": [REFUSED + "test_s10_s16_mail_refused"],
    "S11": [
        ACCEPTED + "test_s11_a_greylist_is_waited_for", ACCEPTED + "test_s11_a_greylist_that_goes_on",
        REFUSED + "test_s11_s12_s16_rcpt_refused",
    ],
    "S12": [REFUSED + "test_s11_s12_s16_rcpt_refused", COPIES + "test_s12_the_primarys_own_mailbox_is_full"],
    "S13": [REFUSED + "test_s13_s14_no_such_recipient"],
    "S14": [REFUSED + "test_s13_s14_no_such_recipient"],
    "S15": [REFUSED + "test_s15_s16_data_refused"],
    "S16": [
        REFUSED + "test_s10_s16_mail_refused", REFUSED + "test_s11_s12_s16_rcpt_refused",
        REFUSED + "test_s15_s16_data_refused", SCRIPTED + "test_s16_421_where_postfix_says_none",
    ],
    "S17": [SCRIPTED + "test_s17_cut_in_the_body"],
    "S18": [
        ACCEPTED + "test_s18_cut_after_the_dot", ACCEPTED + "test_s18_three_uncertain_ends",
        SCRIPTED + "test_s18_cut_after_the_dot",
    ],
    "S19": [SCRIPTED + "test_s19_a_slow_250", SCRIPTED + "test_s19_s23_no_answer_in_ten_minutes"],
    "S20": [REFUSED + "test_s20_the_dot_refused"],
    "S21": [SCRIPTED + "test_s21_another_yes"],
    "S22": [SCRIPTED + "test_s22_malformed_replies"],
    "S23": [SCRIPTED + "test_s19_s23_no_answer_in_ten_minutes"],
    "S24": [SCRIPTED + "test_s24_quit_fails", SCRIPTED + "test_s08_s24_no_goodbye_after_the_250"],
    "S25": [RELAY + "test_s25_a_bounce_before_the_receipt", RELAY + "test_s25_a_bounce_after_the_receipt"],
    "S26": [ACCEPTED + "test_s26_a_letter_in_parts", ACCEPTED + "test_s26_a_document_that_is_too_large"],
    "S27": [
        ACCEPTED + "test_s27_seven_bits", ACCEPTED + "test_s27_our_own_mails_are_seven_bits",
        "delivery/test_faults.py::test_s27_smtputf8_missing",
    ],
    "S28": [RELAY + "test_s28_a_smart_host_that_says_what_is_not_so", RELAY + "test_a_black_hole_raises_the_alarm"],
    "S29": [
        RELAY + "test_a_notice_of_delivery_confirms", RELAY + "test_a_landing_confirms",
        RELAY + "test_each_part_is_waited_for",
        RELAY + "test_passed_on_is_not_delivered", RELAY + "test_a_black_hole_raises_the_alarm",
        RELAY + "test_s29_an_address_that_the_company_does_not_know",
    ],
}  # fmt: skip

ALONE = {
    "S08": "a real server cannot be told to cut the handshake or to leave without close_notify",
    "S17": "a cut in the middle of the body needs a server that counts what it read",
    "S19": "Postfix cannot be told to think for ten minutes; the loop's own clock is put forward instead",
    "S21": "Postfix says 250",
    "S22": "Postfix keeps the grammar",
    "S23": "a 250 after our time-out needs the same put-forward clock as S19",
    "S24": "Postfix answers QUIT",
}

CANNOT_BE_SHOWN = {
    "S28": "the company's own server says 250 and drops the letter: nothing that we can see is different. Shown is "
    "only what is around it: a smart host that drops and is silent raises the alarm, one that lies is believed",
}
