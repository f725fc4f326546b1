"""Who may do what at the desk, written down: each function by each role, on the own firm and on a foreign one.

The columns stand for people, in this order: the operator at the keyboard, ejer, administrator, læser, revisor, kurator,
support, drift. Five groups: the own firm in ordinary times, with an estate registered, with an estate in effect; the
foreign firm; and last those without a right in force: of the firm's own people, before and after their grant's dates,
and of strangers.

Y asked and answered, be it by a rule that refuses · N "you have no right to this" · - "there is no such thing" ·
. an answer that shows nothing of that firm.
"""

from typing import Final

TABLE: Final = """
                                     usual    frozen   effect   foreign  none
                                     oealrksd oealrksd oealrksd oealrksd fs
accounts.account_add                 YNNNNNNY YNNNNNNY YNNNNNNY YNNNNNNY NN
accounts.account_contact             NYYN--NN NYYN--NN NYYN--NN N-----NN N-
accounts.account_list                YYYY..YY YYYY..YY YYYY..YY Y.....YY ..
accounts.account_show                YYYY--YY YYYY--YY YYYY--YY Y-----YY N-
addresses.domain_relax               YNNNNNNY YNNNNNNY YNNNNNNY YNNNNNNY NN
addresses.domain_show                YNNNNNNY YNNNNNNY YNNNNNNY YNNNNNNY NN
audit.audit_export                   YYNNNNNY Y.NNNNNY Y.NNNNNY Y.NNNNNY NN
audit.audit_export (cvr)             YYNNNNNY YNNNNNNY YNNNNNNY Y-----NY --
audit.audit_head                     YYNNNNNY YYNNNNNY YYNNNNNY YYNNNNNY NN
audit.audit_verify                   YYNNNNNY YYNNNNNY YYNNNNNY YYNNNNNY NN
board.board                          YYYYYYYY YYYYYYYY YYYYYYYY Y.....YY ..
board.board (account)                YYYYYYYY YYYYYYYY YYYYYYYY Y-----YY .-
changes.address_set                  NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
changes.change_again                 NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
changes.change_cancel                NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
changes.change_confirm               -YY--Y-- -------- -----Y-- -------- --
changes.change_roll_back             NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
changes.email_set                    NYYN--NN NYYN--NN NYYN--NN N-----NN N-
changes_view.change_list             .YY..Y.. .....Y.. .....Y.. ........ ..
changes_view.change_list (cvr)       NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
custody.legal_hold                   NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
custody.shadow                       NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
cvrs.cvr_set                         NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
cvrs.cvr_set (contact)               NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
cvrs.fetch_now                       NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
cvrs.give_login                      NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
digests.digest_preview (account)     YYYY--YN YYYY--YN YYYY--YN Y-----YN N-
digests.digest_preview (cvr)         YYYYYYYN YYYYYYYN YYYYYYYN Y-----YN --
digests.digest_send (account)        NYYN--NN NYYN--NN NYYN--NN N-----NN N-
digests.digest_send (cvr)            NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
digests.digest_set                   YYYN--NN YYYN--NN YYYN--NN Y-----NN N-
estate_approvals.estate_approve      N----NNY N----NNY N----NNY N-----NY --
estate_approvals.estate_close        N----NNY N----NNY N----NNY N-----NY --
estate_approvals.estate_refuse       N----NNY N----NNY N----NNY N-----NY --
estate_case.estate_list              Y....YYY Y....YYY Y....YYY Y.....YY ..
estate_case.estate_show              Y----YYY Y----YYY Y----YYY Y-----YY --
estate_documents.estate_check        Y----NYY Y----NYY Y----NYY Y-----YY --
estate_documents.estate_document     Y----NYY Y----NYY Y----NYY Y-----YY --
estate_documents.estate_view         N----NNY N----NNY N----NNY N-----NY --
estate_inventory.estate_inventory    Y----YNY Y----YNY Y----YNY Y-----NY --
estates.estate_code                  Y----NYY Y----NYY Y----NYY Y-----YY --
estates.estate_confirm               Y----NYY Y----NYY Y----NYY Y-----YY --
estates.estate_effective             Y----NYY Y----NYY Y----NYY Y-----YY --
estates.estate_open                  YNNNNNYY YNNNNNYY YNNNNNYY Y-----YY --
explain.explain_cvr                  YYYYYYYY YYYYYYYY YYYYYYYY Y-----YY --
explain.explain_letter               YYYYYYYN YYYYYYYN YYYYYYYN Y-----YN --
fuses.fuse_reset                     YNNNNNNY YNNNNNNY YNNNNNNY Y-----NY --
fuses.fuse_reset (all)               YNNNNNNY YNNNNNNY YNNNNNNY YNNNNNNY NN
fuses.fuse_show                      YYYYYYYY YYYYYYYY YYYYYYYY Y.....YY ..
fuses.to_reconcile                   NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
golive.go_live                       NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
grants.grant_add (drift)             YNNNNNNN YNNNNNNN YNNNNNNN YNNNNNNN NN
grants.grant_add (ejer)              NYNN--NN NYNN--NN NYNN--NN N-----NN N-
grants.grant_add (laeser)            NYYNNNNN NNNNNNNN NNNNNNNN N-----NN --
grants.grant_add (revisor)           NYYNNNNN NNNNNNNN NNNNNNNN N-----NN --
grants.grant_end                     NYYNNNNN NNNNNNNN NNNNNNNN N-----NN --
grants.grant_list                    YYYYYYYY YYYYYYYY YYYYYYYY Y.....YY ..
grants.grant_list (cvr)              YYYYYYYY YYYYYYYY YYYYYYYY Y-----YY --
grants.person_end                    NYYN--NN NNNN--NN NNNN--NN N-----NN N-
imports.export_table                 .YYYYY.. .YYYYY.. .....Y.. ........ ..
imports.import_preview               YYYN--NN YYYN--NN YYYN--NN Y-----NN N-
imports.import_table                 YYYN--NN YYYN--NN YYYN--NN Y-----NN N-
letters.letter_list                  YYYYYYY. YYYYYYY. YYYYYYY. Y.....Y. ..
letters.letter_list (cvr)            YYYYYYY. YYYYYYY. YYYYYYY. Y.....Y. ..
letters.letter_show                  YYYYYYYN YYYYYYYN YYYYYYYN Y-----YN --
letters.release                      NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
letters.release (boundary)           NNNNNNNY NNNNNNNY NNNNNNNY N-----NY --
letters.retry                        NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
letters.retry_waiting                NYYNYYNN NNNNNYNN NNNNNYNN NYYNYYNN NN
letters.retry_waiting (cvr)          NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
mailboxes.add                        YYYN--NN YYYN--NN YYYN--NN Y-----NN N-
mailboxes.mailbox_list               YYYYYYYY YYYYYYYY YYYYYYYY Y.....YY ..
mailboxes.pause                      NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
mailboxes.resume                     NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
notices.told_list                    YYYYYYYY YYYYYYYY YYYYYYYY Y.....YY ..
plans.plan_cancel                    NYNN--NN NYNN--NN NYNN--NN N-----NN N-
plans.plan_set                       YNNN--NY YNNN--NY YNNN--NY Y-----NY N-
plans.plan_undo                      NYNN--NN NYNN--NN NYNN--NN N-----NN N-
preview.letter                       NYYNNNNN NNNNNNNN NNNNNNNN N-----NN --
proofs.proof_give                    NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
proofs.proof_send                    NYYNYYNN NNNNNYNN NNNNNYNN N-----NN --
references.number_of                 YYYYYYY- YYYYYYY- YYYYYYY- Y-----Y- --
route_wishes.again                   NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
route_wishes.confirm                 NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.copy_add                      NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.copy_remove                   NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.default_set                   NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.holiday_cancel                NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.holiday_set                   NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.route_list                    YYYYYYYN YYYYYYYN YYYYYYYN Y-----YN --
routes.route_set                     NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.route_try                     YYYYYYYN YYYYYYYN YYYYYYYN Y-----YN --
routes.rule_add                      NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
routes.rule_remove                   NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
status.status                        YYYYYYYY YYYYYYYY YYYYYYYY Y.....YY ..
trays.letter_dismiss                 NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
trays.letter_hold                    NYYNNYNN NNNNNYNN NNNNNYNN N-----NN --
trays.letter_tray                    YYYYYYY. YYYYYYY. YYYYYYY. Y.....Y. ..
"""


# Public functions that nobody is asked for, each with its reason.
EXEMPT: Final = {
    "estate_case.intact": "opens a document for a caller that was let in before",
    "letters.all_letters": "letter_list, for a caller without an event loop",
    "preview.memo": "reads a file of the asker's own; no ledger",
}
