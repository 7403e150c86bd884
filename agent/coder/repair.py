"""Mending a claim: each finding of the self-check is answered by the narrowest change that settles it."""

from collections.abc import Callable, Collection

from agent.coder.conversation import Answer, Json

Mend = Callable[[Json, Json], Json]
Saying = tuple[str, str]
PLACE = "place"
INJURY = ("S", "T")
EXTERNAL = ("V", "W", "X", "Y")
STATUS = ("Z16", "Z66", "Z67", "Z68", "Z72", "Z74", "Z77", "Z78", "Z79", "Z8", "Z9")
"""Guideline I.C.21.c.3 and c.4: status and history codes, which say nothing of why the patient came."""


def repair(claim: Json, judged: Answer, answered: Collection[Saying] = ()) -> Json:
    """The claim without what the self-check refused; what was taken out is kept under rejected with the finding.

    A finding that no narrow change settles leaves the claim as it is: the self-check then ends the tries and tells it. So does
    one that was ``answered`` before and came back: its change did not settle it.
    """
    mended = _numbered(claim)
    for finding in judged.findings:
        if finding["level"] == "error" and saying(finding) not in answered:
            mended = _mend(str(finding["rule"]))(mended, finding)
    return _unnumbered(mended)


def saying(finding: Json) -> Saying:
    """What a finding says, by which it is known again."""
    return str(finding["rule"]), str(finding.get("message", ""))


def _numbered(claim: Json) -> Json:
    """Each line keeps the place by which the findings know it, whatever goes before it."""
    return {**claim, "service_lines": [{**x, PLACE: n} for n, x in enumerate(claim["service_lines"], 1)]}


def _unnumbered(claim: Json) -> Json:
    lines = [{k: v for k, v in x.items() if k != PLACE} for x in claim["service_lines"]]
    return {**claim, "service_lines": lines}


def _mend(rule: str) -> Mend:
    if rule.startswith("modifier.") or rule == "line.qw":
        return _without_modifier
    if rule == "line.em_with_procedure":
        return _apart
    if rule.startswith("link."):
        return _without_pointer
    if rule.startswith("dx."):
        return _without_diagnosis
    return _without_line if rule.startswith("line.") else _unchanged


def _unchanged(claim: Json, finding: Json) -> Json:
    return claim


def _line_of(claim: Json, finding: Json) -> Json | None:
    lines: list[Json] = claim["service_lines"]
    return next((x for x in lines if x[PLACE] == finding.get("line")), None)


def _changed(claim: Json, line: Json, **changes: object) -> Json:
    return {**claim, "service_lines": [{**x, **changes} if x is line else x for x in claim["service_lines"]]}


def _without_modifier(claim: Json, finding: Json) -> Json:
    """Take off the modifiers that the finding names; none named, none taken."""
    line = _line_of(claim, finding)
    if line is None:
        return claim
    named = set(finding.get("codes", ())) | set(str(finding.get("message", "")).replace(",", " ").split())
    return _changed(claim, line, modifiers=[m for m in line["modifiers"] if m["code"] not in named])


def _apart(claim: Json, finding: Json) -> Json:
    """The visit stands beside a procedure: 25 where it has a diagnosis of its own, else the visit is left out."""
    line = _line_of(claim, finding)
    em = claim.get("em")
    if line is None or not em:
        return claim
    visit = next((x for x in claim["service_lines"] if x["code"] == em["code"]), None)
    if visit is None or any(m["code"] == "25" for m in visit["modifiers"]):
        return claim
    others = {p for x in claim["service_lines"] if x is not visit for p in x["pointers"]}
    if set(visit["pointers"]) - others:
        why = "a problem of its own was dealt with apart from the procedure"
        return _changed(claim, visit, modifiers=[{"code": "25", "why": why}, *visit["modifiers"]])
    rest = [x for x in claim["service_lines"] if x is not visit]
    return {
        **claim,
        "service_lines": rest,
        "em": None,
        "rejected": [*claim["rejected"], _rejection(visit, "CPT", finding)],
    }


def _without_pointer(claim: Json, finding: Json) -> Json:
    """Take off the pointer to the diagnosis that the finding names, while another one is left."""
    line = _line_of(claim, finding)
    codes = set(finding.get("codes", ()))
    if line is None:
        return claim
    kept = [p for p in line["pointers"] if claim["diagnoses"][p - 1]["code"] not in codes]
    return _changed(claim, line, pointers=kept) if kept else claim


def _without_diagnosis(claim: Json, finding: Json) -> Json:
    """Take out the diagnosis that the finding names, and with the last injury its external causes (I.C.20).

    A claim is never left with nothing but external-cause and status codes: it then stays as it is, and the finding is told.
    """
    for code in finding.get("codes", ())[:1]:
        places = [n for n, d in enumerate(claim["diagnoses"], 1) if d["code"] == code]
        if not places:
            continue
        rest = [d["code"] for d in claim["diagnoses"] if d["code"] != code]
        causes = [c for c in rest if c.startswith(EXTERNAL)]
        if code.startswith(INJURY) and not any(c.startswith(INJURY) for c in rest):
            rest = [c for c in rest if c not in causes]
        if all(c.startswith((*EXTERNAL, *STATUS)) for c in rest):
            return claim
        mended = _drop_diagnosis(claim, places[0], finding)
        for cause in [c for c in causes if c not in rest]:
            place = next(n for n, d in enumerate(mended["diagnoses"], 1) if d["code"] == cause)
            mended = _drop_diagnosis(mended, place, finding)
        return mended
    return claim


def _drop_diagnosis(claim: Json, place: int, finding: Json) -> Json:
    gone = claim["diagnoses"][place - 1]
    diagnoses = [d for n, d in enumerate(claim["diagnoses"], 1) if n != place]
    lines = []
    for line in claim["service_lines"]:
        pointers = [p - (p > place) for p in line["pointers"] if p != place]
        if pointers:
            lines.append({**line, "pointers": pointers})
    billed = {x["code"] for x in lines}
    em = claim.get("em") if (claim.get("em") or {}).get("code") in billed else None
    rejected = [*claim["rejected"], _rejection(gone, "ICD-10-CM", finding)]
    return {**claim, "diagnoses": diagnoses, "service_lines": lines, "rejected": rejected, "em": em}


def _without_line(claim: Json, finding: Json) -> Json:
    gone = _line_of(claim, finding)
    if gone is None or (claim.get("em") and claim["em"]["code"] == gone["code"]):
        return claim
    system = "CPT" if gone["code"][:1].isdigit() else "HCPCS"
    rest = [x for x in claim["service_lines"] if x is not gone]
    return {
        **claim,
        "service_lines": rest,
        "rejected": [*claim["rejected"], _rejection(gone, system, finding)],
    }


def _rejection(gone: Json, system: str, finding: Json) -> Json:
    return {
        "code": gone["code"],
        "system": system,
        "reason": finding["message"],
        "rule": finding["rule"],
        "citations": gone["citations"],
    }
