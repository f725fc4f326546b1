"""What can be wrong with a letter's inside. The messages are for people and carry nothing of the contents."""


class ContentError(Exception):
    """The base of the three."""


class Unreadable(ContentError):
    """The letter cannot be understood, so it is held; only a person, or another letter upstream, can change that."""


class ContentsDiffer(ContentError):
    """The stored bytes are not those the headline was read from: abort before the dot and fetch the letter again."""


class UnsafeHeader(ContentError):
    """A header block of ours would not say what we meant. A fault in this program; nothing may be sent."""
