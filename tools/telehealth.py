"""How a remote visit was held, in the record's words: with picture and sound, or with sound only (CPT appendix A, 93 and 95)."""

import re

WITH_PICTURE = r"video|audio[- ]?video|audio[- ]?visual|doxy|zoom|facetime"
PICTURE = re.compile(rf"\b(?:{WITH_PICTURE})\b", re.IGNORECASE)
VIDEO = re.compile(rf"\b(?:{WITH_PICTURE}|telehealth|telemedicine|virtual visit)\b", re.IGNORECASE)
SOUND = re.compile(
    r"\b(?:telephone visit|by telephone|by phone|over the (?:tele)?phone|(?:tele)?phone visit|audio[- ]only|sound only|"
    r"telephone (?:encounter|call)|by audio alone)\b",
    re.IGNORECASE,
)
NO_PICTURE = re.compile(
    r"\b(?:no|not|without|declin\w*|refus\w*|unable|cannot|can not|could not|lacks?|instead of|rather than)\b[^.;]{0,25}$",
    re.IGNORECASE,
)
FAILED = re.compile(
    r"^[^.;]{0,25}\b(?:fail\w*|unavailable|not (?:work\w*|available|possible)|did not work|declin\w*|refus\w*|broke|dropped)\b",
    re.IGNORECASE,
)


def by_sound(text: str) -> bool:
    """Whether the record says that the visit was held by telephone."""
    return bool(SOUND.search(text))


def by_picture(text: str) -> bool:
    """Whether the record says that picture was used; "no video" and "the video failed" do not."""
    return _used(PICTURE, text)


def is_remote(text: str) -> bool:
    """Whether the record calls the visit a telehealth visit of any kind with picture."""
    return _used(VIDEO, text)


def is_sound_only(text: str) -> bool:
    """Held by telephone and without picture."""
    return by_sound(text) and not by_picture(text)


def _used(pattern: "re.Pattern[str]", text: str) -> bool:
    return any(
        not NO_PICTURE.search(text[max(0, m.start() - 40) : m.start()]) and not FAILED.search(text[m.end() :])
        for m in pattern.finditer(text)
    )
