"""Applying edits to a proposal: pure; a proposal goes in, another comes out, or an error says which edit can not be made."""

from collections.abc import Callable, Iterable, Mapping

from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem, Evidence
from tools.amend.edits import (
    AddDiagnosis,
    AddLine,
    CiteDiagnosis,
    CiteLine,
    Edit,
    EditError,
    MoveDiagnosis,
    RemoveDiagnosis,
    RemoveLine,
    ReplaceDiagnosis,
    SetCode,
    SetEm,
    SetModifiers,
    SetPlace,
    SetPointers,
    SetUnits,
)
from tools.amend.pen import Pen
from tools.encounter import EncounterFacts
from tools.proposal import ModifierUse, Proposal, ProposedDiagnosis, ProposedLine


def apply_edits(
    proposal: Proposal, edits: Iterable[Edit], facts: EncounterFacts, bookshelf: Bookshelf, why: str
) -> Proposal:
    """The proposal after the edits.

    Args:
        proposal: what the coder, or the person before, handed in.
        edits: in order.
        facts: whose documents and history are cited, and the date of service.
        bookshelf: the editions in force.
        why: the person's reason, the rationale of what is new.

    Raises:
        EditError: naming the edit (1-based) and what to do; nothing is changed.
    """
    desk = Pen(facts=facts, bookshelf=bookshelf, why=why)
    for number, edit in enumerate(edits, 1):
        try:
            proposal = _APPLY[type(edit)](desk, proposal, edit)
        except EditError as error:
            raise EditError(f"edit {number} ({edit.op}): {error}") from None
    _check_whole(proposal)
    return proposal


def _check_whole(proposal: Proposal) -> None:
    count = len(proposal.diagnoses)
    if not count:
        raise EditError("no diagnosis would be left; every claim needs one")
    for number, line in enumerate(proposal.service_lines, 1):
        wrong = [p for p in line.pointers if not 1 <= p <= count]
        if wrong or not line.pointers or len(set(line.pointers)) != len(line.pointers):
            raise EditError(
                f"line {number} ({line.code}) would point to {list(line.pointers)} of {count} diagnoses; add set_pointers"
            )


def _add_diagnosis(pen: Pen, p: Proposal, edit: AddDiagnosis) -> Proposal:
    pen.diagnosis_code(edit.code)
    made = ProposedDiagnosis(
        code=edit.code, evidence=pen.evidence(edit.evidence, edit.code), rationale=edit.rationale or pen.why
    )
    count = len(p.diagnoses)
    at = edit.at if edit.at is not None else count + 1
    if not 1 <= at <= count + 1:
        raise EditError(f"at {at}: sequences are 1 to {count + 1}")
    order = [*range(1, at), 0, *range(at, count + 1)]
    return _reordered(p, order, {0: made})


def _remove_diagnosis(_: Pen, p: Proposal, edit: RemoveDiagnosis) -> Proposal:
    _diagnosis(p, edit.diagnosis)
    return _reordered(p, [n for n in range(1, len(p.diagnoses) + 1) if n != edit.diagnosis], {})


def _move_diagnosis(_: Pen, p: Proposal, edit: MoveDiagnosis) -> Proposal:
    _diagnosis(p, edit.diagnosis)
    _diagnosis(p, edit.to)
    order = [n for n in range(1, len(p.diagnoses) + 1) if n != edit.diagnosis]
    order.insert(edit.to - 1, edit.diagnosis)
    return _reordered(p, order, {})


def _reordered(p: Proposal, order: list[int], new: dict[int, ProposedDiagnosis]) -> Proposal:
    """Diagnoses in ``order`` (old sequences; a key of ``new`` stands for a new one), pointers following them."""
    now = {old: place for place, old in enumerate(order, 1)}
    lines = tuple(
        line.model_copy(update={"pointers": tuple(now[x] for x in line.pointers if x in now)})
        for line in p.service_lines
    )
    diagnoses = tuple(new[n] if n in new else p.diagnoses[n - 1] for n in order)
    return p.model_copy(update={"diagnoses": diagnoses, "service_lines": lines})


def _replace_diagnosis(pen: Pen, p: Proposal, edit: ReplaceDiagnosis) -> Proposal:
    old = _diagnosis(p, edit.diagnosis)
    pen.diagnosis_code(edit.code)
    evidence = pen.evidence(edit.evidence, edit.code) if edit.evidence else old.evidence
    made = ProposedDiagnosis(code=edit.code, evidence=evidence, rationale=pen.why)
    return _with_diagnosis(p, edit.diagnosis, made)


def _cite_diagnosis(pen: Pen, p: Proposal, edit: CiteDiagnosis) -> Proposal:
    old = _diagnosis(p, edit.diagnosis)
    more = _joined(old.evidence, pen.evidence(edit.evidence, old.code))
    return _with_diagnosis(p, edit.diagnosis, old.model_copy(update={"evidence": more}))


def _add_line(pen: Pen, p: Proposal, edit: AddLine) -> Proposal:
    made = ProposedLine(
        code=edit.code,
        system=_system(edit.code),
        modifiers=_modifiers(edit.modifiers, (), pen.why),
        units=edit.units,
        place_of_service=edit.place_of_service,
        pointers=edit.pointers,
        evidence=pen.evidence(edit.evidence, edit.code),
        rationale=edit.rationale or pen.why,
        minutes=edit.minutes,
    )
    return p.model_copy(update={"service_lines": (*p.service_lines, made)})


def _remove_line(_: Pen, p: Proposal, edit: RemoveLine) -> Proposal:
    gone = _line(p, edit.line)
    left = tuple(x for n, x in enumerate(p.service_lines, 1) if n != edit.line)
    em = None if p.em is not None and p.em.code == gone.code else p.em
    return p.model_copy(update={"service_lines": left, "em": em})


def _set_code(pen: Pen, p: Proposal, edit: SetCode) -> Proposal:
    old = _line(p, edit.line)
    evidence = pen.evidence(edit.evidence, edit.code) if edit.evidence else old.evidence
    changed = {
        "code": edit.code,
        "system": _system(edit.code),
        "evidence": evidence,
        "rationale": pen.why,
        "confidence": None,
    }
    done = _with_line(p, edit.line, changed)
    if p.em is not None and p.em.code == old.code:
        return done.model_copy(
            update={"em": p.em.model_copy(update={"code": edit.code, "explanation": pen.why})}
        )
    return done


def _set_em(pen: Pen, p: Proposal, edit: SetEm) -> Proposal:
    if p.em is None:
        raise EditError("the claim has no E/M decision; add a line instead")
    number = next((n for n, x in enumerate(p.service_lines, 1) if x.code == p.em.code), None)
    if number is None:
        raise EditError(f"no line carries the E/M code {p.em.code}")
    done = _set_code(pen, p, SetCode(line=number, code=edit.code))
    changed = {k: v for k, v in (("basis", edit.basis), ("minutes", edit.minutes)) if v is not None}
    if done.em is None:
        raise EditError("the claim has no E/M decision; add a line instead")
    return done.model_copy(update={"em": done.em.model_copy(update=changed)})


def _set_modifiers(pen: Pen, p: Proposal, edit: SetModifiers) -> Proposal:
    old = _line(p, edit.line)
    return _with_line(p, edit.line, {"modifiers": _modifiers(edit.modifiers, old.modifiers, pen.why)})


def _set_units(_: Pen, p: Proposal, edit: SetUnits) -> Proposal:
    _line(p, edit.line)
    return _with_line(p, edit.line, {"units": edit.units})


def _set_pointers(_: Pen, p: Proposal, edit: SetPointers) -> Proposal:
    _line(p, edit.line)
    return _with_line(p, edit.line, {"pointers": edit.pointers})


def _set_place(_: Pen, p: Proposal, edit: SetPlace) -> Proposal:
    _line(p, edit.line)
    return _with_line(p, edit.line, {"place_of_service": edit.place_of_service})


def _cite_line(pen: Pen, p: Proposal, edit: CiteLine) -> Proposal:
    old = _line(p, edit.line)
    more = _joined(old.evidence, pen.evidence(edit.evidence, old.code))
    return _with_line(p, edit.line, {"evidence": more})


def _joined(old: tuple[Evidence, ...], new: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return (*old, *(e for e in new if e not in old))


def _diagnosis(p: Proposal, number: int) -> ProposedDiagnosis:
    if not 1 <= number <= len(p.diagnoses):
        raise EditError(f"there is no diagnosis {number}; sequences are 1 to {len(p.diagnoses)}")
    return p.diagnoses[number - 1]


def _line(p: Proposal, number: int) -> ProposedLine:
    if not 1 <= number <= len(p.service_lines):
        raise EditError(f"there is no line {number}; lines are 1 to {len(p.service_lines)}")
    return p.service_lines[number - 1]


def _with_diagnosis(p: Proposal, number: int, made: ProposedDiagnosis) -> Proposal:
    listed = tuple(made if n == number else d for n, d in enumerate(p.diagnoses, 1))
    return p.model_copy(update={"diagnoses": listed})


def _with_line(p: Proposal, number: int, changed: Mapping[str, object]) -> Proposal:
    listed = tuple(
        x.model_copy(update=changed) if n == number else x for n, x in enumerate(p.service_lines, 1)
    )
    return p.model_copy(update={"service_lines": listed})


def _modifiers(wanted: tuple[str, ...], old: tuple[ModifierUse, ...], why: str) -> tuple[ModifierUse, ...]:
    known = {m.code: m for m in old}
    return tuple(known.get(code) or ModifierUse(code=code, why=why) for code in wanted)


def _system(code: str) -> CodeSystem:
    return CodeSystem.CPT if code[:1].isdigit() else CodeSystem.HCPCS


_APPLY: dict[type, Callable[..., Proposal]] = {
    AddDiagnosis: _add_diagnosis,
    RemoveDiagnosis: _remove_diagnosis,
    ReplaceDiagnosis: _replace_diagnosis,
    MoveDiagnosis: _move_diagnosis,
    CiteDiagnosis: _cite_diagnosis,
    AddLine: _add_line,
    RemoveLine: _remove_line,
    SetCode: _set_code,
    SetModifiers: _set_modifiers,
    SetUnits: _set_units,
    SetPointers: _set_pointers,
    SetPlace: _set_place,
    CiteLine: _cite_line,
    SetEm: _set_em,
}
