"""For every link and modifier rule: what fires it, and a near miss."""

from datetime import date, timedelta
from typing import Any

from tests.tools.checks.builders import DAY, L, claim, diagnosis, document, line, ln, past, span
from tests.tools.checks.cases_lines import MEDICARE, had, said

Case = tuple[str, dict[str, Any], dict[str, Any]]
TWO_DOCUMENTS = (document(), document("Addendum: ECG normal.", id="doc-2", kind="addendum"))
KNEES = ("M17.11",)


def pointing(*pointers: int, codes: tuple[str, ...] = ("I10", "E78.5")) -> dict[str, Any]:
    return ln(L("99213", pointers=pointers), codes=codes)


def on_two_documents(name: str) -> dict[str, Any]:
    words = span("ECG normal", TWO_DOCUMENTS[1].text, doc="doc-2") if name == "doc-2" else span("BP 128/78")
    made = claim(
        diagnoses=(diagnosis(1, "I10", span("Hypertension, at goal")),),
        lines=(line(1, "99213", words),),
    )
    return {"claim_": made, "documents": TWO_DOCUMENTS}


LINKS: list[Case] = [
    ("link.none", pointing(), pointing(1)),
    (
        "link.too_many",
        pointing(1, 2, 3, 4, 5, codes=("I10", "E78.5", "E11.9", "M17.11", "K21.9")),
        pointing(1, 2, 3, 4, codes=("I10", "E78.5", "E11.9", "M17.11", "K21.9")),
    ),
    ("link.unresolved", pointing(1, 3), pointing(1, 2)),
    ("link.duplicate", pointing(1, 1), pointing(1, 2)),
    ("link.unused_diagnosis", pointing(1), pointing(1, codes=("I10", "Z79.899"))),
    (
        "link.external_cause",
        pointing(2, 1, codes=("S93.401A", "W19.XXXA")),
        pointing(1, 2, codes=("S93.401A", "W19.XXXA")),
    ),
    (
        "link.external_cause",
        pointing(1, codes=("W19.XXXA",)),
        pointing(1, codes=("V73.89",)),
    ),
    ("link.first_listed", pointing(2), pointing(2, 1)),
    (
        "link.not_supported",
        ln(L("77067"), codes=("S93.401A",)),
        ln(L("77067"), codes=("Z12.31",)),
    ),
    ("link.no_rule", ln(L("21299"), codes=("I10",)), ln(L("99213"), codes=("I10",))),
    (
        "link.weak_first",
        ln(L("73562", "RT", pointers=(1, 2)), codes=("I10", "M17.11")),
        ln(L("73562", "RT", pointers=(2, 1)), codes=("I10", "M17.11")),
    ),
    ("link.side", ln(L("20610", "LT"), codes=KNEES), ln(L("20610", "RT"), codes=KNEES)),
    ("link.site", ln(L("73562", "RT"), codes=("S93.401A",)), ln(L("73610", "RT"), codes=("S93.401A",))),
    ("link.preventive", ln(L("99396"), codes=("I10",)), ln(L("99396"), codes=("Z00.00",))),
    ("link.vaccine", ln(L("90656"), L("90471"), codes=("I10",)), ln(L("90656"), L("90471"), codes=("Z23",))),
    ("link.screening", ln(L("77067"), codes=("N64.4",)), ln(L("77067"), codes=("Z12.31",))),
    (
        "link.diagnostic_as_screening",
        ln(L("99213"), codes=("Z13.220",)),
        ln(L("99213", pointers=(1, 2)), codes=("Z13.220", "E78.5")),
    ),
    (
        "link.routine_visit",
        ln(L("99396"), L("99213", "25"), codes=("Z00.00", "I10")),
        ln(L("99396"), L("99213", "25", pointers=(2,)), codes=("Z00.00", "I10")),
    ),
    ("link.evidence", on_two_documents("doc-2"), on_two_documents("doc-1")),
]

MODIFIERS: list[Case] = [
    ("modifier.format", ln(L("99213", "2")), ln(L("99213", "25"))),
    ("modifier.unknown", ln(L("99213", "ZZ")), ln(L("99213", "25"))),
    ("modifier.not_allowed", ln(L("93000", "25")), ln(L("99213", "25"))),
    ("modifier.duplicate", ln(L("20610", "RT", "RT")), ln(L("20610", "RT"))),
    (
        "modifier.too_many",
        ln(L("20610", "RT", "59", "76", "79", "CR")),
        ln(L("20610", "RT", "59", "76", "79")),
    ),
    ("modifier.order", ln(L("20610", "RT", "59")), ln(L("20610", "59", "RT"))),
    ("modifier.conflict", ln(L("20610", "59", "XS")), ln(L("20610", "59", "RT"))),
    ("modifier.both_sides", ln(L("20610", "RT", "LT")), ln(L("20610", "50"))),
    ("modifier.50_units", ln(L("20610", "50", units=2)), ln(L("20610", "50"))),
    ("modifier.medicare_only", ln(L("99213", "GA")), ln(L("99213", "GA"), **MEDICARE)),
    (
        "modifier.x_to_payer",
        {**ln(L("20610", "XS")), "pack": {"accepts_x_modifiers": False}},
        {**ln(L("20610", "59")), "pack": {"accepts_x_modifiers": False}},
    ),
    ("modifier.25_unsupported", ln(L("99213", "25")), ln(L("99213", "25"), L("20610", "RT"))),
    (
        "modifier.25_thin",
        ln(L("99213", "25"), L("20610", "RT"), codes=KNEES),
        ln(L("99213", "25", pointers=(2,)), L("20610", "RT"), codes=("M17.11", "I10")),
    ),
    (
        "modifier.57_unsupported",
        ln(L("99213", "57"), L("20610", "RT")),
        ln(L("99213", "57"), L("25600", "RT")),
    ),
    ("modifier.57_missing", ln(L("99213", "25"), L("25600", "RT")), ln(L("99213", "57"), L("25600", "RT"))),
    (
        "modifier.24_unsupported",
        ln(L("99213", "24"), known=had(past("11400", date(2025, 1, 1)))),
        ln(L("99213", "24"), known=had(past("11400", DAY - timedelta(days=5)))),
    ),
    (
        "modifier.staged_unsupported",
        ln(L("20610", "79"), known=had(past("11400", date(2025, 1, 1)))),
        ln(L("20610", "79"), known=had(past("11400", DAY - timedelta(days=5)))),
    ),
    ("modifier.59_unsupported", ln(L("93000", "59"), L("99213")), ln(L("93000"), L("93040", "59"))),
    (
        "modifier.59_undocumented",
        ln(L("93000"), L("93040", "59")),
        ln(
            L("93000"),
            L("93040", "59"),
            text=said("A second rhythm strip at a separate session showed no change. "),
        ),
    ),
    ("modifier.repeat_unsupported", ln(L("93000", "76")), ln(L("93000"), L("93000", "76"))),
    (
        "modifier.reason_missing",
        ln(L("20610", "52")),
        ln(L("20610", "52"), text=said("Injection of the knee, partial because of pain. ")),
    ),
    ("modifier.side_missing", ln(L("20610")), ln(L("20610", "LT"))),
    (
        "modifier.side_documented",
        ln(L("20610", "LT"), text=said("The right knee joint was injected. ")),
        ln(L("20610", "RT"), text=said("The right knee joint was injected. ")),
    ),
]

CASES: list[Case] = [*LINKS, *MODIFIERS]
