"""Random valid claims over everything an office claim can carry (Hypothesis)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from knowledge.records import CodeSystem
from tools.claim.model import (
    Accident,
    Adjustment,
    Attachment,
    Claim,
    ClaimDates,
    ClaimDiagnosis,
    ClaimLine,
    ClaimPayment,
    Drug,
    LinePayment,
    PurchasedService,
)
from tools.claim.npi import with_check_digit
from tools.claim.x12.envelope import Envelope
from tools.encounter import Address, CoverageFacts, Name, Person, Provider

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STATES = ("IL", "CA", "NY", "TX", "FL", "WA", "PR")
_ICD = ("R41.3", "I10", "E11.9", "M17.11", "S93.401A", "F33.1", "Z00.00", "J06.9", "R07.9", "Z23", "N39.0",
        "K21.9",         "E78.5", "M54.50", "F17.210")  # fmt: skip
_PROCEDURES = (
    "99213",
    "99214",
    "99204",
    "93000",
    "20610",
    "90471",
    "G0439",
    "J1030",
    "81002",
    "99406",
    "73610",
)
_MODIFIERS = ("25", "59", "RT", "LT", "95", "GT", "XU", "QW")
_FREE = st.text(
    alphabet=st.sampled_from(_LETTERS + "abcdefghijklmnop 0123456789'-.,/&éñüßØ*:~^"), min_size=1, max_size=35
).filter(lambda t: any(c.isalnum() for c in t))
_WORD = st.text(alphabet=_LETTERS + "éñ'-", min_size=2, max_size=14).filter(lambda t: t.strip("'-") != "")
_ID = st.text(alphabet=_LETTERS + "0123456789", min_size=3, max_size=14)
_DIGITS = "0123456789"
_UNITS = st.sampled_from((Decimal(1), Decimal("2.5"), Decimal(3)))


def maybe(strategy):
    return st.one_of(st.none(), strategy)


npis = st.text(alphabet=_DIGITS, min_size=8, max_size=8).map(lambda t: with_check_digit("1" + t))
amounts = st.integers(1, 200_000).map(lambda n: Decimal(n) / 100)
days = st.integers(0, 90).map(lambda n: date(2026, 7, 1) + timedelta(days=n))
past_days = st.integers(0, 300).map(lambda n: date(2025, 8, 1) + timedelta(days=n))


@st.composite
def addresses(draw, nine=False):
    digits = 9 if nine else draw(st.sampled_from((5, 9)))
    return Address(
        line1=f"{draw(st.integers(1, 9999))} {draw(_WORD)} St",
        line2=draw(maybe(st.just("Suite 2"))),
        city=draw(_WORD),
        state=draw(st.sampled_from(_STATES)),
        postal_code=draw(st.text(alphabet=_DIGITS, min_size=digits, max_size=digits)),
    )


@st.composite
def names(draw):
    return Name(
        last=draw(_WORD),
        first=draw(_WORD),
        middle=draw(maybe(_WORD)),
        suffix=draw(maybe(st.sampled_from(("JR", "III")))),
    )


@st.composite
def people(draw):
    return Person(
        id=draw(_ID),
        name=draw(names()),
        birth_date=date(1930, 1, 1) + timedelta(days=draw(st.integers(0, 30_000))),
        sex=draw(st.sampled_from(("female", "male", "other", "unknown"))),
        address=draw(addresses()),
        phone=draw(maybe(st.just("312-555-0188"))),
        mrn=draw(maybe(_ID)),
    )


@st.composite
def providers(draw, person=None, address=False):
    is_person = draw(st.booleans()) if person is None else person
    return Provider(
        reference=draw(_ID),
        name=draw(names()) if is_person else Name(last=draw(_WORD) + " Clinic"),
        is_person=is_person,
        npi=draw(npis),
        taxonomy=draw(maybe(st.sampled_from(("207Q00000X", "208000000X", "2084P0800X")))),
        address=draw(addresses()) if address else None,
    )


@st.composite
def billing_providers(draw):
    provider = draw(providers())
    return provider.model_copy(
        update={
            "tax_id": draw(st.text(alphabet=_DIGITS, min_size=9, max_size=9)),
            "tax_id_kind": draw(st.sampled_from(("EI", "SY"))),
            "address": draw(addresses(nine=True)),
            "phone": draw(maybe(st.just("(217) 555-0100"))),
        }
    )


@st.composite
def coverages(draw, order):
    relationship = draw(st.sampled_from(("self", "self", "spouse", "child", "other")))
    kind = draw(
        st.sampled_from(
            ("medicare", "medicaid", "commercial", "tricare", "medicare_advantage", "workers_comp")
        )
    )
    return CoverageFacts(
        reference=draw(_ID),
        order=order,
        payer_kind=kind,
        payer_name=draw(_WORD) + " Health",
        payer_id=f"P{order}{draw(st.text(alphabet=_DIGITS, min_size=3, max_size=4))}",
        payer_address=draw(maybe(addresses())),
        member_id=draw(_ID),
        group_number=draw(maybe(_ID)),
        group_name=draw(maybe(_WORD)),
        relationship=relationship,
        subscriber=draw(people()) if relationship != "self" else None,
        insurance_type="12" if kind == "medicare" and order > 1 else None,
    )


@st.composite
def attachments(draw):
    number = draw(maybe(_ID))
    return Attachment(
        report_type=draw(st.sampled_from(("03", "OZ", "AS"))),
        transmission=draw(st.sampled_from(("BM", "EL", "FX"))) if number else "AA",
        control_number=number,
    )


@st.composite
def lines(draw, number, diagnoses, place):
    code = draw(st.sampled_from(_PROCEDURES))
    anaesthesia = draw(st.integers(0, 15)) == 0
    day = draw(days)
    return ClaimLine(
        number=number,
        code="00840" if anaesthesia else code,
        system=CodeSystem.CPT if anaesthesia or code[0].isdigit() else CodeSystem.HCPCS,
        display="A service in our own words",
        modifiers=tuple(draw(st.lists(st.sampled_from(_MODIFIERS), max_size=4, unique=True))),
        units=Decimal(draw(st.integers(1, 240))) if anaesthesia else draw(_UNITS),
        unit_basis="MJ" if anaesthesia else "UN",
        place_of_service=draw(st.sampled_from((place, place, "11", "22"))),
        date_from=day,
        date_to=day + timedelta(days=draw(st.sampled_from((0, 0, 0, 2)))),
        charge=draw(amounts),
        charge_basis="derived",
        pointers=tuple(draw(st.lists(st.integers(1, diagnoses), min_size=1, max_size=min(4, diagnoses),
        unique=True))), drug=draw(maybe(drugs())),
        emergency=draw(st.booleans()),
        epsdt=draw(st.booleans()),
        family_planning=draw(st.booleans()),
        rendering=draw(maybe(providers())),
        ordering=draw(maybe(providers(person=True, address=True))),
        referring=draw(maybe(providers(person=True))),
        supervising=draw(maybe(providers(person=True))),
        facility=draw(maybe(providers(person=False, address=True))),
        purchased=draw(maybe(st.builds(PurchasedService, provider=providers(), charge=amounts))),
        prior_authorization=draw(maybe(_ID)),
        referral_number=draw(maybe(_ID)),
        attachments=tuple(draw(st.lists(attachments(), max_size=2))),
        clia=draw(maybe(st.just("12D3456789"))),
        note=draw(maybe(_FREE)),
    )  # fmt: skip


def drugs():
    return st.builds(
        Drug,
        ndc=st.text(alphabet=_DIGITS, min_size=11, max_size=11),
        quantity=st.sampled_from((Decimal(1), Decimal("0.5"), Decimal(20))),
        unit=st.sampled_from(("F2", "GR", "ME", "ML", "UN")),
        prescription_number=maybe(_ID),
    )


@st.composite
def adjudications(draw, claim, coverage):
    """The claim after one earlier payer paid every line in part, balanced."""
    paid_lines, total = [], Decimal(0)
    for line in claim.lines:
        paid = (line.charge * draw(st.integers(0, 100)) / 100).quantize(Decimal("0.01"))
        rest = line.charge - paid
        reasons = (Adjustment(group="CO", carc="45", amount=rest, quantity=draw(maybe(st.just(Decimal(1))))),)
        if rest > 1:
            half = (rest / 2).quantize(Decimal("0.01"))
            reasons = (
                Adjustment(group="CO", carc="45", amount=half),
                Adjustment(group="PR", carc="2", amount=rest - half),
            )
        payment = LinePayment(
            payer_id=coverage.payer_id,
            paid=paid,
            units=line.units,
            paid_on=date(2026, 10, 12),
            adjustments=() if rest == 0 else reasons,
            remaining=draw(maybe(st.just(rest))),
        )
        total += paid
        paid_lines.append(line.model_copy(update={"payments": (*line.payments, payment)}))
    payment = ClaimPayment(
        payer_id=coverage.payer_id,
        paid=total,
        paid_on=date(2026, 10, 12),
        remaining=draw(maybe(st.just(Decimal("1.25")))),
        control_number=draw(maybe(_ID)),
        remark_codes=draw(st.sampled_from(((), ("MA18", "N30")))),
    )
    return claim.model_copy(update={"lines": tuple(paid_lines), "payments": (*claim.payments, payment)})


@st.composite
def claim_dates(draw, accident):
    fields = ("onset", "initial_treatment", "last_seen", "acute_manifestation", "last_xray", "prescription",
              "last_worked", "return_to_work", "first_contact")  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(fields), max_size=3, unique=True))
    values = {field: draw(past_days) for field in chosen}
    if accident:
        values["accident"] = draw(past_days)
    start, end = sorted((draw(past_days), draw(past_days)))
    pair = draw(st.sampled_from((None, ("admission", "discharge"), ("disability_from", "disability_to"),
                                 ("assumed_care", "relinquished_care"))))  # fmt: skip
    if pair:
        values |= {pair[0]: start, pair[1]: end}
        if draw(st.booleans()):
            del values[pair[draw(st.sampled_from((0, 1)))]]
    return ClaimDates(**values)


@st.composite
def claims(draw, number=1, most_lines=7):
    diagnoses = draw(st.lists(st.sampled_from(_ICD), min_size=1, max_size=12, unique=True))
    place = draw(st.sampled_from(("11", "12", "22", "10", "02")))
    payers = tuple(draw(coverages(order)) for order in range(1, draw(st.integers(1, 3)) + 1))
    count = draw(st.integers(1, most_lines))
    service = tuple(draw(lines(n, len(diagnoses), place)) for n in range(1, count + 1))
    causes = draw(st.sampled_from((Accident(), Accident(), Accident(auto=True, state="IL"),
                                   Accident(employment=True, auto=True, state="CA"),
                                   Accident(other=True))))  # fmt: skip
    frequency = draw(st.sampled_from(("1", "1", "7", "8")))
    claim = Claim(
        claim_id=f"SB{number:06d}{draw(st.text(alphabet=_LETTERS, min_size=1, max_size=6))}",
        encounter_id=draw(_ID),
        frequency=frequency,
        original_reference=draw(_ID) if frequency != "1" else None,
        patient=draw(people()),
        coverages=payers,
        billing_provider=draw(billing_providers()),
        rendering_provider=draw(maybe(providers())),
        referring_provider=draw(maybe(providers(person=True))),
        supervising_provider=draw(maybe(providers(person=True))),
        facility=draw(maybe(providers(person=False, address=True))),
        pay_to=draw(maybe(addresses())),
        place_of_service=place,
        diagnoses=tuple(ClaimDiagnosis(sequence=n, code=c, display="d") for n, c in enumerate(diagnoses, 1)),
        lines=service,
        total_charge=sum((line.charge for line in service), Decimal(0)),
        patient_paid=draw(maybe(amounts)),
        prior_authorization=draw(maybe(_ID)),
        referral_number=draw(maybe(_ID)),
        clia=draw(maybe(st.just("05D1234567"))),
        dates=draw(claim_dates(causes != Accident())),
        accident=causes,
        note=draw(maybe(_FREE)),
        attachments=tuple(draw(st.lists(attachments(), max_size=2))),
        condition_codes=tuple(draw(st.lists(st.sampled_from(("AA", "AB", "W2")), max_size=2, unique=True))),
        anesthesia_procedures=draw(st.sampled_from(((), ("27447",), ("27447", "27446")))),
        property_casualty_number=draw(maybe(_ID)),
        mammography_certification=draw(maybe(_ID)),
        delay_reason=draw(st.sampled_from((None, "1", "11"))),
        special_program=draw(st.sampled_from((None, "02", "09"))),
        signature_on_file=draw(st.booleans()),
        assignment=draw(st.sampled_from("ABC")),
        benefits_assigned=draw(st.sampled_from("YNW")),
        release_of_information=draw(st.sampled_from("YI")),
        created=date(2026, 10, 20),
    )
    for coverage in payers[: draw(st.integers(0, len(payers) - 1))]:
        claim = draw(adjudications(claim, coverage))
    return claim


def envelope(control=1, **changes):
    return Envelope(
        **{
            "sender_id": "SUPERBILL",
            "receiver_id": "CLEARING",
            "submitter_name": "Main Street Family Practice",
            "contact_name": "Billing Office",
            "contact_phone": "2175550100",
            "receiver_name": "Clearing House",
            "interchange_control": control,
            "group_control": control,
            "batch_reference": f"B{control}",
            "created": datetime(2026, 10, 20, 9, 30, tzinfo=UTC),
            **changes,
        }
    )
