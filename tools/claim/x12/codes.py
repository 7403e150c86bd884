"""The small code lists that tie our words to X12's, in both directions."""

from typing import Literal

from tools.encounter import PayerKind, Sex

VERSION_837 = "005010X222A1"
VERSION_835 = "005010X221A1"

SEQUENCE = {1: "P", 2: "S", 3: "T", 4: "A", 5: "B", 6: "C", 7: "D", 8: "E", 9: "F", 10: "G", 11: "H"}
"""Order of benefits -> SBR01."""
ORDER = {code: order for order, code in SEQUENCE.items()}

Relationship = Literal["self", "spouse", "child", "other"]
RELATIONSHIP: dict[Relationship, str] = {"self": "18", "spouse": "01", "child": "19", "other": "G8"}
"""Patient's relationship to the subscriber -> SBR02/PAT01."""
RELATIONSHIP_NAME: dict[str, Relationship] = {code: name for name, code in RELATIONSHIP.items()}

SEX: dict[Sex, str] = {"female": "F", "male": "M", "other": "U", "unknown": "U"}
SEX_NAME: dict[str, Sex] = {"F": "female", "M": "male", "U": "unknown"}

FILING: dict[PayerKind, str] = {
    "medicare": "MB",
    "medicare_advantage": "16",
    "medicaid": "MC",
    "tricare": "CH",
    "commercial": "CI",
    "workers_comp": "WC",
    "auto": "AM",
    "self_pay": "ZZ",
}
"""Kind of payer -> SBR09 where the coverage names none."""
PAYER_KIND: dict[str, PayerKind] = {
    "MA": "medicare",
    "MB": "medicare",
    "16": "medicare_advantage",
    "MC": "medicaid",
    "CH": "tricare",
    "WC": "workers_comp",
    "AM": "auto",
}
"""SBR09 -> kind of payer; every other filing code is commercial."""
FILING_CODES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "AM",
        "BL",
        "CH",
        "CI",
        "DS",
        "FI",
        "HM",
        "LM",
        "MA",
        "MB",
        "MC",
        "OF",
        "TV",
        "VA",
        "WC",
        "ZZ",
    ]
)  # 837P SBR09

CLAIM_DATES = {
    "onset": "431",
    "initial_treatment": "454",
    "last_seen": "304",
    "acute_manifestation": "453",
    "accident": "439",
    "lmp": "484",
    "last_xray": "455",
    "prescription": "471",
    "last_worked": "297",
    "return_to_work": "296",
    "admission": "435",
    "discharge": "096",
    "assumed_care": "090",
    "relinquished_care": "091",
    "first_contact": "444",
}
"""Field of ClaimDates -> DTP01, in the order of loop 2300; disability is written apart."""
DISABILITY = {"both": "314", "from": "360", "to": "361"}

INPATIENT_PLACES = frozenset({"21", "51", "61"})
AMBULANCE_PLACES = frozenset({"41", "42"})
HOME = "12"


def filing_code(kind: PayerKind, given: str | None) -> str:
    """SBR09: the coverage's own code, or the usual one of its kind."""
    return given or FILING[kind]
