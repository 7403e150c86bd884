"""For every line rule: what fires it, and a near miss."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from knowledge.records import CodeSystem
from tests.tools.checks.builders import (
    DAY,
    NOTE,
    L,
    cl,
    coverage,
    document,
    drug,
    history,
    ln,
    past,
    person,
    provider,
)
from tools.claim.model import ClaimLine, Drug
from tools.proposal import EmDecision, MdmElement

Case = tuple[str, dict[str, Any], dict[str, Any]]
MEDICARE = {"coverages": (coverage("medicare"),)}
OLD = person(birth_date=date(1950, 3, 2))
CLIA = {"billing_provider": provider("billing", clia="36D1234567")}
KNEE = "The right knee was injected with 40 mg triamcinolone acetonide after skin prep; tolerated well. "
SHOT = "Fluzone influenza vaccine given in the left deltoid. "
VIDEO = "Video visit, patient at home. "


def said(words: str) -> str:
    """The clean note with a sentence about what else was done."""
    return NOTE.replace("Return in six months.", words + "Return in six months.")


def em(
    code: str = "99213", basis: str = "mdm", minutes: int | None = None, levels: str = "low low low"
) -> dict[str, Any]:
    problems, data, risk = (MdmElement(level=level) for level in levels.split())
    made = EmDecision(
        code=code, basis=basis, problems=problems, data=data, risk=risk, minutes=minutes, explanation="x"
    )
    return {**cl(), "em": made}


def vials(*ndcs: str) -> list[ClaimLine]:
    """Lines of an unlisted drug, one for each product."""
    return [L("J3490", drug=Drug(ndc=ndc, quantity=Decimal(1), unit="ML")) for ndc in ndcs]


def had(*items: Any, **kwargs: Any) -> dict[str, Any]:
    """Facts with this history."""
    return {"history": items, **kwargs}


VISIT = history("encounter", "Encounter/old", organization="Organization/billing", effective=date(2025, 1, 5))

TABLE: list[Case] = [
    ("line.none", ln(), ln(L("99213"))),
    ("line.number", cl(lines=(L("99213").model_copy(update={"number": 2}),)), ln(L("99213"))),
    ("line.format", ln(L("9921")), ln(L("99213"))),
    ("line.system", ln(L("99213", system=CodeSystem.HCPCS)), ln(L("99213"))),
    ("line.unknown_to_table", ln(L("21299")), ln(L("99213"))),
    ("line.inactive", ln(L("99201")), ln(L("99202"))),
    ("line.bundled", ln(L("99213"), L("99080"), **MEDICARE), ln(L("99213"), L("99080"))),
    ("line.status", ln(L("99397"), patient=OLD, **MEDICARE), ln(L("99397", "GY"), patient=OLD, **MEDICARE)),
    ("line.age", ln(L("99397")), ln(L("99396"))),
    ("line.sex", ln(L("G0103")), ln(L("G0103"), patient=person(sex="male"))),
    (
        "line.sex",
        ln(L("58100", "KX"), patient=person(sex="male")),
        ln(L("58100", "KX"), patient=person(sex="male"), text=said("Transgender man. ")),
    ),
    ("line.units", ln(L("99213", units=Decimal("1.5"))), ln(L("99213"))),
    ("line.mue", ln(L("99213", units=Decimal(3))), ln(L("99213", units=Decimal(2)))),
    ("line.duplicate", ln(L("93000"), L("93000")), ln(L("93000"), L("93000", "76"))),
    ("line.duplicate", ln(*vials("00003029305", "00003029305")), ln(*vials("00003029305", "00409379401"))),
    ("line.add_on_without_primary", ln(L("99213"), L("90472")), ln(L("90471"), L("90472"))),
    ("line.charge", ln(L("99213", charge=Decimal(0))), ln(L("99213"), L("0500F", charge=Decimal(0)))),
    ("line.charge", ln(L("99070", charge=Decimal(0))), ln(L("99024", charge=Decimal(0)))),
    (
        "line.charge_derived",
        ln(L("99213", charge_basis="derived")),
        ln(L("99213", charge_basis="charge_master")),
    ),
    ("line.dates", ln(L("99213", date_to=DAY - timedelta(days=1))), ln(L("99213"))),
    (
        "line.date_mismatch",
        ln(L("99213", date_from=DAY - timedelta(days=1))),
        ln(L("99490", date_from=DAY - timedelta(days=11))),
    ),
]

PAIRS: list[Case] = [
    ("line.ptp", ln(L("80053", "59"), L("80048")), ln(L("69210"), L("69209"))),
    ("line.ptp_modifier", ln(L("93000"), L("93040")), ln(L("93000"), L("93040", "59"))),
    ("line.ptp_not_covered", ln(L("99213"), L("21299")), ln(L("99213"), L("93000"))),
    ("line.mutually_exclusive", ln(L("99406"), L("99407")), ln(L("99213", "25"), L("99407"))),
    ("line.two_em", ln(L("99213"), L("99214")), ln(L("99213"), L("99214", "25"))),
    ("line.two_preventive", ln(L("99395"), L("99396")), ln(L("99396"))),
    ("line.em_with_procedure", ln(L("99213"), L("20610", "RT")), ln(L("99213", "25"), L("20610", "RT"))),
    ("line.em_with_preventive", ln(L("99396"), L("99213")), ln(L("99396"), L("99213", "25"))),
    (
        "line.g2211",
        ln(L("99213", "25"), L("G2211"), L("20610", "RT")),
        ln(L("99213", "25"), L("G2211"), L("90471"), L("90656")),
    ),
    (
        "line.preventive_to_medicare",
        ln(L("99397"), patient=OLD, **MEDICARE),
        ln(L("G0439"), patient=OLD, **MEDICARE),
    ),
    ("line.wellness_payer", ln(L("G0439"), patient=OLD), ln(L("G0439"), patient=OLD, **MEDICARE)),
    ("line.consultation", ln(L("99243"), **MEDICARE), ln(L("99243"))),
]

PLACES: list[Case] = [
    ("line.place_unknown", ln(L("99213", place_of_service="98")), ln(L("99213"))),
    ("line.place_of_service", ln(L("99213", place_of_service="21")), ln(L("99213", place_of_service="22"))),
    (
        "line.place_mismatch",
        ln(L("99213", place_of_service="22")),
        ln(L("99213", place_of_service="22"), known={"place_of_service": "22"}),
    ),
    (
        "line.setting_not_paid",
        ln(L("G0438", place_of_service="22"), patient=OLD, **MEDICARE),
        ln(L("G0438"), patient=OLD, **MEDICARE),
    ),
    (
        "line.professional_component",
        ln(L("71046", place_of_service="22")),
        ln(L("71046", "26", place_of_service="22")),
    ),
    ("line.both_sides_included", ln(L("69210", units=Decimal(2))), ln(L("69210"))),
    ("line.bilateral_form", ln(L("20610", "RT"), L("20610", "LT")), ln(L("20610", "50"))),
    ("line.telehealth_place", ln(L("99213", "95")), ln(L("99213", "95", place_of_service="10"))),
    (
        "line.telehealth_modifier",
        ln(L("99213", place_of_service="10")),
        ln(L("99213", "95", place_of_service="10")),
    ),
    (
        "line.telehealth_modifier",
        ln(L("99213", place_of_service="10"), text=said("Telephone visit, she has no video. "), **MEDICARE),
        ln(L("99213", place_of_service="10"), text=said(VIDEO), **MEDICARE),
    ),
    (
        "line.telehealth_not_possible",
        ln(L("93000", place_of_service="10")),
        ln(L("99213", "95", place_of_service="10")),
    ),
    (
        "line.telehealth_code",
        ln(L("98005", place_of_service="10")),
        ln(L("99213", "95", place_of_service="10")),
    ),
    (
        "line.telehealth_documented",
        ln(L("99213", "95", place_of_service="10")),
        ln(L("99213", "95", place_of_service="10"), text=said(VIDEO)),
    ),
]

HISTORY: list[Case] = [
    (
        "line.new_patient",
        ln(L("99203"), known=had(VISIT, new_patient=None)),
        ln(L("99203"), known=had(VISIT.model_copy(update={"effective": date(2020, 1, 5)}), new_patient=None)),
    ),
    (
        "line.established_patient",
        ln(L("99213"), known={"new_patient": True}),
        ln(L("99203"), known={"new_patient": True}),
    ),
    (
        "line.global_period",
        ln(L("99213"), known=had(past("11400", DAY - timedelta(days=5)))),
        ln(L("99213"), known=had(past("11400", DAY - timedelta(days=15)))),
    ),
    (
        "line.global_procedure",
        ln(L("20610", "RT"), known=had(past("11400", DAY - timedelta(days=5)))),
        ln(L("20610", "RT", "79"), known=had(past("11400", DAY - timedelta(days=5)))),
    ),
    (
        "line.frequency_limit",
        ln(L("G0439"), patient=OLD, known=had(past("G0439", date(2026, 1, 9))), **MEDICARE),
        ln(L("G0439"), patient=OLD, known=had(past("G0439", date(2025, 7, 9))), **MEDICARE),
    ),
    (
        "line.first_wellness",
        ln(L("G0439"), patient=OLD, known=had(past("93000", date(2025, 1, 9))), **MEDICARE),
        ln(L("G0439"), patient=OLD, known=had(past("G0438", date(2025, 1, 9))), **MEDICARE),
    ),
    (
        "line.welcome_visit",
        ln(L("G0402"), patient=OLD, **MEDICARE),
        ln(L("G0402"), patient=person(birth_date=date(1961, 1, 1)), **MEDICARE),
    ),
    (
        "line.tcm",
        ln(L("99495"), text=said("Discharged from hospital on 8/7. ")),
        ln(
            L("99495"),
            text=said(
                "Discharged from hospital on 8/7. Our nurse called her within two business days. Medication list "
                "reconciled. "
            ),
        ),
    ),
    (
        "line.tcm",
        ln(
            L("99495"),
            text=said(
                "Discharged from Oak Hospital on 8/7/2026. Our nurse called her on 8/20/2026. Medication list reconciled. "
            ),
        ),
        ln(
            L("99495"),
            text=said(
                "Discharged from Oak Hospital on 8/7/2026. Our nurse called her on 8/10/2026. Medication list reconciled. "
            ),
        ),
    ),
    (
        "line.ccm",
        ln(L("99490"), text=said("Chronic care management, 25 minutes of staff time. ")),
        ln(
            L("99490"),
            text=said(
                "Chronic care management, 25 minutes of staff time; consent on file, care plan revised. "
            ),
        ),
    ),
]

PRODUCTS: list[Case] = [
    ("line.vaccine_without_administration", ln(L("90656")), ln(L("90656"), L("90471"))),
    ("line.administration_without_vaccine", ln(L("90471")), ln(L("90471"), L("90656"))),
    (
        "line.administration_count",
        ln(L("90656"), L("90715"), L("90471")),
        ln(L("90656"), L("90715"), L("90471"), L("90472")),
    ),
    (
        "line.medicare_vaccine_admin",
        ln(L("90662"), L("90471"), patient=OLD, **MEDICARE),
        ln(L("90662"), L("G0008"), patient=OLD, **MEDICARE),
    ),
    ("line.counselled_administration", ln(L("90460"), L("90656")), ln(L("90471"), L("90656"))),
    ("line.drug_without_administration", ln(L("J3301")), ln(L("J3301"), L("20610", "RT"))),
    ("line.administration_without_drug", ln(L("96372")), ln(L("96372"), L("J1885"))),
    (
        "line.drug_units",
        ln(L("20610", "RT"), L("J3301", units=Decimal(1)), text=said(KNEE)),
        ln(L("20610", "RT"), L("J3301", units=Decimal(4)), text=said(KNEE)),
    ),
    (
        "line.drug_wastage",
        ln(L("96372"), L("J0897", units=Decimal(60)), **MEDICARE),
        ln(L("96372"), L("J0897", "JZ", units=Decimal(60)), **MEDICARE),
    ),
    ("line.wastage_alone", ln(L("96372"), L("J0897", "JW")), ln(L("96372"), L("J0897"), L("J0897", "JW"))),
    (
        "line.ndc",
        ln(L("96372"), L("J1885"), coverages=(coverage("medicaid"),)),
        ln(L("96372"), L("J1885", drug=drug()), coverages=(coverage("medicaid"),)),
    ),
    ("line.ndc_format", ln(L("J1885", drug=drug("0409-3794-01"))), ln(L("J1885", drug=drug()))),
    ("line.clia", ln(L("83036", "QW")), ln(L("83036", "QW"), **CLIA)),
    ("line.qw", ln(L("83036"), **CLIA), ln(L("83036", "QW"), **CLIA)),
]

VISITS: list[Case] = [
    ("line.em_decision", em("99214"), em("99213")),
    ("line.em_level", em(levels="low straightforward straightforward"), em(levels="low minimal low")),
    ("line.em_under", em(levels="moderate minimal moderate"), em(levels="moderate minimal low")),
    (
        "line.em_time",
        {**em(basis="time", minutes=25)},
        {**em(basis="time", minutes=25), "documents": (document(NOTE + "Total time today: 25 minutes.\n"),)},
    ),
    (
        "line.em_time",
        {
            **em(basis="time", minutes=25),
            "documents": (document(NOTE + "Total time today: 43 minutes, 10 minutes of it counseling.\n"),),
        },
        {
            **em(basis="time", minutes=25),
            "documents": (document(NOTE + "Total time today: 35 minutes, 10 minutes of it counseling.\n"),),
        },
    ),
    (
        "line.em_no_note",
        {"documents": (document(kind="result"),)},
        {"documents": (document(kind="transcript"),)},
    ),
    (
        "line.time",
        ln(L("99406"), text=said("Tobacco cessation advised. ")),
        ln(L("99406"), text=said("Tobacco cessation counselling, 6 minutes spent. ")),
    ),
    (
        "line.time_band",
        ln(L("99406"), text=said("Tobacco cessation counselling, 14 minutes spent. ")),
        ln(L("99407"), text=said("Tobacco cessation counselling, 14 minutes spent. ")),
    ),
    (
        "line.time_band",
        ln(L("99497"), text=said("Advance care planning was discussed for 50 minutes. ")),
        ln(L("99497"), L("99498"), text=said("Advance care planning was discussed for 50 minutes. ")),
    ),
    (
        "line.not_documented",
        ln(L("93000")),
        ln(L("93000"), text=said("ECG in the office shows normal sinus rhythm. ")),
    ),
    (
        "line.ordered_not_done",
        ln(L("93000"), text=said("Will order an ECG at the hospital. ")),
        ln(L("93000"), text=said("ECG done today: normal sinus rhythm. ")),
    ),
    (
        "line.ordered_not_done",
        ln(L("80061"), text=said("Lipid panel: done by an outside laboratory. ")),
        ln(L("80061", "90"), text=said("Lipid panel: done by an outside laboratory. ")),
    ),
    ("line.documentation_not_judged", ln(L("21299")), ln(L("99213"))),
    (
        "line.views",
        ln(L("73560", "RT"), text=said("X-ray of the right knee, three views, normal. ")),
        ln(L("73562", "RT"), text=said("X-ray of the right knee, three views, normal. ")),
    ),
]

CASES: list[Case] = [*TABLE, *PAIRS, *PLACES, *HISTORY, *PRODUCTS, *VISITS]
