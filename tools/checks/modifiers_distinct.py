"""Modifier rules on separate, repeated and partial work, and on sides."""

import re
from collections.abc import Iterator

from knowledge.procedures import Procedure
from tools.checks.documents_detail import spoken_sides
from tools.checks.lines_edits import ptp_pairs
from tools.checks.lines_table import known, row_source
from tools.checks.modifiers_form import side_of_modifiers
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.told import Done, done_places
from tools.claim.model import ClaimLine

_DISTINCT = frozenset({"59", "XE", "XP", "XS", "XU"})
_REASONS = {
    "22": r"difficult|complex|complicat|extensive|extended|scar|obes|anatom|bleed|increased",
    "52": r"partial|reduced|limited|incomplete|not complet|unilateral|one side",
    "53": r"stopped|discontinu|abort|terminat|could not tolerate|unable to (?:complete|tolerate)",
    "76": r"repeat|again|second|twice|2nd",
    "77": r"repeat|again|second|2nd",
    "91": r"repeat|again|second|serial",
}


@rule(
    "modifier.59_unsupported",
    "error",
    "59 or an X modifier without an edit to pass.",
    "NCCI policy manual ch. 1 s. E; MLN booklet on 59",
    overridable=True,
)
def unsupported_59(request: CheckRequest) -> Iterator[Doubt]:
    """A distinct-procedure modifier is used only where an edit, or a second line of the code, needs it."""
    joined = {x.number for row, a, b in ptp_pairs(request) if row.modifier_indicator == "1" for x in (a, b)}
    for line in request.claim.lines:
        marks = _DISTINCT & set(line.modifiers)
        twin = any(x is not line and x.code == line.code for x in request.claim.lines)
        covered = all(request.bookshelf.edits.covers(x.code, x.date_from) for x in request.claim.lines)
        if marks and line.number not in joined and not twin and covered:
            yield Doubt(
                message=f"{line.code} carries {min(marks)}, but no edit joins it to another line.",
                codes=(line.code,),
                line=line.number,
                hint="Take the modifier off.",
            )


@rule(
    "modifier.59_undocumented",
    "warning",
    "59 without a documented separate site or session.",
    "NCCI policy manual ch. 1 s. E",
    overridable=True,
)
def undocumented_59(request: CheckRequest) -> Iterator[Doubt]:
    """The record names another site, side, lesion or session."""
    words = re.compile(
        r"separate|different|distinct|another|second|other (?:side|site|knee|shoulder|lesion)|\bleft\b.*\bright\b|\bright\b.*\bleft\b",
        re.DOTALL,
    )
    for line in request.claim.lines if request.documents else ():
        if _DISTINCT & set(line.modifiers) and not words.search(request.reading.text):
            yield Doubt(
                message=f"{line.code}: no separate site, lesion or session is documented for {min(_DISTINCT & set(line.modifiers))}.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "modifier.repeat_unsupported",
    "error",
    "76, 77 or 91 without a repeat.",
    "CPT appendix A",
    overridable=True,
)
def repeat_unsupported(request: CheckRequest) -> Iterator[Doubt]:
    """A repeat stands beside the first one, on this claim or in the history of the day."""
    earlier = {x.code for x in (request.facts.history if request.facts else ()) if x.effective == request.on}
    for line in request.claim.lines:
        marks = {"76", "77", "91"} & set(line.modifiers)
        twin = any(x is not line and x.code == line.code for x in request.claim.lines) or line.code in earlier
        if marks and not twin:
            yield Doubt(
                message=f"{line.code} carries {min(marks)}, but is billed once.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "modifier.reason_missing",
    "warning",
    "A modifier's reason is not in the note.",
    "CPT appendix A: 22, 52, 53, 76, 77, 91",
    overridable=True,
)
def reason_missing(request: CheckRequest) -> Iterator[Doubt]:
    """More, less, stopped or repeated work is explained in the record."""
    for line in request.claim.lines if request.documents else ():
        for modifier in line.modifiers:
            words = _REASONS.get(modifier)
            if words and not re.search(words, request.reading.text):
                yield Doubt(
                    message=f"{line.code}: the record does not say why {modifier} is used.",
                    codes=(line.code,),
                    line=line.number,
                )


@rule(
    "modifier.side_missing",
    "warning",
    "A service on a paired part without its side.",
    "HCPCS level II RT and LT; payer edits",
    overridable=True,
)
def side_missing(request: CheckRequest) -> Iterator[Doubt]:
    """Injections, images and procedures of paired parts name the side."""
    for line, row in known(request):
        if not _sided(row) or side_of_modifiers(line.modifiers):
            continue
        yield Doubt(
            message=f"{line.code} ({row.title}) does not say which side.",
            codes=(line.code,),
            line=line.number,
            source=row_source(row),
            hint="Add RT, LT or 50.",
        )


def _sided(row: Procedure) -> bool:
    return (
        row.side == "paired"
        and row.bilateral in {"1", "3"}
        and row.category in {"joint", "imaging", "ortho", "injection"}
        and row.region
        not in {
            "soft_tissue",
            "any",
            "finger",
            "toe",
            "small_joint",
            "spine",
            "lumbar",
            "neck",
            "nail",
            "extremity",
            "limb",
        }
    )


@rule(
    "modifier.side_documented",
    "error",
    "The modifier's side is not the note's.",
    "guideline I.B.13; HCPCS level II RT and LT",
    overridable=True,
)
def side_documented(request: CheckRequest) -> Iterator[Doubt]:
    """RT and LT agree with where the note says the service was done."""
    for line, row in known(request):
        side = side_of_modifiers(line.modifiers)
        if side in {"", "bilateral"} or not request.documents:
            continue
        said = _said(request, line, row)
        if said and side not in said and "bilateral" not in said:
            yield Doubt(
                message=f"{line.code} is billed for the {side} side; the note says {' and '.join(sorted(said))}.",
                codes=(line.code,),
                line=line.number,
                hint="Correct the side.",
            )


def _said(request: CheckRequest, line: ClaimLine, row: Procedure) -> frozenset[str]:
    texts = [request.reading.sentence(e.document, e.start).lower() for e in request.spans(line)]
    texts += [
        text for state, text in done_places(request.bookshelf, request.reading, row) if state is Done.DONE
    ]
    return frozenset(side for text in texts for side in spoken_sides(text))
