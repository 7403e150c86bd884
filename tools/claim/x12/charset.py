"""What text may travel in X12: upper case, plain ASCII, no delimiters."""

import re
import unicodedata

DELIMITERS = "*:~^"
_PLAIN = re.compile(
    r"[A-Z0-9!\"&'()+,\-./;?=%@\[\]_{}\\|<>#$]+(?: [A-Z0-9!\"&'()+,\-./;?=%@\[\]_{}\\|<>#$]+)*\Z"
)
_SPECIAL = str.maketrans(
    {
        "ß": "SS", "ẞ": "SS", "Æ": "AE", "æ": "AE", "Œ": "OE", "œ": "OE", "Ø": "O", "ø": "O", "Ł": "L",
        "ł": "L", "Đ": "D", "đ": "D", "Ð": "D", "ð": "D", "Þ": "TH", "þ": "TH", "ı": "I", "‘": "'", "’": "'",
        "ʼ": "'",
        "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...",
        "×": "X", "µ": "U", "μ": "U", "°": " DEG ", "½": " 1/2", "¼": " 1/4", "¾": " 3/4", "•": "-", "²": "2",
        "³": "3", "≥": ">=", "≤": "<=", "±": "+/-",
    }
)  # fmt: skip
_DELIMITER_TO_SPACE = str.maketrans(dict.fromkeys(DELIMITERS, " "))


def clean(text: str) -> str:
    """The text as X12 carries it: transliterated, upper case, delimiters and line breaks as single spaces.

    A character without a Latin counterpart becomes ``?``; :func:`unwritable` finds those beforehand.
    """
    if _PLAIN.match(text):
        return text
    folded = _fold(text).translate(_DELIMITER_TO_SPACE).upper()
    return " ".join(_ascii(folded).split())


def unwritable(text: str) -> str:
    """The characters of ``text`` that X12 can not carry even after transliteration, in order, once each."""
    if text.isascii():
        return ""
    lost = (c for c in text if not c.isspace() and not c.isascii() and "?" in _ascii(_fold(c)))
    return "".join(dict.fromkeys(lost))


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPECIAL))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_SPECIAL)


def _ascii(text: str) -> str:
    return "".join(
        c if " " <= c <= "~" else " " if c.isspace() or ord(c) < 32 or c == "\x7f" else "?" for c in text
    )
