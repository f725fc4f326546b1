"""The subject line: who writes, about what, by when (UX.md 9).

Promises: at most SUBJECT characters; what tells mails apart (part, CVR) is never cut, the title is; no CPR shape.
"""

from nemboks.content.deadline import SOON, days_to, deadline_of
from nemboks.content.envelope import Envelope, authority_words
from nemboks.content.headers import SUBJECT, text_field
from nemboks.content.texts import cut, day_words, masked
from nemboks.content.wording import Wording, wording
from nemboks.domain.headline import Copy, Headline

_AUTHORITY = 70  # characters, so that room is left for the title
_TITLE = 500


def subject_field(headline: Headline, copy: Copy, envelope: Envelope, neutral: bool = False) -> bytes:
    """The Subject; `neutral` for the outside of an encrypted mail, whatever the company chose."""
    words = wording(copy.style.language)
    mark = words.subject_roles.get(copy.style.role, "")
    ending = words.subject_part.format(envelope.part, copy.count) if copy.count > 1 else ""
    ending += f" [{envelope.cvr}]" if copy.style.with_cvr else ""
    if neutral or copy.style.neutral_subject:
        middle = words.subject_neutral.format(_authority(headline, words))
    else:
        middle = f"{_deadline(headline, copy, words)}{_authority(headline, words)}: {_title(headline, words)}"
    return text_field("Subject", mark + cut(middle, SUBJECT - len(mark) - len(ending)) + ending)


def _authority(headline: Headline, words: Wording) -> str:
    return cut(masked(authority_words(headline, words), _TITLE), _AUTHORITY)


def _title(headline: Headline, words: Wording) -> str:
    return masked(headline.title, _TITLE) or words.untitled


def _deadline(headline: Headline, copy: Copy, words: Wording) -> str:
    deadline = deadline_of(headline, copy.date)
    near = deadline is not None and 0 <= days_to(deadline, copy.date) <= SOON
    return words.subject_deadline.format(day_words(deadline)) if deadline and near else ""
