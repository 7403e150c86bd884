"""Mending a claim: each finding of the self-check is answered by the narrowest change that settles it."""

from agent.coder.conversation import Answer, Json


def repair(claim: Json, judged: Answer) -> Json:
    """The claim without what the self-check refused; what was taken out is kept under rejected with the finding."""
    for finding in judged.findings:
        if finding["level"] == "error" and str(finding["rule"]).startswith("dx."):
            claim = _without_diagnosis(claim, finding)
        elif finding["level"] == "error" and finding.get("line") and str(finding["rule"]).startswith("line."):
            claim = _without_line(claim, finding)
    return claim


def _without_diagnosis(claim: Json, finding: Json) -> Json:
    for code in finding.get("codes", ())[:1]:
        places = [n for n, d in enumerate(claim["diagnoses"], 1) if d["code"] == code]
        if places and len(claim["diagnoses"]) > 1:
            return _drop_diagnosis(claim, places[0], finding)
    return claim


def _drop_diagnosis(claim: Json, place: int, finding: Json) -> Json:
    gone = claim["diagnoses"][place - 1]
    diagnoses = [d for n, d in enumerate(claim["diagnoses"], 1) if n != place]
    lines = []
    for line in claim["service_lines"]:
        pointers = [p - (p > place) for p in line["pointers"] if p != place]
        if pointers:
            lines.append({**line, "pointers": pointers})
    rejected = [*claim["rejected"], _rejection(gone, "ICD-10-CM", finding)]
    return {**claim, "diagnoses": diagnoses, "service_lines": lines, "rejected": rejected}


def _without_line(claim: Json, finding: Json) -> Json:
    place = finding["line"]
    lines = claim["service_lines"]
    if not 1 <= place <= len(lines) or (claim.get("em") and claim["em"]["code"] == lines[place - 1]["code"]):
        return claim
    gone = lines[place - 1]
    system = "CPT" if gone["code"][:1].isdigit() else "HCPCS"
    return {
        **claim,
        "service_lines": [x for n, x in enumerate(lines, 1) if n != place],
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
