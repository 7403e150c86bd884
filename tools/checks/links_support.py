"""Link rules on meaning: does a diagnosis justify the service, on the same side and site?"""

from collections.abc import Iterator

from knowledge.records import NoteEvidence, Source
from tools.checks.documents_diagnosis import side_of
from tools.checks.lines_table import known, row_source
from tools.checks.modifiers_form import side_of_modifiers
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION, regions, within
from tools.claim.model import ClaimDiagnosis, ClaimLine

_PREVENTIVE_FIRST = ("Z00-Z02", "Z76.1-Z76.2", "Z38", "Z11-Z13", "Z30")
_WOMAN = ("Z01.4", "Z12.4", "Z12.3", "Z11.5")


@rule(
    "link.not_supported",
    "error",
    "No diagnosis of the line justifies the service.",
    "42 CFR 411.15(k); coverage rules of the linkage table",
    overridable=True,
)
def not_supported(request: CheckRequest) -> Iterator[Doubt]:
    """Every pointer is judged; the line fails when none supports it and at least one rule says so."""
    for line in request.claim.lines:
        found = request.linkages[line.number]
        if found and all(v.verdict == "not_supported" for v in found):
            yield Doubt(
                message=f"{line.code} is not justified by {', '.join(v.diagnosis for v in found)}: {found[0].reason}.",
                codes=(line.code, *(v.diagnosis for v in found)),
                line=line.number,
                source=found[0].source,
                hint="Point to the diagnosis the service was done for.",
            )


@rule(
    "link.no_rule",
    "warning",
    "No rule says whether the diagnosis justifies the service.",
    "architecture law 4",
    overridable=True,
)
def no_rule(request: CheckRequest) -> Iterator[Doubt]:
    """Without a rule nothing is said; it is not to be read as covered."""
    for line in request.claim.lines:
        found = request.linkages[line.number]
        if (
            found
            and not any(v.verdict == "supported" for v in found)
            and any(v.verdict == "no_rule" for v in found)
        ):
            first = next(v for v in found if v.verdict == "no_rule")
            yield Doubt(
                message=f"{line.code}: no loaded rule links it to {', '.join(v.diagnosis for v in found)}.",
                codes=(line.code, *(v.diagnosis for v in found)),
                line=line.number,
                source=first.source,
                hint="Check the payer's coverage policy.",
            )


@rule(
    "link.weak_first",
    "warning",
    "The first pointer supports the service less than a later one.",
    "CMS-1500 item 24E: best first",
    overridable=True,
)
def weak_first(request: CheckRequest) -> Iterator[Doubt]:
    """Payers often read only the first pointer."""
    for line in request.claim.lines:
        found = request.linkages[line.number]
        if (
            len(found) > 1
            and found[0].verdict == "not_supported"
            and any(v.verdict == "supported" for v in found[1:])
        ):
            best = next(v for v in found if v.verdict == "supported")
            yield Doubt(
                message=f"{line.code} points first to {found[0].diagnosis}, which does not support it; {best.diagnosis} does.",
                codes=(line.code, found[0].diagnosis, best.diagnosis),
                line=line.number,
                source=found[0].source,
            )


@rule(
    "link.side",
    "error",
    "Diagnosis and service are on different sides.",
    "guideline I.B.13; payer edits",
    overridable=True,
)
def side(request: CheckRequest) -> Iterator[Doubt]:
    """RT goes with right, LT with left."""
    for line in request.claim.lines:
        billed = side_of_modifiers(line.modifiers)
        sides = [
            (d, s)
            for d in request.pointed(line)
            if (s := _dx_side(request, d)) in {"left", "right", "bilateral"}
        ]
        if billed in {"left", "right"} and sides and all(s not in {billed, "bilateral"} for _, s in sides):
            yield Doubt(
                message=f"{line.code} is billed for the {billed} side; {sides[0][0].code} is {sides[0][1]}.",
                codes=(line.code, sides[0][0].code),
                line=line.number,
            )


@rule(
    "link.site",
    "error",
    "Diagnosis and service are on different parts of the body.",
    "payer edits; region of the code",
    overridable=True,
)
def site(request: CheckRequest) -> Iterator[Doubt]:
    """An image or procedure of one region is not justified by an injury or pain of another."""
    for line, row in known(request):
        words = regions().get(row.region)
        if words is None or row.category not in {"imaging", "joint", "ortho", "injection"}:
            continue
        pointed = [r for d in request.pointed(line) if (r := request.icd.get(d.code)) is not None]
        local = [r for r in pointed if r.code[0] in "SM" and _names_a_site(r.display)]
        if local and len(local) == len(pointed) and not any(words.search(r.display.lower()) for r in local):
            yield Doubt(
                message=f"{line.code} ({row.title}) points to {local[0].code} ({local[0].display}), another part of the body.",
                codes=(line.code, local[0].code),
                line=line.number,
                source=Source(table="checks/regions", edition=EDITION, row=row.region),
            )


def _names_a_site(display: str) -> bool:
    return any(words.search(display.lower()) for words in regions().values())


@rule(
    "link.preventive",
    "error",
    "A preventive visit without its reason.",
    "guideline I.C.21.c.13",
    overridable=True,
)
def preventive(request: CheckRequest) -> Iterator[Doubt]:
    """Preventive visits point to an examination code first; so do wellness visits by custom."""
    for line, row in known(request):
        first = next(iter(request.pointed(line)), None)
        if (
            row.category == "preventive"
            and first is not None
            and not within(first.code, (*_PREVENTIVE_FIRST, *_WOMAN))
        ):
            yield Doubt(
                message=f"{line.code} (preventive visit) points first to {first.code}.",
                codes=(line.code, first.code),
                line=line.number,
                source=row_source(row),
                hint="Point to the examination code (Z00 to Z02).",
            )


@rule(
    "link.vaccine",
    "error",
    "A vaccine does not point to Z23.",
    "guideline I.C.21.c.2; tabular note at Z23",
    overridable=True,
)
def vaccine(request: CheckRequest) -> Iterator[Doubt]:
    """Vaccines and their administration are justified by Z23, or by the wound or exposure they answer."""
    for line, row in known(request):
        codes = [d.code for d in request.pointed(line)]
        if row.category not in {"vaccine", "vaccine_admin"} or not codes:
            continue
        if not any(within(c, ("Z23", "Z20", "S00-T14", "W54-W55", "Z00-Z02")) for c in codes):
            yield Doubt(
                message=f"{line.code} does not point to Z23.",
                codes=(line.code, *codes),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "link.screening",
    "error",
    "A screening service without a screening reason.",
    "guideline I.C.21.c.5",
    overridable=True,
)
def screening(request: CheckRequest) -> Iterator[Doubt]:
    """Screening codes point to Z11 to Z13, an examination, or a history that puts at risk."""
    for line, row in known(request):
        codes = [d.code for d in request.pointed(line)]
        screens = row.family in {
            "mammography_screening",
            "colorectal_screening",
            "gyn_screening",
            "prostate_screening",
            "ct_lung_screening",
        }
        allowed = (
            "Z12",
            "Z13",
            "Z11",
            "Z00-Z01",
            "Z80",
            "Z83-Z87",
            "Z15",
            "Z72.0",
            "F17",
            "Z20",
            "R97",
            "Z79",
        )
        if screens and codes and not any(within(c, allowed) for c in codes):
            yield Doubt(
                message=f"{line.code} ({row.title}) is a screening service, but points to {codes[0]}.",
                codes=(line.code, codes[0]),
                line=line.number,
                source=row_source(row),
                hint="Use the diagnostic code when a symptom or finding was the reason.",
            )


@rule(
    "link.diagnostic_as_screening",
    "warning",
    "A symptom visit points to a screening code.",
    "guideline I.C.21.c.5",
    overridable=True,
)
def diagnostic_as_screening(request: CheckRequest) -> Iterator[Doubt]:
    """A problem-oriented visit is for a problem; screening is for people without one."""
    for line, row in known(request):
        codes = [d.code for d in request.pointed(line)]
        if (
            row.category in {"em_new", "em_established"}
            and codes
            and all(within(c, ("Z11-Z13",)) for c in codes)
        ):
            yield Doubt(
                message=f"{line.code} points only to screening codes.",
                codes=(line.code, *codes),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "link.routine_visit",
    "warning",
    "A problem visit points to an examination code first.",
    "guideline I.C.21.c.13",
    overridable=True,
)
def routine_visit(request: CheckRequest) -> Iterator[Doubt]:
    """Beside a preventive visit, the problem visit points to the problem."""
    rows = list(known(request))
    if not any(r.category in {"preventive", "wellness"} for _, r in rows):
        return
    for line, row in rows:
        first = next(iter(request.pointed(line)), None)
        if (
            row.category in {"em_new", "em_established"}
            and first is not None
            and within(first.code, ("Z00",))
        ):
            yield Doubt(
                message=f"{line.code} points first to {first.code}; the problem is its reason.",
                codes=(line.code, first.code),
                line=line.number,
            )


@rule(
    "link.evidence",
    "info",
    "Service and diagnosis are documented in different documents.",
    "project rule: evidence meets",
)
def evidence(request: CheckRequest) -> Iterator[Doubt]:
    """The documents that support a line and its first diagnosis share at least one."""
    for line in request.claim.lines:
        first = next(iter(request.pointed(line)), None)
        here, there = _documents(line), _documents(first) if first else set()
        if here and there and not here & there:
            yield Doubt(
                message=f"{line.code} and {first.code if first else ''} rest on different documents.",
                codes=(line.code,),
                line=line.number,
            )


def _documents(item: ClaimLine | ClaimDiagnosis) -> set[str]:
    return {e.document for e in item.evidence if isinstance(e, NoteEvidence)}


def _dx_side(request: CheckRequest, diagnosis: ClaimDiagnosis) -> str:
    row = request.icd.get(diagnosis.code)
    return side_of(row.display) if row is not None else ""
