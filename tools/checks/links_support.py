"""Link rules on meaning: does a diagnosis justify the service, on the same side and site?"""

from collections.abc import Iterator

from knowledge.records import NoteEvidence, Source
from tools.checks.documents_detail import side_of
from tools.checks.lines_table import known
from tools.checks.modifiers_form import side_of_modifiers
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION
from tools.checks.tables_services import regions
from tools.claim.model import ClaimDiagnosis, ClaimLine


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
