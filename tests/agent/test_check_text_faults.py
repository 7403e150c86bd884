"""Faults written into the text of an 837P: `superbill claim check` finds each; the clean text has no error."""

import re
from collections.abc import Callable

import pytest

from tests.agent.cli_run import ENCOUNTERS, Desk, Ran

Fault = Callable[[str], str]


def sub(pattern: str, new: str, count: int = 1) -> Fault:
    return lambda text: re.sub(pattern, new, text, count=count, flags=re.DOTALL)


def without(segment: str) -> Fault:
    return sub(rf"{segment}\*[^~]*~\s*", "")


FAULTS: dict[str, Fault] = {
    "an NPI that fails its check digit": sub(r"(NM1\*85\*[^~]*XX\*)\d{10}", r"\g<1>1467300187"),
    "a total that is not the sum": sub(r"(CLM\*[^*]*\*)[^*]*", r"\g<1>1.23"),
    "a pointer to no diagnosis": sub(r"(SV1\*(?:[^*]*\*){6})[\d:]+", r"\g<1>12"),
    "five pointers": sub(r"(SV1\*(?:[^*]*\*){6})[\d:]+", r"\g<1>1:1:1:1:1"),
    "a pointer over twelve": sub(r"(SV1\*(?:[^*]*\*){6})[\d:]+", r"\g<1>13"),
    "a diagnosis twice": sub(r"HI\*ABK:(\w+)", r"HI*ABK:\1*ABF:\1"),
    "thirteen diagnoses": sub(r"(HI\*ABK:\w+)", r"\1" + "".join(f"*ABF:Z{n}" for n in range(800, 812))),
    "a second segment of diagnoses": sub(r"(HI\*ABK[^~]*~)", r"\1HI*ABF:I10~"),
    "a diagnosis with its dot": sub(r"HI\*ABK:(\w{3})(\w)", r"HI*ABK:\1.\2"),
    "a diagnosis that does not exist": sub(r"HI\*ABK:\w+", "HI*ABK:Q9999"),
    "a procedure that does not exist": sub(r"SV1\*HC:\w{5}", "SV1*HC:9A9B9"),
    "no date of service": without("DTP\\*472"),
    "no units": sub(r"(SV1\*[^*]*\*[^*]*\*UN\*)[^*]*", r"\g<1>"),
    "no pointer": sub(r"(SV1\*(?:[^*]*\*){6})[\d:]+", r"\g<1>"),
    "five modifiers": sub(r"SV1\*HC:(\w{5})[^*]*", r"SV1*HC:\1:24:25:57:GC:CR"),
    "a replacement without the payer's number": sub(r"(CLM\*[^~]*:B:)1", r"\g<1>7"),
    "a frequency that is none": sub(r"(CLM\*[^~]*:B:)1", r"\g<1>9"),
    "no birth date of the patient": without("DMG"),
    "no address of the subscriber": sub(r"(NM1\*IL[^~]*~)\s*N3[^~]*~\s*N4[^~]*~", r"\1"),
    "a billing ZIP of five digits": sub(r"(NM1\*85.*?N4\*[^*]*\*\w\w\*\d{5})\d{4}", r"\1"),
    "a PO box as the billing address": sub(r"(NM1\*85[^~]*~\s*N3\*)[^~]*", r"\g<1>PO BOX 12"),
    "a car accident without state and date": sub(r"(CLM\*(?:[^*~]*\*){8}[^*~]*)~", r"\1**AA~"),
    "a place of service that is none": sub(r"(CLM\*[^*]*\*[^*]*\*\*\*)\d\d", r"\g<1>98"),
    "a letter outside the character set": sub(r"(NM1\*IL\*1\*)", r"\g<1>É"),
    "the onset after the visit": sub(r"(CLM\*[^~]*~)", r"\1DTP*431*D8*20991231~"),
    "a date that is none": sub(r"DTP\*472\*D8\*\d{8}", "DTP*472*D8*20260231"),
    "lines out of order": sub(r"LX\*1~", "LX*3~"),
    "a level that announces a child": sub(r"(HL\*2\*1\*22\*)0", r"\g<1>1"),
    "a dependent without his level": sub(r"SBR\*P\*18", "SBR*P*"),
    "no tax number": without("REF\\*EI"),
    "no payer": without("NM1\\*PR"),
    "a filing code that is none": sub(r"(SBR\*(?:[^*~]*\*){8})\w+", r"\g<1>QQ"),
    "three decimals": sub(r"(SV1\*[^*]*\*)[\d.]+", r"\g<1>10.125"),
    "a negative charge": sub(r"(SV1\*[^*]*\*)", r"\g<1>-"),
    "a taxonomy that is none": sub(r"PXC\*\w+", "PXC*2084"),
    "a tax number with a dash": sub(r"(REF\*EI\*\d\d)", r"\1-"),
    "a claim number of 39 characters": sub(r"CLM\*[^*]*", "CLM*" + "A" * 39),
    "a state that is none": sub(r"(N4\*[^*]*\*)\w\w", r"\g<1>ZZ"),
    "a separator at the end": sub(r"(N3\*[^~]*)~", r"\1*~"),
    "an unknown segment": sub(r"(CLM\*[^~]*~)", r"\1ZZZ*1~"),
    "a wrong count of segments": sub(r"SE\*\d+", "SE*9"),
    "control numbers of the interchange that differ": sub(r"IEA\*1\*\d{9}", "IEA*1*000000999"),
    "control numbers of the group that differ": sub(r"GE\*1\*\d+", "GE*1*999"),
    "a short envelope": sub(r"ISA\*00\* ", "ISA*00*"),
    "another version": sub(r"005010X222A1", "005010X222A2", 2),
    "a facility qualifier that is none": sub(r"(CLM\*[^~]*:)B:", r"\g<1>A:"),
    "himself with a patient's level": sub(
        r"(HL\*2\*1\*22\*)0(.*?NM1\*PR[^~]*~)",
        r"\g<1>1\2HL*3*2*23*0~PAT*19~NM1*QC*1*DOE*ANN~N3*1 ELM ST~N4*WAUKEGAN*IL*60085~DMG*D8*20100101*F~",
    ),
    "a CLIA number that is none": sub(r"(CLM\*[^~]*~)", r"\1REF*X4*ABC~"),
    "a referring provider without his number": sub(r"(HI\*ABK[^~]*~)", r"\1NM1*DN*1*ROE*JO****XX~"),
    "a charge with a leading zero": sub(r"(SV1\*[^*]*\*)", r"\g<1>0"),
    "a drug without its quantity": sub(r"(SV1\*[^~]*~\s*DTP[^~]*~)(?!.*SV1)", r"\1LIN**N4*00004014401~"),
    "a drug number of ten digits": sub(
        r"(SV1\*[^~]*~\s*DTP[^~]*~)(?!.*SV1)", r"\1LIN**N4*0000401440~CTP****1*UN~"
    ),
    "one control number on two lines": lambda text: re.sub(r"REF\*6R\*\w+", "REF*6R*SAME", text),
    "a delimiter inside a name": sub(r"(NM1\*IL\*1\*\w)", r"\1:"),
    "a range that runs backwards": sub(r"DTP\*472\*D8\*(\d{8})", r"DTP*472*RD8*20991231-\1"),
}


CLEAN: list[str] = []


@pytest.fixture
def clean(desk: Desk) -> str:
    """The 837P of a shipped encounter; coded once."""
    if not CLEAN:
        assert desk.code(ENCOUNTERS / "02-diabetes-heart-depression.json").code == 0
        CLEAN.append((desk.folder / "out" / "claim.837").read_text(encoding="ascii"))
    return CLEAN[0]


def check(desk: Desk, text: str) -> Ran:
    return desk.run("claim", "check", desk.write(text, "broken.837"), "--json")


def test_the_clean_text_has_no_error(clean: str, desk: Desk) -> None:
    ran = check(desk, clean)
    assert (ran.code, ran.json["errors"]) == (0, 0)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_text_is_found(name: str, clean: str, desk: Desk) -> None:
    broken = FAULTS[name](clean)
    assert broken != clean
    ran = check(desk, broken)
    assert ran.code in {2, 4}
    assert ran.code == 2 or ran.json["errors"] > 0
