"""Which test shows which fault of RELIABILITY 4e, and why one cannot be shown. A number may have several tests."""

SHOWN = {
    "S04": ["test_faults_postfix.py::test_s04_greeting"],
    "S05": ["test_faults_postfix.py::test_s05_ehlo_refused"],
    "S06": [
        "test_faults_postfix.py::test_s06_starttls_is_not_offered",
        "test_faults_postfix.py::test_s06_starttls_is_stripped",
        "test_faults.py::test_s06_starttls_fails",
    ],
    "S07": ["test_faults_postfix.py::test_s07_bad_certificates", "test_faults_postfix.py::test_s07_tls_1_0_only"],
    "S08": ["test_faults.py::test_s08_cut_in_the_handshake", "test_faults.py::test_s08_no_goodbye_after_the_250"],
    "S09": ["test_faults_postfix.py::test_s09_login", "test_oauth.py::test_a_fresh_token_is_refused"],
    "S10": ["test_faults_postfix.py::test_s10_mail"],
    "S11": ["test_faults_postfix.py::test_s11_greylisted"],
    "S12": ["test_faults_postfix.py::test_s12_mailbox_full"],
    "S13": ["test_faults_postfix.py::test_s13_unknown_recipient"],
    "S14": ["test_faults_postfix.py::test_s14_moved"],
    "S15": ["test_faults_postfix.py::test_s15_data_refused"],
    "S16": ["test_faults_postfix.py::test_s16_421_at_every_stage", "test_faults.py::test_s16_421_before_the_dot"],
    "S17": ["test_faults.py::test_s17_cut_in_the_body"],
    "S18": ["test_faults_postfix.py::test_s18_cut_after_the_dot", "test_faults.py::test_s18_cut_after_the_dot"],
    "S19": [
        "test_faults.py::test_s19_slow_answers_to_the_dot",
        "test_faults.py::test_s19_s23_no_answer_in_ten_minutes",
    ],
    "S20": ["test_faults_postfix.py::test_s20_dot_refused"],
    "S21": ["test_faults.py::test_s21_another_yes"],
    "S22": ["test_faults.py::test_s22_malformed_replies"],
    "S23": ["test_faults.py::test_s19_s23_no_answer_in_ten_minutes"],
    "S24": ["test_faults.py::test_s24_quit_fails"],
    "S26": ["test_faults_postfix.py::test_s26_larger_than_announced"],
    "S27": ["test_faults_postfix.py::test_s27_seven_bits", "test_faults.py::test_s27_smtputf8_missing"],
    "S29": ["test_relay.py::test_a_relays_250_is_a_hand_over", "test_relay.py::test_postfix_tells_that_it_delivered"],
}

# Of the wire's own faults; those of the lookup (S01-S03), of returned mail (S25) and of what a server does with a
# letter that it took (S28) belong to the direct courier, the return box and the landing.
NOT_ON_POSTFIX = {
    "S08": "a real server cannot be told to cut the handshake or to leave without close_notify",
    "S17": "a cut at every KiB needs a server that counts what it read",
    "S19": "Postfix cannot be told to think for ten minutes, and the courier's loop is put forward instead",
    "S21": "Postfix says 250",
    "S22": "Postfix keeps the grammar",
    "S23": "a 250 after our time-out needs the same put-forward loop as S19",
    "S24": "Postfix answers QUIT",
}
