"""Line rules on the laboratory: CLIA number and waived tests."""

from collections.abc import Iterator

from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule


@rule(
    "line.clia", "warning", "A laboratory test without a CLIA number.", "42 CFR 493; 837P REF*X4", hold="data"
)
def clia(request: CheckRequest) -> Iterator[Doubt]:
    """Tests covered by CLIA are billed with the laboratory's CLIA number."""
    numbers = (request.claim.clia, request.claim.billing_provider and request.claim.billing_provider.clia)
    facility = request.claim.facility
    for line, row in known(request):
        if (
            row.clia
            and row.category in {"lab", "screening"}
            and not (line.clia or any(numbers) or (facility and facility.clia))
        ):
            yield Doubt(
                message=f"{line.code} ({row.title}) needs the laboratory's CLIA number.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.qw",
    "error",
    "A waived test without QW.",
    "CLIA waived tests list; Claims Processing Manual ch. 16 s. 70",
    overridable=True,
)
def qw(request: CheckRequest) -> Iterator[Doubt]:
    """A practice with a certificate of waiver reports these tests with QW."""
    for line, row in known(request):
        if row.qw and request.pack.qw and not {"QW", "90"} & set(line.modifiers):
            yield Doubt(
                message=f"{line.code} is a waived test and needs QW.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )
