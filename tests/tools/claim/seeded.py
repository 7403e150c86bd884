"""Random valid claims from a seed alone: the space of ``strategies`` at a twentieth of its cost.

Hypothesis draws the seeds; it can shrink a failure to a seed and a batch size, not to a single field.
"""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from knowledge.records import CodeSystem
from tests.tools.claim import strategies as pool
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
from tools.encounter import Address, CoverageFacts, Name, Person, Provider

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FREE = _CAPITALS + "abcdefghijklmnop 0123456789'-.,/&éñüßØ*:~^"
_CENT = Decimal("0.01")
_CAUSES = (
    Accident(),
    Accident(),
    Accident(auto=True, state="IL"),
    Accident(employment=True, auto=True, state="CA"),
    Accident(other=True),
)
_PAIRS = (
    (),
    (),
    ("admission", "discharge"),
    ("disability_from", "disability_to"),
    ("assumed_care", "relinquished_care"),
)
_SINGLE_DATES = (
    "onset",
    "initial_treatment",
    "last_seen",
    "acute_manifestation",
    "last_xray",
    "prescription",
    "last_worked",
    "return_to_work",
    "first_contact",
)


class Dice:
    """Everything a claim is made of, drawn from one seeded source."""

    def __init__(self, seed):
        self.random = Random(seed)

    def maybe(self, make):
        return make() if self.random.random() < 0.4 else None

    def word(self):
        return self.random.choice(_CAPITALS) + "".join(
            self.random.choices(_CAPITALS + "éñ'-", k=self.random.randint(1, 12))
        )

    def identifier(self):
        return "".join(self.random.choices(_CAPITALS + "0123456789", k=self.random.randint(3, 14)))

    def digits(self, count):
        return "".join(self.random.choices("0123456789", k=count))

    def free(self):
        return "x" + "".join(self.random.choices(_FREE, k=self.random.randint(0, 34)))

    def amount(self):
        return Decimal(self.random.randint(1, 200_000)) / 100

    def past(self):
        return date(2025, 8, 1) + timedelta(days=self.random.randint(0, 300))

    def address(self, digits=None):
        return Address(
            line1=f"{self.random.randint(1, 9999)} {self.word()} St",
            line2=self.maybe(lambda: "Suite 2"),
            city=self.word(),
            state=self.random.choice(("IL", "CA", "NY", "TX", "FL", "WA", "PR")),
            postal_code=self.digits(digits or self.random.choice((5, 9))),
        )

    def name(self):
        return Name(
            last=self.word(),
            first=self.word(),
            middle=self.maybe(self.word),
            suffix=self.maybe(lambda: self.random.choice(("JR", "III"))),
        )

    def person(self):
        return Person(
            id=self.identifier(),
            name=self.name(),
            birth_date=date(1930, 1, 1) + timedelta(days=self.random.randint(0, 30_000)),
            sex=self.random.choice(("female", "male", "other", "unknown")),
            address=self.address(),
            phone=self.maybe(lambda: "312-555-0188"),
            mrn=self.maybe(self.identifier),
        )

    def provider(self, *, person=None, address=False):
        is_person = self.random.random() < 0.5 if person is None else person
        return Provider(
            reference=self.identifier(),
            name=self.name() if is_person else Name(last=self.word() + " Clinic"),
            is_person=is_person,
            npi=with_check_digit("1" + self.digits(8)),
            taxonomy=self.maybe(lambda: self.random.choice(("207Q00000X", "208000000X", "2084P0800X"))),
            address=self.address() if address else None,
        )

    def billing(self):
        return self.provider().model_copy(
            update={
                "tax_id": self.digits(9),
                "tax_id_kind": self.random.choice(("EI", "SY")),
                "address": self.address(9),
                "phone": self.maybe(lambda: "(217) 555-0100"),
            }
        )

    def coverage(self, order):
        relationship = self.random.choice(("self", "self", "spouse", "child", "other"))
        kinds = ("medicare", "medicaid", "commercial", "tricare", "medicare_advantage", "workers_comp")
        kind = self.random.choice(kinds)
        return CoverageFacts(
            reference=self.identifier(),
            order=order,
            payer_kind=kind,
            payer_name=self.word() + " Health",
            payer_id=f"P{order}{self.digits(4)}",
            payer_address=self.maybe(self.address),
            member_id=self.identifier(),
            group_number=self.maybe(self.identifier),
            group_name=self.maybe(self.word),
            relationship=relationship,
            subscriber=self.person() if relationship != "self" else None,
            insurance_type="12" if kind == "medicare" and order > 1 else None,
        )

    def attachment(self):
        number = self.maybe(self.identifier)
        return Attachment(
            report_type=self.random.choice(("03", "OZ", "AS")),
            transmission=self.random.choice(("BM", "EL", "FX")) if number else "AA",
            control_number=number,
        )

    def drug(self):
        return Drug(
            ndc=self.digits(11),
            quantity=self.random.choice((Decimal(1), Decimal("0.5"), Decimal(20))),
            unit=self.random.choice(("F2", "GR", "ME", "ML", "UN")),
            prescription_number=self.maybe(self.identifier),
        )

    def several(self, make, most):
        return tuple(make() for _ in range(self.random.randint(0, most)))

    def line(self, number, diagnoses, place):
        minutes = self.random.randrange(8) == 0
        code = "00840" if minutes else self.random.choice(pool._PROCEDURES)
        day = date(2026, 7, 1) + timedelta(days=self.random.randint(0, 90))
        units = (Decimal(1), Decimal("2.5"), Decimal(3))
        return ClaimLine(
            number=number,
            code=code,
            system=CodeSystem.CPT if code[0].isdigit() else CodeSystem.HCPCS,
            display="A service in our own words",
            modifiers=tuple(self.random.sample(pool._MODIFIERS, self.random.randint(0, 4))),
            units=Decimal(self.random.randint(1, 240)) if minutes else self.random.choice(units),
            unit_basis="MJ" if minutes else "UN",
            place_of_service=self.random.choice((place, place, "11", "22")),
            date_from=day,
            date_to=day + timedelta(days=self.random.choice((0, 0, 0, 2))),
            charge=self.amount(),
            charge_basis="derived",
            pointers=tuple(
                self.random.sample(range(1, diagnoses + 1), self.random.randint(1, min(4, diagnoses)))
            ),
            drug=self.maybe(self.drug),
            emergency=self.random.random() < 0.3,
            epsdt=self.random.random() < 0.3,
            family_planning=self.random.random() < 0.3,
            rendering=self.maybe(self.provider),
            ordering=self.maybe(lambda: self.provider(person=True, address=True)),
            referring=self.maybe(lambda: self.provider(person=True)),
            supervising=self.maybe(lambda: self.provider(person=True)),
            facility=self.maybe(lambda: self.provider(person=False, address=True)),
            purchased=self.maybe(lambda: PurchasedService(provider=self.provider(), charge=self.amount())),
            prior_authorization=self.maybe(self.identifier),
            referral_number=self.maybe(self.identifier),
            attachments=self.several(self.attachment, 2),
            clia=self.maybe(lambda: "12D3456789"),
            note=self.maybe(self.free),
        )

    def dates(self, *, accident):
        values = {name: self.past() for name in self.random.sample(_SINGLE_DATES, self.random.randint(0, 3))}
        if accident:
            values["accident"] = self.past()
        pair = self.random.choice(_PAIRS)
        values |= dict(zip(pair, sorted((self.past(), self.past())), strict=False))
        if pair and self.random.random() < 0.5:
            del values[self.random.choice(pair)]
        return ClaimDates(**values)

    def adjudicated(self, claim, coverage):
        """The claim after ``coverage`` paid every line in part, balanced to the cent."""
        paid_on = date(2026, 10, 12)
        done = []
        for line in claim.lines:
            paid = (line.charge * self.random.randint(0, 100) / 100).quantize(_CENT)
            rest = line.charge - paid
            half = (rest / 2).quantize(_CENT)
            reasons = [("CO", "45", half), ("PR", "2", rest - half)] if rest > 1 else [("CO", "45", rest)]
            payment = LinePayment(
                payer_id=coverage.payer_id,
                paid=paid,
                units=line.units,
                paid_on=paid_on,
                adjustments=tuple(Adjustment(group=g, carc=c, amount=a) for g, c, a in reasons if a),
                remaining=self.maybe(lambda rest=rest: rest),
            )
            done.append(line.model_copy(update={"payments": (*line.payments, payment)}))
        total = sum((line.payments[-1].paid for line in done), Decimal(0))
        payment = ClaimPayment(
            payer_id=coverage.payer_id,
            paid=total,
            paid_on=paid_on,
            remaining=self.maybe(lambda: Decimal("1.25")),
            control_number=self.maybe(self.identifier),
            remark_codes=self.random.choice(((), ("MA18", "N30"))),
        )
        return claim.model_copy(update={"lines": tuple(done), "payments": (*claim.payments, payment)})

    def claim(self, number, most_lines=4):
        place = self.random.choice(("11", "12", "22", "10", "02"))
        codes = self.random.sample(pool._ICD, self.random.randint(1, 12))
        lines = tuple(
            self.line(n, len(codes), place) for n in range(1, self.random.randint(1, most_lines) + 1)
        )
        payers = tuple(self.coverage(order) for order in range(1, self.random.randint(1, 3) + 1))
        causes = self.random.choice(_CAUSES)
        frequency = self.random.choice("1178")
        claim = Claim(
            claim_id=f"SB{number:06d}{self.random.choice(_CAPITALS)}",
            encounter_id=self.identifier(),
            frequency=frequency,
            original_reference=self.identifier() if frequency != "1" else None,
            patient=self.person(),
            coverages=payers,
            billing_provider=self.billing(),
            rendering_provider=self.maybe(self.provider),
            referring_provider=self.maybe(lambda: self.provider(person=True)),
            supervising_provider=self.maybe(lambda: self.provider(person=True)),
            facility=self.maybe(lambda: self.provider(person=False, address=True)),
            pay_to=self.maybe(self.address),
            place_of_service=place,
            diagnoses=tuple(ClaimDiagnosis(sequence=n, code=c, display="d") for n, c in enumerate(codes, 1)),
            lines=lines,
            total_charge=sum((line.charge for line in lines), Decimal(0)),
            patient_paid=self.maybe(self.amount),
            prior_authorization=self.maybe(self.identifier),
            referral_number=self.maybe(self.identifier),
            clia=self.maybe(lambda: "05D1234567"),
            dates=self.dates(accident=causes != Accident()),
            accident=causes,
            note=self.maybe(self.free),
            attachments=self.several(self.attachment, 2),
            condition_codes=tuple(self.random.sample(("AA", "AB", "W2"), self.random.randint(0, 2))),
            anesthesia_procedures=self.random.choice(((), ("27447",), ("27447", "27446"))),
            property_casualty_number=self.maybe(self.identifier),
            mammography_certification=self.maybe(self.identifier),
            delay_reason=self.random.choice((None, "1", "11")),
            special_program=self.random.choice((None, "02", "09")),
            signature_on_file=self.random.random() < 0.5,
            assignment=self.random.choice("ABC"),
            benefits_assigned=self.random.choice("YNW"),
            release_of_information=self.random.choice("YI"),
            created=date(2026, 10, 20),
        )
        for coverage in payers[: self.random.randint(0, len(payers) - 1)]:
            claim = self.adjudicated(claim, coverage)
        return claim


def batch(seed, count):
    """``count`` claims of many patients, payers and billing providers."""
    dice = Dice(seed)
    return [dice.claim(number) for number in range(1, count + 1)]
