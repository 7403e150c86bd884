"""Claims of invented visits and the 835 that answers them."""

from decimal import Decimal
from typing import Final

from knowledge.records import CodeSystem
from tools.claim.assemble import claim_id
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.encounter import EncounterFacts

CHARGES: Final = {"99213": Decimal(140), "99214": Decimal(198), "36415": Decimal(12)}
FOREIGN_EVERY: Final = 4
"""Every so manyth claim has an id of another system."""


def _number(facts: EncounterFacts) -> str:
    """Our own claim id; of some visits one of another system, which only patient and day join."""
    number = int(facts.encounter_id[-6:])
    return claim_id(facts) if number % FOREIGN_EVERY else f"PM{number:06d}"


def made_claim(facts: EncounterFacts, codes: list[str], lines: tuple[str, ...]) -> Claim:
    """The claim of a visit: every line points to the diagnoses."""
    made = tuple(
        ClaimLine(
            number=n,
            code=code,
            system=CodeSystem.CPT,
            display="",
            units=Decimal(1),
            place_of_service="11",
            date_from=facts.date_of_service,
            date_to=facts.date_of_service,
            charge=CHARGES[code],
            pointers=tuple(range(1, min(len(codes), 4) + 1)),
        )
        for n, code in enumerate(lines, 1)
    )
    return Claim(
        claim_id=_number(facts),
        encounter_id=facts.encounter_id,
        patient=facts.patient,
        coverages=facts.coverages,
        billing_provider=facts.billing_provider,
        rendering_provider=facts.rendering_provider,
        place_of_service="11",
        diagnoses=tuple(ClaimDiagnosis(sequence=n, code=c, display="") for n, c in enumerate(codes, 1)),
        lines=made,
        total_charge=sum((x.charge for x in made), Decimal(0)),
        created=facts.date_of_service,
    )


def answer(claim: Claim, *, paid: bool, carc: str = "45", off: Decimal = Decimal(0)) -> str:
    """The segments of one claim's answer; ``off`` dollars are missing in its adjustments."""
    status, half = ("1", Decimal("0.5")) if paid else ("4", Decimal(0))
    total = sum((x.charge * half for x in claim.lines), Decimal(0))
    rows = [
        f"CLP*{claim.claim_id}*{status}*{claim.total_charge}*{total:f}*0*MB*PCN{claim.encounter_id[-6:]}*11*{claim.frequency}"
    ]
    for line in claim.lines:
        got = line.charge * half
        rows += [f"SVC*HC:{line.code}*{line.charge}*{got:f}**1", f"CAS*CO*{carc}*{line.charge - got - off:f}"]
    return "~\n".join(rows)


def remittance(answers: list[str]) -> str:
    """One 835 with these answers."""
    total = sum((Decimal(a.split("*")[4]) for a in answers), Decimal(0))
    body = [
        "ST*835*0001",
        f"BPR*I*{total:f}*C*ACH*CCP*01*071000013*DA*55001*1999888777**01*071000288*DA*66002*20260701",
        "TRN*1*EFT1*1999888777",
        "N1*PR*MEDICARE*XV*MEDB1",
        "N1*PE*LAKESIDE*XX*1467300186",
        "LX*1",
        *answers,
    ]
    segments = "~\n".join(body).count("~") + 2
    head = "ISA*00*          *00*          *ZZ*MEDICARE       *ZZ*LAKESIDE       *260701*0900*^*00501*000000001*0*T*:"
    rows = [head, "GS*HP*MEDICARE*LAKESIDE*20260701*0900*1*X*005010X221A1", *body]
    return "~\n".join([*rows, f"SE*{segments}*0001", "GE*1*1", "IEA*1*000000001"]) + "~\n"
