"""The service stage: what the record documents as done today by this practice, and the code for it."""

import re
from collections.abc import Generator, Iterator

from agent.coder.acts import MANIPULATED, acts, sides_said
from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.counts import best_by_count, further_codes
from agent.coder.drugs import inject
from agent.coder.lines import Line
from agent.coder.ndc import with_drug_codes
from agent.coder.parts import READING_ALONE, by_another, is_part, reads_alone, took_over
from agent.coder.repeats import repeated
from agent.coder.sizes import best_by_size, titled_by_size
from agent.coder.spoken import sentences, spoken
from agent.coder.views import best_by_views, plural, views_said

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
MINIMUM_SCORE = 0.75
DONE = re.compile(
    r"\b(?:obtained|taken|performed|done|given|administered|applied|injected|drawn|placed|recorded|run|"
    r"collected|read by|my reading|tolerated)\b"
)
HERE = re.compile(
    r"\b(?:today|here|in[- ](?:the |our )?(?:office|clinic)|this visit|by the nurse|point of care|fingerstick)\b"
)
ELSEWHERE = re.compile(
    r"\b(?:sent (?:out|to)|reference lab\w*|outside|hospital|urgent care|emergency|last (?:week|month|year)|"
    r"previous\w*|will be|to be|due|scheduled|ordered for|next|planned|refer\w*|(?:to|for|await\w*) (?:the )?pathology)\b"
)
OFFICE = re.compile(r"\b(?:in[- ](?:the |our |this )?(?:office|clinic|house)|point of care|fingerstick)\b")
RESULT = re.compile(
    r"\b(?:positive|negative|normal|abnormal|shows?|showed|reveals?|revealed|trace)\b|[1-4]\+|:\s*\d"
)
LOCAL = re.compile(r"\b(?:digital|ring|field|local) block\b|local an(?:a?)esth")
SPECIMEN = re.compile(
    r"\b(?:sent|submitted|sends?|placed in formalin)\b[^.;]*\b(?:pathology|histology|lab\w*)|\bfor pathology\b"
)
OWN_ACTS = frozenset({"procedures", "exam", "results", "assessment", "assessment_plan", "plan"})
"""Sections that tell of this visit: an act told there as done was done today."""
WITH_SETTING, WITHOUT_SETTING = "with manipulation", "no manipulation"
FILMS_TODAY = re.compile(r"\b(?:x-?rays?|radiographs?|films?)(?: of [^,.]{1,40})?,? today\b(?!'s)")
NAILS = re.compile(r"\b(?:toe|finger)?nails?\b(?! bed)")
DRAINED = "incision and drainage"
COLLECTION = re.compile(r"\b(?:hematoma|pilonidal cyst)\b(?<!septal hematoma)(?<!auricular hematoma)")
SEVERAL = re.compile(
    r"\b(?:two|three|four|five|both|several|multiple|[2-9])(?: \w+){0,2} (?:abscesses|boils|furuncles)\b|"
    r"\bcomplicated abscess|\bloculations (?:\w+ ){0,2}(?:broken|lysed|disrupted)"
)
BOTH_TIMES = re.compile(
    r"\bbefore and after\b|\bpre-?(?: ?and ?|[-/ ]+)post\b|\b(?:repeated )?after (?:albuterol|(?:a |the )?bronchodilator)",
    re.IGNORECASE,
)
IMAGE = re.compile(r"x-?rays?|radiographs?|films?|imaging|images?", re.IGNORECASE)
SITES = (
    "middle finger", "index finger", "ring finger", "finger", "thumb", "toe", "hand", "wrist", "forearm", "elbow",
    "humerus", "upper arm", "shoulder", "clavicle", "scapula", "foot", "heel", "ankle", "tibia", "lower leg", "knee",
    "femur", "hip", "pelvis", "lumbar", "low back", "lower back", "thoracic spine", "cervical spine", "neck", "sacrum",
    "chest", "lung", "rib", "abdomen", "sinus",
)  # fmt: skip
ALIASES = {
    "lumbar": "lumbar spine", "low back": "lumbar spine", "lower back": "lumbar spine", "lung": "chest",
    "middle finger": "finger", "index finger": "finger", "ring finger": "finger", "thumb": "finger",
    "upper arm": "humerus", "neck": "cervical spine", "tibia": "tibia", "lower leg": "tibia",
}  # fmt: skip


def serve(case: Case) -> Stage:
    """Decide the service lines (the E/M apart) from the tools' answers."""
    done = performed(case)
    lines: dict[str, Line] = {}
    done = _without_own_anaesthesia(done)
    if done:
        (found,) = yield (
            Ask(tool="search_codes", args={"queries": [_query(case, s) for s in done], "system": "cpt"}),
        )
        hits = [_best(case, s, r) for s, r in zip(done, found.data.get("results", ()), strict=False)]
        yield from _looked_up(case, list(zip(done, hits, strict=False)), lines)
    yield from _spoken(case, lines)
    for line in (yield from inject(case)):
        lines.setdefault(line.code, line)
    told = {line.code: line for line in with_drug_codes(case, tuple(lines.values()))}
    return (*told.values(), *repeated(case, told))


def _without_own_anaesthesia(done: list[Seen]) -> list[Seen]:
    """A digital block beside another procedure numbs the place of it (NCCI policy manual, chapter 2)."""
    others = [s for s in done if s.kind == "procedure" and not LOCAL.search(str(s.concept))]
    return [s for s in done if not (others and LOCAL.search(str(s.concept)))]


def _looked_up(
    case: Case, chosen: list[tuple[Seen, Json | None]], lines: dict[str, Line]
) -> Generator[tuple[Ask, ...], tuple[Answer, ...], None]:
    wanted = [(s, code, units) for s, h in chosen if h for code, units in _many(case, s, h["code"])]
    codes = list(dict.fromkeys(code for _, code, _ in wanted))
    if not codes:
        return
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": codes, "system": "cpt"}),)
    facts = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found")}
    for seen, code, units in wanted:
        if code in facts and code not in lines:
            rationale = f"documented as done today: '{seen.text}'"
            lines[code] = Line(
                code=code, seen=(seen,), rationale=rationale, facts=facts[code], units=units, said=case.sentence(seen)
            )  # fmt: skip


def _many(case: Case, seen: Seen, code: str) -> list[tuple[str, int]]:
    """A code by itself, or with what the number of lesions adds to it; of a test that was only read, its reading."""
    code = READING_ALONE.get(code, code) if reads_alone(case, seen) else code
    return list(further_codes(code, case.sentence(seen))) or [(code, 1)]


def _spoken(case: Case, lines: dict[str, Line]) -> Generator[tuple[Ask, ...], tuple[Answer, ...], None]:
    """Services that whole sentences document: vaccines and their giving, counselling, blood draws, injections."""
    heard = [s for s in spoken(case) if s.code not in lines]
    if not heard:
        return
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": [s.code for s in heard], "system": "cpt"}),)
    facts = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found")}
    for s in heard:
        if s.code in facts:
            lines[s.code] = Line(
                code=s.code, seen=(s.seen,), rationale=s.why, facts=facts[s.code], minutes=s.minutes,
                units=s.units(facts[s.code]), said=s.said,
            )  # fmt: skip


def performed(case: Case) -> list[Seen]:
    """Tests and procedures that were done here today; ordered, planned, reviewed or done elsewhere is not done."""
    found = [m for m in case.of("test", "procedure") if is_done(case, m)]
    ours = took_over(case)
    told = [
        m
        for m in acts(case)
        if is_done(case, m) or _acted(case, m) or (ours and by_another(case.sentence(m)))
    ]
    return [*found, *_headed(case), *_viewed(case, found), *told]


def _acted(case: Case, seen: Seen) -> bool:
    return seen.section_kind in OWN_ACTS and not ELSEWHERE.search(
        SPECIMEN.sub("", case.sentence(seen).lower())
    )


def is_done(case: Case, seen: Seen) -> bool:
    """Whether the record documents it as done here today."""
    if seen.assertion != "present" or seen.experiencer != "patient" or seen.temporality == "historical":
        return False
    if is_part(case, seen):
        return True
    text = case.sentence(seen).lower()
    if seen.kind == "procedure":
        text = SPECIMEN.sub("", text)
    if ELSEWHERE.search(text) or _numbs(seen, text):
        return False
    if seen.event == "done":
        return bool(seen.here) or seen.section_kind == "procedures" or bool(HERE.search(text))
    if seen.event not in {None, "reviewed"}:
        return False
    return bool(HERE.search(text) and DONE.search(text)) or _resulted(seen, text) or _filmed(seen, text)


def _filmed(seen: Seen, text: str) -> bool:
    """Films of today with their views counted ("X-rays today, three views of the wrist, show") were taken today."""
    own = seen.section_kind in {"results", "exam"} and IMAGE.fullmatch(str(seen.concept))
    return bool(own and FILMS_TODAY.search(text) and views_said(text))


def _resulted(seen: Seen, text: str) -> bool:
    """A test run in the office whose result stands beside it was done there today."""
    own = seen.section_kind in {"results", "procedures", "exam"}
    return bool(own and OFFICE.search(text) and (RESULT.search(text) or "in the office" in text))


def _numbs(seen: Seen, text: str) -> bool:
    """Anaesthesia by the one who operates belongs to the procedure (NCCI policy manual, chapter 2)."""
    name = re.escape(str(seen.text).lower())
    return "block" in name and bool(
        re.search(rf"\b(?:after|under|with|following) (?:a |an |the )?{name}", text)
    )


def _headed(case: Case) -> Iterator[Seen]:
    """A section that is headed by the image itself ("X-ray: three views taken here today")."""
    for document, sections in case.sections.items():
        for n, section in enumerate(sections):
            if not IMAGE.fullmatch(section["name"].strip(" :")):
                continue
            spans = case.sentences.get(document, [])
            first = next((i for i, s in enumerate(spans) if s[2] == n), None)
            name = section["name"]
            raw: Json = {
                "text": name, "start": section["start"], "kind": "test", "concept": "x-ray", "assertion": "present",
                "section": name, "section_kind": "results", "sentence": first, "event": None, "experiencer": "patient",
            }  # fmt: skip
            seen = Seen(document=document, index=-1, raw=raw)
            text = case.sentence(seen)
            raw["laterality"] = next(iter(sides_said(text.lower())), None)
            if is_done(case, seen):
                yield seen


def _viewed(case: Case, found: list[Seen]) -> Iterator[Seen]:
    """Images told by their views alone ("three views of the right ankle were taken here")."""
    told = {(m.document, m.sentence) for m in found}
    for seen, text in sentences(case):
        if (seen.document, seen.sentence) in told or not views_said(text) or IMAGE.search(text):
            continue
        side = next(iter(sides_said(text.lower())), None)
        raw = {
            **seen.raw, "kind": "test", "concept": "x-ray", "assertion": "present", "experiencer": "patient",
            "event": "done", "laterality": side,
        }  # fmt: skip
        view = Seen(document=seen.document, index=-1, raw=raw)
        if _site(text.lower()) and DONE.search(text.lower()) and is_done(case, view):
            yield view


def _query(case: Case, seen: Seen) -> str:
    concept = str(seen.concept)
    if "debridement" in concept and NAILS.search(case.sentence(seen).lower()):
        return "nail debridement"
    if concept == DRAINED and (held := COLLECTION.search(case.sentence(seen).lower())):
        return f"{concept} of {held[0]}"
    if concept == DRAINED and SEVERAL.search(case.sentence(seen).lower()):
        return "Draining a skin abscess, complicated or several"
    if "spirometry" in concept and BOTH_TIMES.search(case.sentence(seen)):
        return "Spirometry before and after a bronchodilator"
    if not IMAGE.fullmatch(concept):
        return titled_by_size(concept, case.sentence(seen)) or concept
    site = _site(case.sentence(seen).lower()) or _site(
        " ".join(str(m.concept) for m in case.of("problem") if m.is_header)
    )
    return f"{ALIASES.get(site, site)} x-ray" if site else concept


def _site(text: str) -> str:
    return next((s for s in SITES if re.search(rf"\b{s}s?\b", text)), "")


def _best(case: Case, seen: Seen, result: Json) -> Json | None:
    hits: list[Json] = [h for h in result["hits"] if h["billable"] and h["score"] >= MINIMUM_SCORE]
    if not hits:
        return None
    if "x-ray" in result["query"]:
        hits = [h for h in hits if "bending" not in h["display"] or "bend" in case.sentence(seen)] or hits
        text = case.sentence(seen)
        stated = int(seen.value) if seen.unit == "views" and str(seen.value).isdigit() else None
        return best_by_views(hits, text, stated, plural(text))
    text = case.sentence(seen)
    return best_by_size(_by_method(best_by_count(hits, text), text.lower()), text)


def _by_method(hits: list[Json], text: str) -> list[Json]:
    """Where titles differ by the analyser or by setting a fracture, the one that the record names."""
    wanted = WITH_SETTING if MANIPULATED.search(text) else WITHOUT_SETTING
    so = [h for h in hits if wanted in h["display"].lower()]
    if so and any("manipulation" in h["display"].lower() for h in hits[:1]):
        return so
    automated = bool(re.search(r"(?<!non-)(?<!not )\bautomated|\banaly[sz]er", text))
    fitting = [h for h in hits if ("non-automated" in h["display"]) != automated]
    return fitting if any("automated" in h["display"] for h in hits[:1]) and fitting else hits
