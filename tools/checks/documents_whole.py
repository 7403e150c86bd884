"""Document rules: present, signed, of the day and of the patient."""

import re
from collections.abc import Iterator

from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule

_AGE = re.compile(
    r"\b(\d{1,3})[- ]year[- ]old (?:\w+ ){0,3}?(?:man|woman|male|female|patient|boy|girl|gentleman|lady|who|with)",
    re.IGNORECASE,
)


@rule("document.none", "info", "No document to judge the claim by.", "architecture: claims that come alone")
def no_document(request: CheckRequest) -> Iterator[Doubt]:
    """Without documents nobody can say whether the codes are supported."""
    if not request.documents:
        yield Doubt(
            message="No document came with the claim: whether its codes are documented was not judged.",
            hint="Give the note with --note.",
        )


@rule(
    "document.unsigned",
    "warning",
    "A note is not signed.",
    "42 CFR 424.32; Program Integrity Manual ch. 3 s. 3.3.2.4",
    hold="data",
)
def unsigned(request: CheckRequest) -> Iterator[Doubt]:
    """Unsigned and preliminary notes hold the claim until their author signs."""
    if request.facts is None and all(d.status == "unknown" for d in request.documents):
        return
    for page in request.documents:
        if page.kind in {"note", "addendum"} and not page.signed and page.status != "entered-in-error":
            yield Doubt(
                message=f"The {page.kind} {page.title!r} is {page.status}; it is not signed.",
                hint="Ask the author to sign it.",
            )


@rule(
    "document.date",
    "warning",
    "A note is dated far from the visit.",
    "Program Integrity Manual ch. 3 s. 3.3.2.5",
    hold="policy",
)
def document_date(request: CheckRequest) -> Iterator[Doubt]:
    """A note is written on the day of service or soon after."""
    for page in request.documents:
        if page.date is None or page.kind != "note":
            continue
        days = (page.date.date() - request.on).days
        last = (max(x.date_to for x in request.claim.lines) - request.on).days if request.claim.lines else 0
        if days < -1 or days > last + request.policy.document_days:
            yield Doubt(
                message=f"The note {page.title!r} is dated {page.date.date()}, {abs(days)} days from the service."
            )


@rule(
    "document.other_patient",
    "error",
    "A note gives another age or sex than the claim.",
    "architecture law 2",
    overridable=True,
)
def other_patient(request: CheckRequest) -> Iterator[Doubt]:
    """The age a note opens with is the patient's."""
    if request.age is None:
        return
    for page in request.documents:
        found = _AGE.search(page.text[:1500])
        if found and page.kind == "note" and abs(int(found[1]) - request.age) > 1:
            yield Doubt(
                message=f"The note speaks of a {found[1]}-year-old; the patient on the claim is {request.age}.",
                hint="Check that the note belongs to this patient.",
            )
