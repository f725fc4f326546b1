"""Takes people out of a text before it is logged, stored or shown.

Promises: both functions are linear in the length of the text, change nothing else, and may be applied twice. They
never decide whether a number is a real CPR number: since 2007 the check digit says nothing, so the shape is enough.
"""

import re
import unicodedata

_DAY = "(?:0[1-9]|[12][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])"  # 61-91: replacement numbers have 60 added to the day
_MONTH = "(?:0[1-9]|1[0-2])"
_GAP = "[ \u00a0]?[-\u2010-\u2015\u2212\ufe63\uff0d]?[ \u00a0]?"
_SHAPE = rf"{_DAY}{_MONTH}[0-9]{{2}}{_GAP}[0-9]{{4}}"
_CPR = re.compile(rf"(?<![0-9]){_SHAPE}(?![0-9])")
_WITHIN = re.compile(_SHAPE)
_RUN = re.compile(rf"[0-9](?:{_GAP}[0-9])*+")

# Starting only where a run of such characters starts, and never giving one back, keeps the search linear.
_ATOM = r'[^\s<>()\[\]:;,@"\\]'
_LOCAL = re.compile(rf'(?<!{_ATOM})({_ATOM}){_ATOM}*+(?=@)|"([^"\r\n])[^"\r\n]*+"(?=@)')


_OFTEN = 0x2100  # letters of Europe, and its dashes and quotation marks: remembered; strangers' texts fill no memory


class _Digits(dict[int, str]):
    """For `str.translate`: the ASCII digit of each sign that is a digit elsewhere, such as full-width ones."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        plain = str(unicodedata.digit(sign, sign))
        if code < _OFTEN:
            self[code] = plain
        return plain


_DIGITS = _Digits()
_SHORTEST = 10  # signs: a number without its dash


def mask_cpr(text: str) -> str:
    """The text with everything shaped like a CPR number replaced by `[CPR]`.

    All ten digits go, because the first six are a birth date; in whatever digits they are written.
    """
    if len(text) < _SHORTEST:
        return text
    plain = text if text.isascii() else text.translate(_DIGITS)  # sign for sign, so that places agree
    if plain is text or plain == text:
        return _CPR.sub("[CPR]", text)
    shown, at = [], 0
    for run in _RUN.finditer(plain):
        # Where digits of two scripts meet, whoever cannot read the one sees a number of the other's: all of them go.
        whole = _mixed(text[run.start() : run.end()], run[0])
        for found in [run] if whole else _CPR.finditer(plain, *run.span()):
            shown += [text[at : found.start()], "[CPR]"]
            at = found.end()
    return "".join([*shown, text[at:]])


def _mixed(text: str, plain: str) -> bool:
    """Whether a number's shape is within these digits, and they are of more than one script."""
    zeros = {ord(sign) - int(digit) for sign, digit in zip(text, plain, strict=True) if digit in "0123456789"}
    return len(zeros) > 1 and _WITHIN.search(plain) is not None


def redact(text: str) -> str:
    """The text without CPR shapes and with each e-mail address cut to `j***@domain`."""
    if "@" in text:
        text = _LOCAL.sub(lambda found: f"{found[1] or found[2]}***", text)
    return mask_cpr(text)
