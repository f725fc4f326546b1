"""What the store may complain of. Every message says what is wrong and what a person can do.

A `Stale` move is no complaint: it is the domain's own word for "another was first".
"""


class StoreError(Exception):
    """The store could not do it; nothing was changed, but for a StoreUnknown."""


class StoreBroken(StoreError):
    """The disk or the database file failed; what was written is unknown. The process must stop (USENIX ATC 2020)."""


class StoreDamaged(StoreBroken):
    """The database file itself is damaged: another start mends nothing, only a backup does."""


class StoreBusy(StoreError):
    """Another program held the database for longer than we wait."""


class StoreAway(StoreError):
    """The database server cannot be reached, or cannot do it now. Nothing was changed; it may be asked again."""


class StoreUnknown(StoreError):
    """The connection was lost in a commit, and nobody can say whether it was kept: look before doing it again."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreTooNew(StoreError):
    """The database was written by a newer Nemboks; this one must not touch it."""


class StoreInUse(StoreError):
    """Another daemon works on this store."""


class VaultError(StoreError):
    """The master key file is missing, wrong or not safe."""


class KeyMissing(VaultError):
    """A secret was sealed with a master key that is not in the key file: to go on would lose letters."""


class Altered(VaultError):
    """A sealed secret was altered, or belongs elsewhere: its key is at hand and does not fit."""
