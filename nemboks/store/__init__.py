"""The ledger and the sealed spool: the only place where anything is kept."""
