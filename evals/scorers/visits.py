"""Problem-oriented visit codes: which family a code is of, and its level there."""

_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("office_new", ("99202", "99203", "99204", "99205")),
    ("office_established", ("99212", "99213", "99214", "99215")),
    ("video_new", ("98000", "98001", "98002", "98003")),
    ("video_established", ("98004", "98005", "98006", "98007")),
    ("audio_new", ("98008", "98009", "98010", "98011")),
    ("audio_established", ("98012", "98013", "98014", "98015")),
    ("consultation", ("99242", "99243", "99244", "99245")),
    ("inpatient_consultation", ("99252", "99253", "99254", "99255")),
    ("emergency", ("99282", "99283", "99284", "99285")),
    ("hospital_initial", ("99221", "99222", "99223")),
    ("hospital_later", ("99231", "99232", "99233")),
    ("home_new", ("99341", "99342", "99344", "99345")),
    ("home_established", ("99347", "99348", "99349", "99350")),
)
_PLACE = {code: (family, 2 + step) for family, codes in _FAMILIES for step, code in enumerate(codes)}
_PLACE |= {"99211": ("office_established", 1), "99281": ("emergency", 1), "98016": ("video_established", 1)}


def is_visit(code: str) -> bool:
    """Whether a code is a problem-oriented visit, which is scored apart from the lines."""
    return code in _PLACE


def level(code: str) -> int:
    """The level of a visit code, 1 to 5 (decision making: 2 straightforward, 3 low, 4 moderate, 5 high)."""
    return _PLACE[code][1]


def family(code: str) -> str:
    """The family of a visit code, such as ``office_new``."""
    return _PLACE[code][0]
