"""The titles of assessment items: what the provider wrote as the name of the problem, whether or not the reader knows it."""

import re
from collections.abc import Iterator, Sequence

from agent.coder.case import Case, Seen
from agent.coder.spoken import sentences

ASSESSED = frozenset({"assessment", "assessment_plan"})
MOST_WORDS = 14
MOST_PARTS = 3
MOST_BENEATH = 8
DUE_TO = re.compile(r",?\s+(?:due to|secondary to|caused by|from)\s+(?:an?\s+|the\s+)?", re.IGNORECASE)
LEAD = re.compile(r"^[\s•*#\-–—]*(?:\(?\d{1,2}[.)]\s*|[a-z][.)]\s+)?")
FOLLOWED = re.compile(
    r"^\W*(?:follow[- ]?up|recheck|re-?evaluation) (?:of|for|on)\s+(?:an?\s+|the\s+)?", re.IGNORECASE
)
"""A title may say that its problem is followed before it names it."""
LEVEL = re.compile(r"\b(?P<a>[CTL]\d{1,2})(?: ?[-/–] ?(?:[CTLS])?\d{1,2})?\b(?: level)?", re.IGNORECASE)
REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar"}
JOINT = re.compile(r",|;|\b(?:and|with|due to|secondary to|caused by|from)\b", re.IGNORECASE)
NUMBER = re.compile(r"\s*\(?\d{1,2}[.)]\s")
CUT = re.compile(r"\s*(?::|\s[-–—]\s|;|\.(?=\s|$)|\().*$", re.DOTALL)
TELLS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|be|been|will|would|should|can|could|may|might|do|does|did|patient|she|he|we|i|"
    r"you|continue|start|stop|order|ordered|refer|return|follow|followup|plan|discussed|advised|reports?|denies|"
    r"presents?|instructions?|agreements?|signed|electronically|labs?|medications?|recommend\w*|today|reasoning|"
    r"suspect\w*|possibl[ey]|probabl[ey]|likely|concern|rule|r/o|versus|vs|question\w*|consistent|etiology|differential|"
    r"treatment|testing|counseling|education|provided|notes?|letter|referrals?|impression|assessment|date|time|minutes)\b",
    re.IGNORECASE,
)


def clean_title(text: str) -> str:
    """The title without its number, bullet and what follows a colon, dash, bracket or full stop."""
    return CUT.sub("", FOLLOWED.sub("", LEAD.sub("", text))).strip(" .,:;\n\t")


def item_text(text: str, heading: str) -> str:
    """A sentence without the section heading that stands on the same line ("Assessment: ankle sprain")."""
    if not heading:
        return text
    return re.sub(rf"^\s*{re.escape(heading)}\s*[:\-–—.]+\s*", "", text, flags=re.IGNORECASE)


def title_of(case: Case, header: Seen) -> str:
    """The whole title of the item that a header mention heads; empty when its line is prose."""
    title = leading(clean_title(item_text(case.sentence(header), str(header.section or ""))))
    return title if str(header.text).lower() in title.lower() else ""


def leading(title: str) -> str:
    """The part of a title that names the problem: its comma-separated parts up to the first that tells something else."""
    kept: list[str] = []
    for part in title.split(","):
        if TELLS.search(part) or len(" ".join([*kept, part]).split()) > MOST_WORDS:
            break
        kept.append(part)
    return ",".join(kept).strip()


def parts_of(title: str) -> tuple[str, ...]:
    """The title, then without its last parts: what comes after a comma may specify the problem or only remark on it."""
    parts = title.split(",")
    shorter = [",".join(parts[:n]).strip() for n in range(min(len(parts) - 1, MOST_PARTS), 0, -1)]
    named = [s for s in shorter if len(s.split()) > 1 or (len(parts) > 2 and "," in s)]
    before = DUE_TO.split(title, maxsplit=1)[0].strip(" ,")
    return tuple(dict.fromkeys([title, *named, *([before] if len(before.split()) > 1 else [])]))


def at_level(title: str, known: str) -> str:
    """A spinal problem with the region of the level in its title ("L4-L5" is lumbar, "L5-S1" lumbosacral); empty without one."""
    found = LEVEL.search(title)
    if not found or LEVEL.search(known):
        return ""
    region = "lumbosacral" if "S1" in found[0].upper() else REGIONS[found["a"][0].upper()]
    return "" if region in known else f"{known} {region} region"


def part_with(title: str, text: str) -> str:
    """The part of a title, between its joints, that holds a text, with the remark after its comma; empty when none does."""
    parts = JOINT.split(title)
    place = next((n for n, p in enumerate(parts) if text.lower() in p.lower()), None)
    if place is None:
        return ""
    end = title.find(parts[place]) + len(parts[place])
    joined = place + 1 < len(parts) and title[end : end + 1] == ","
    return ", ".join(p.strip() for p in parts[place : place + 1 + joined])


def sided(part: str, title: str) -> str:
    """A part with the side at the head of its title ("right hallux valgus with bunion"), when it names none itself."""
    side = re.match(r"\W*(left|right|bilateral)\b", title, re.IGNORECASE)
    named = re.search(r"\b(?:left|right|bilateral|both)\b", part, re.IGNORECASE)
    return f"{side[1].lower()} {part}" if part and side and not named else part


def unknown_titles(case: Case) -> Iterator[Seen]:
    """Titles of assessment items in which the reader found no problem, as mentions made of the title itself."""
    headed = {(m.document, m.sentence) for m in case.mentions if m.is_header}
    for document, spans in case.sentences.items():
        text = case.texts.get(document, "")
        for number, (start, end, section) in enumerate(spans):
            kind = case.sections[document][section]["kind"]
            inline = _inline(case, document, section, start)
            if (
                kind in ASSESSED
                and (document, number) not in headed
                and (inline or _begins_line(text, start))
            ):
                title = clean_title(item_text(text[start:end], case.sections[document][section]["name"]))
                named = leading(title)
                numbered = bool(NUMBER.match(text[start:end]))
                if len(named.split()) >= 2 and (inline or numbered or _whole(text, end)):
                    title = named
                    yield _seen(case, document, number, title, text.index(title, start), section)


def beneath(case: Case, title: Seen, titles: Sequence[Seen]) -> tuple[Seen, ...]:
    """A title that the reader does not know with the mentions under it, in the list or where the plan repeats the title."""
    names = {str(t.text).lower() for t in titles}
    document = title.document
    said = [
        (s.sentence, leading(clean_title(text)).lower())
        for s, text in sentences(case)
        if s.document == document and s.in_assessment
    ]
    heads = {m.sentence for m in case.mentions if m.document == document and m.is_header}
    heads |= {n for n, name in said if name in names}
    own = [n for n, name in said if name == str(title.text).lower()]
    reach = {n: min((h for h in heads if h > n), default=n + MOST_BENEATH) for n in own}
    found = [
        m
        for m in case.mentions
        if m.document == document
        and m.in_assessment
        and any(n < m.sentence < stop for n, stop in reach.items())
    ]
    return (title, *found)


def _begins_line(text: str, start: int) -> bool:
    return text[:start].rstrip(" \t•*#-–—0123456789.)(").endswith("\n") or start == 0


def _whole(text: str, end: int) -> bool:
    return not text[end:].split("\n", 1)[0].strip(" .")


def _inline(case: Case, document: str, section: int, start: int) -> bool:
    """The first sentence of a section whose heading stands on the same line."""
    place = case.sections[document][section]
    between = case.texts[document][place["start"] : start]
    return "\n" not in between.strip("\n") and item_text(between + ":", place["name"]).strip(" :*_") == ""


def _seen(case: Case, document: str, sentence: int, title: str, start: int, section: int) -> Seen:
    place = case.sections[document][section]
    side = re.search(r"\b(left|right|bilateral)\b", title, re.IGNORECASE)
    raw = {
        "text": title,
        "start": start,
        "end": start + len(title),
        "kind": "problem",
        "concept": title.lower(),
        "assertion": "present",
        "temporality": "recent",
        "experiencer": "patient",
        "section": place["name"],
        "section_kind": place["kind"],
        "sentence": sentence,
        "laterality": side.group(1).lower() if side else None,
    }
    return Seen(document=document, index=-1 - sentence, raw=raw)
