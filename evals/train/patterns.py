"""Identifiers that stand only in a text, by their form; each pattern with what takes its place.

The order matters: what is longer or more certain comes first. Dates and ages are in ``evals.train.moving``.
"""

import re
from functools import partial
from typing import Final

_LABELS: Final = (
    r"mrn|medical record(?: number| no\.?)?|record (?:number|no\.?)|chart(?: number| no\.?| copy)|account(?: number| no\.?)?|acct(?: no\.?)?|"
    r"member(?: id| number| no\.?)|subscriber(?: id| number| no\.?)?|policy(?: number| no\.?)?|group(?: number| no\.?)|beneficiary(?: id| number)?|"
    r"medicare(?: id| number)|medicaid(?: id| number)|license(?: plate| number| no\.?)?|licence(?: plate| number| no\.?)?|plate(?: number| no\.?)?|"
    r"dea(?: number| no\.?)?|npi(?: number)?|passport(?: number| no\.?)?|certificate(?: number| no\.?)?|case(?: number| no\.)|"
    r"serial(?: number| no\.?)?|device id(?:entifier)?|udi|vin|biometric id|fingerprint id|voice ?print id|claim(?: number| no\.)|"
    r"authorization(?: number| no\.?)|confirmation(?: number| no\.?)|tax id|ein|ssn|social security(?: number| no\.?)?|badge(?: number| no\.?)|encounter(?: id| number)|visit(?: id| number)"
)
_STREETS: Final = (
    "street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|circle|cir|place|pl|way|parkway|pkwy|"
    "terrace|highway|hwy|square|trail|row|loop"
)
_STATES: Final = "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
_NAME: Final = r"[A-Z][a-z'’]+(?:-[A-Z][a-z]+)?"
_FULL: Final = rf"{_NAME}(?:\s+[A-Z]\.)?(?:\s+(?:van|von|de|della|del|le|la))?(?:\s+{_NAME})?"

PATTERNS: Final[tuple[tuple[str, re.Pattern[str], str], ...]] = (
    ("url", re.compile(r"(?i)\b(?:https?://|ftp://|www\.)[^\s<>\"')]+[^\s<>\"').,;]"), "[URL]"),
    ("email", re.compile(r"\b[\w.+'-]+@[\w-]+(?:\.[\w-]+)+\b"), "[EMAIL]"),
    ("uuid", re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "[ID]"),
    ("ip", re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"), "[IP]"),
    ("ip6", re.compile(r"(?i)\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b"), "[IP]"),
    ("ssn", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), "[SSN]"),
    (
        "phone",
        re.compile(
            r"(?<![\d.-])(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. /])\d{3}[-. ]\d{4}(?!\d)(?:\s*(?:x|ext\.?)\s*\d{1,6})?"
        ),
        "[PHONE]",
    ),
    ("handle", re.compile(r"(?<!\w)@[A-Za-z_]\w{2,}"), "[URL]"),
    (
        "mbi",
        re.compile(
            r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}\b"
        ),
        "[ID]",
    ),
    ("vin", re.compile(r"\b(?=[A-HJ-NPR-Z]*\d)(?=\d*[A-HJ-NPR-Z])[A-HJ-NPR-Z\d]{17}\b"), "[ID]"),
    (
        "labelled",
        re.compile(
            rf"(?i)\b(?:{_LABELS})\b(?P<sep>\s*(?:is|#|:|no\.?|=)*\s*)(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9/-]{{2,}}"
        ),
        "[ID]",
    ),
    (
        "street",
        re.compile(
            rf"\b\d{{1,6}}[A-Za-z]?\s+(?:[NSEW]\.?\s+)?(?:{_NAME}\s+){{1,3}}(?i:{_STREETS})\b\.?(?:,?\s*(?i:apt|suite|unit|ste|#)\.?\s*[\w-]+)?"
        ),
        "[ADDRESS]",
    ),
    ("box", re.compile(r"(?i)\bP\.?\s?O\.?\s?box\s+\d+"), "[ADDRESS]"),
    ("zip", re.compile(rf"\b(?P<keep>(?:{_STATES})\.?,?\s+)\d{{5}}(?:-\d{{4}})?\b"), "[ZIP]"),
    ("zip4", re.compile(r"(?<![\d-])\d{5}-\d{4}(?![\d-])"), "[ZIP]"),
    (
        "titled",
        re.compile(rf"\b(?P<keep>(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Doctor|Nurse|Rev)\.?\s+)(?!\[){_FULL}"),
        "[NAME]",
    ),
    (
        "signed",
        re.compile(
            rf"\b(?P<keep>(?i:signed|authenticated|dictated|reviewed|attested|transcribed)(?:\s+(?i:electronically))?\s+(?i:by):?\s+)(?!\[){_FULL}"
        ),
        "[NAME]",
    ),
    (
        "degree",
        re.compile(
            rf"\b{_NAME}(?:\s+[A-Z]\.)?\s+{_NAME}(?P<tail>,\s*(?:MD|DO|NP|PA|RN|PhD|FNP|LCSW|DPM|PharmD)\b)"
        ),
        "[NAME]",
    ),
    (
        "patient",
        re.compile(
            rf"(?m)\b(?P<keep>(?i:patient(?: name)?|name|emergency contact|next of kin|guarantor|employer)\s*:\s*)(?!\[){_FULL}"
        ),
        "[NAME]",
    ),
    ("digits", re.compile(r"(?<![\w.])\d{9,}(?![\w.])"), "[ID]"),
)
"""Kind, form, placeholder. ``keep`` and ``tail`` are groups that stay."""

RELATIVE: Final = re.compile(
    rf"\b(?P<keep>(?i:daughter|son|wife|husband|partner|mother|father|sister|brother|aunt|uncle|niece|nephew|grandson|granddaughter|"
    rf"caregiver|neighbou?r|friend|roommate|boss|employer)(?:,)?\s+)(?P<name>{_NAME})(?P<more>\s+{_NAME})?"
)
"""A relative with a capitalised word behind: a name, unless the word is one of medicine (FAMILY: Mother Asthma)."""


def masked(text: str) -> str:
    """The text without what has the form of an identifier."""
    for _, form, instead in PATTERNS:
        text = form.sub(partial(_kept, instead), text)
    return text


def addresses_masked(text: str) -> str:
    """The text without web and mail addresses: they go first, before a name within them is replaced."""
    for _, form, instead in PATTERNS[:2]:
        text = form.sub(instead, text)
    return text


def _kept(instead: str, match: "re.Match[str]") -> str:
    groups = match.groupdict()
    if "sep" in groups:
        label = match.group()[: match.end("sep") - match.start()]
        return f"{label}{instead}"
    return f"{groups.get('keep') or ''}{instead}{groups.get('tail') or ''}"


def left(text: str) -> list[str]:
    """Kinds of identifier whose form a text still holds."""
    return [kind for kind, form, _ in PATTERNS if form.search(text)]
