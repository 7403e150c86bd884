"""The claim that was handed in, changed by hand in a what-if: lines and diagnoses, pointers kept in step."""

from decimal import Decimal, InvalidOperation

from agent.replay.change import DIAGNOSIS, LINE, Change
from agent.replay.errors import ForkError
from knowledge.records import CodeSystem
from tools.proposal import ModifierUse, Proposal, ProposedLine

WHY = "what-if"


def changed_proposal(change: Change, proposal: Proposal) -> Proposal:
    """The proposal with the change's edits; numbers are those of the proposal before.

    Raises:
        ForkError: a line or diagnosis that is not there, or a value that can not be.
    """
    for key, value in change.proposal.items():
        proposal = _set(proposal, key, value)
    _there(change.drop_lines, len(proposal.service_lines), "line")
    _there(change.drop_diagnoses, len(proposal.diagnoses), "diagnosis")
    lines = [x for n, x in enumerate(proposal.service_lines, 1) if n not in change.drop_lines]
    return _without_diagnoses(
        proposal.model_copy(update={"service_lines": tuple(lines)}), change.drop_diagnoses
    )


def _there(numbers: tuple[int, ...], count: int, what: str) -> None:
    for number in numbers:
        if not 1 <= number <= count:
            raise ForkError(f"there is no {what} {number}; the claim has {count}")


def _without_diagnoses(proposal: Proposal, dropped: tuple[int, ...]) -> Proposal:
    """Pointers follow their diagnoses; a line left without any goes, and the E/M decision with its line."""
    kept = [n for n in range(1, len(proposal.diagnoses) + 1) if n not in dropped]
    if not kept:
        raise ForkError("a claim needs a diagnosis; keep one")
    place = {old: new for new, old in enumerate(kept, 1)}
    moved = [(x, tuple(place[p] for p in x.pointers if p in place)) for x in proposal.service_lines]
    lines = tuple(x.model_copy(update={"pointers": pointers}) for x, pointers in moved if pointers)
    em = proposal.em if proposal.em and proposal.em.code in {x.code for x in lines} else None
    diagnoses = tuple(proposal.diagnoses[n - 1] for n in kept)
    return proposal.model_copy(update={"diagnoses": diagnoses, "service_lines": lines, "em": em})


def _set(proposal: Proposal, key: str, value: str) -> Proposal:
    if found := DIAGNOSIS.fullmatch(key):
        number = int(found[1])
        _there((number,), len(proposal.diagnoses), "diagnosis")
        diagnoses = list(proposal.diagnoses)
        diagnoses[number - 1] = diagnoses[number - 1].model_copy(update={"code": value.upper()})
        return proposal.model_copy(update={"diagnoses": tuple(diagnoses)})
    found = LINE.fullmatch(key)
    if found is None:
        raise ForkError(f"{key}: is no place of the claim")
    number = int(found[1])
    _there((number,), len(proposal.service_lines), "line")
    lines = list(proposal.service_lines)
    before = lines[number - 1]
    lines[number - 1] = _line(before, found[2], value)
    em = proposal.em
    if found[2] == "code" and em and em.code == before.code:
        em = em.model_copy(update={"code": lines[number - 1].code})
    return proposal.model_copy(update={"service_lines": tuple(lines), "em": em})


def _line(line: ProposedLine, field: str, value: str) -> ProposedLine:
    words = [w.strip().upper() for w in value.split(",") if w.strip() not in {"", "none"}]
    if field == "code":
        code = value.upper()
        system = CodeSystem.CPT if code[:1].isdigit() else CodeSystem.HCPCS
        return line.model_copy(update={"code": code, "system": system})
    if field == "modifiers":
        kept = {m.code: m for m in line.modifiers}
        uses = tuple(kept.get(w, ModifierUse(code=w, why=WHY)) for w in words)
        return line.model_copy(update={"modifiers": uses})
    if field == "place":
        return line.model_copy(update={"place_of_service": value})
    return line.model_copy(update=_numbers(field, words))


def _numbers(field: str, words: list[str]) -> dict[str, object]:
    try:
        if field == "pointers":
            return {"pointers": tuple(int(w) for w in words)}
        units = Decimal(words[0])
    except (ValueError, IndexError, InvalidOperation) as error:
        raise ForkError(f"{field}: give numbers") from error
    if not units.is_finite() or units <= 0:
        raise ForkError("units: more than nothing")
    return {"units": units}
