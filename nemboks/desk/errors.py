"""What the desk may answer instead of doing what was asked. Nothing was changed."""

from nemboks.desk.words import Words


class DeskError(Exception):
    """The wish was not fulfilled; `words` say why and what to do, in both languages."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class NotFound(DeskError):
    """There is no such letter or mailbox."""


class NotAllowed(DeskError):
    """It exists, and whoever asks has no right to this."""


class RefusedByRule(DeskError):
    """It exists, and a rule forbids this."""
