"""Files in the layouts of the official ones, of our own making: whole by size and in agreement with the shipped tables."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from knowledge.bookshelf import DATA
from knowledge.edits import EditTables
from knowledge.guidelines import load_digest
from knowledge.procedures import ProcedureTable
from knowledge.sources.coverage import COLUMNS

EDITS = EditTables.load(DATA)
PROCEDURES = ProcedureTable.load(DATA)
HCPCS_HEAD = (
    "HCPC,SEQNUM,RECID,LONG DESCRIPTION,SHORT DESCRIPTION,PRICE1,PRICE2,PRICE3,PRICE4,MULT_PI,CIM1,CIM2,CIM3,MCM1,"
    "MCM2,MCM3,STATUTE,LABCERT1,LABCERT2,LABCERT3,LABCERT4,LABCERT5,LABCERT6,LABCERT7,LABCERT8,XREF1,XREF2,XREF3,"
    "XREF4,XREF5,COV,ASC_GRP,ASC_DT,OPPS,OPPS_PI,OPPS_DT,PROCNOTE,BETOS,TOS1,TOS2,TOS3,TOS4,TOS5,ANEST_BU,ADD DT,"
    "ACT EFF DT,TERM DT,ACTION CD"
)
GPCI_HEAD = (
    "ADDENDUM E. FINAL CY 2026 GEOGRAPHIC PRACTICE COST INDICES (GPCIs) BY STATE AND MEDICARE LOCALITY,,,,,,\n"
    "Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,2026 PW GPCI,2026 PE GPCI,"
    "2026 MP GPCI\n"
)
VALUES_HEAD = (
    ",,2026 National Physician Fee Schedule Relative Value File July Release" + "," * 29 + "\n"
    "HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,DAYS,OP,OP,OP,"
    "PROC,SURG,SURG,SURG,SURG,IND,BASE,FACTOR,PROCEDURES,FLAG,INDICATOR,AMOUNT,AMOUNT,AMOUNT\n"
)
VALUES_ROW = (
    "A,,1.00,1.50,,0.50,NA,0.10,2.60,1.60,0,090,0.10,0.70,0.20,2,1,1,0,0,9,,33.4009,09,0,99,0.00,0.00,0.00"
)


def hcpcs_row(code: str, *, added: str = "20200101", ended: str = "") -> str:
    """One row of the 48 columns."""
    cells = [code, "0010", "3", f"Long words of {code}", f"Short {code}", *[""] * 25, "C", *[""] * 13]
    return ",".join([*cells, added, added, ended, "N"])


def _codes(known: Iterable[str], size: int, form: str) -> list[str]:
    held = list(known)
    made = (form.format(n) for n in range(10_000))
    return [*held, *(code for code in made if code not in set(held))][:size]


@cache
def hcpcs() -> str:
    """7,600 codes (one begins with the quarter), a modifier and a dental code."""
    known = [c for c in PROCEDURES.codes if c[0].isalpha()]
    rows = [hcpcs_row(code) for code in _codes(known, 7_599, "Q{:04d}")]
    rows.append(hcpcs_row("V9999", added="20261001"))
    modifier = hcpcs_row("   XQ").replace(",3,", ",7,", 1)
    return "\n".join([HCPCS_HEAD, *rows, hcpcs_row("D0001"), modifier]) + "\n"


@cache
def licensed() -> str:
    """8,100 CPT codes with words of our own."""
    known = [c for c in PROCEDURES.codes if c[0].isdigit()]
    return "code,short,long\n" + "".join(
        f"{c},Own {c},Own words of {c}\n" for c in _codes(known, 8_100, "1{:04d}")
    )


@cache
def gpci() -> str:
    """109 localities and a footnote."""
    rows = (f"{10000 + n:05d},AL,{n % 100:02d},PLACE {n}*,1.000,0.9{n % 100:02d},0.566\n" for n in range(109))
    return GPCI_HEAD + "".join(rows) + "* Our own footnote,,,,,,\n"


@cache
def counties() -> str:
    """109 localities of one state."""
    rows = (f'"{10000 + n:05d}","{n % 100:02d}","ALABAMA","AREA {n}","COUNTY {n}"\n' for n in range(109))
    return '"mac","locality","state_name","fee_schedule_area","counties"\n' + "".join(rows)


@cache
def values() -> str:
    """17,100 rows."""
    codes = _codes(PROCEDURES.codes, 11_000, "2{:04d}") + [f"3{n:04d}" for n in range(6_100)]
    return VALUES_HEAD + "".join(f"{code},,SECRET,{VALUES_ROW}\n" for code in dict.fromkeys(codes))


@cache
def unit_limits() -> str:
    """12,100 limits, the shipped ones as they are."""
    known = {row.code: (row.mue, row.mai) for row in EDITS.starter_limits()}
    made = {f"{n:04d}T": (1, "3") for n in range(9_999)} | {f"{n:04d}M": (1, "3") for n in range(2_000)}
    rows = (
        f"{code},{limit},{mai},{_MAI[mai]},Nature of Service\n"
        for code, (limit, mai) in (made | known).items()
    )
    return "code,mue_value,mai,mai_text,rationale\n" + "".join(rows)


_MAI = {
    "1": "Line Edit",
    "2": "Date of Service Edit: Policy",
    "3": "Date of Service Edit: Clinical",
}


@cache
def add_ons() -> str:
    """More than 6,000 pairs, the shipped ones among them."""
    known = [(r.code, p, r.kind) for r in EDITS.starter_add_ons() for p in r.primaries]
    made = [(f"0{n:03d}T", "00001", "1") for n in range(999)] + [
        (f"1{n:04d}", "00002", "1") for n in range(6_000)
    ]
    head = "addon_code,primary_code,aoc_type,effective_date,deletion_date\n"
    return head + "".join(f"{a},{p},{k},2013-04-01,\n" for a, p, k in [*known, *made])


def pairs(rows: int = 500) -> str:
    """Part of a table of pairs in comma form; far from whole."""
    lines = [f"{a},{b},,1,1\n" for a, b in EDITS.starter_pairs()[:rows]]
    return "column1,column2,deletion_date,modifier_indicator,rationale_id\n" + "".join(lines)


def coverage() -> dict[str, str]:
    """An export of one article: 93306 and 93307, two covered groups, one non-covered code, one contractor."""
    head = {name: ",".join(columns) for name, columns in COLUMNS.items()}
    day = "2025-06-01 00:00:00"
    return {
        "article.csv": f"{head['article']}\n777,3,,Our own article,,2024-01-01 00:00:00,,,,,A,{day}\n",
        "article_x_hcpc_code.csv": f"{head['article_x_hcpc_code']}\n777,3,93306,,1,,{day}\n777,3,93307,,1,,{day}\n",
        "article_x_icd10_covered.csv": f"{head['article_x_icd10_covered']}\n777,3,I34.0,,1,,{day},1,x,\n"
        f"777,3,I35.0,,2,,{day},2,x,*\n",
        "article_x_icd10_covered_group.csv": f"{head['article_x_icd10_covered_group']}\n"
        f"777,3,1,<p>Codes 93306-93307. Z01.818 also.</p>,{day},\n777,3,2,&lt;p&gt;Only 93307&lt;/p&gt;,{day},\n",
        "article_x_icd10_noncovered.csv": f"{head['article_x_icd10_noncovered']}\n777,3,I10,,1,,{day},1,x\n",
        "article_x_contractor.csv": f"{head['article_x_contractor']}\n777,3,,09102,1,1,{day}\n",
    }


@cache
def guidelines() -> str:
    """The sections that the digest numbers, with one line of our own each, under a title page of the official form."""
    known = {s.id for s in load_digest() if s.in_force(date(2025, 10, 1))}
    wanted = {name for name in known if name.split(".")[0] in {"I", "II", "III", "IV"}}
    wanted |= {f"I.C.{chapter}.a.8" for chapter in range(1, 22)}
    return _laid_out(_filled(sorted(wanted)))


def _order(section: str) -> tuple[tuple[int, str], ...]:
    first, *rest = section.split(".")
    roman = ("I", "II", "III", "IV").index(first)
    return ((roman, ""), *((int(part), "") if part.isdigit() else (0, part) for part in rest))


def _filled(wanted: list[str]) -> list[str]:
    """All ids in order, with those before each one on its level and those above it."""
    out: set[str] = {"I", "II", "III", "IV"}
    for section in wanted:
        parts = section.split(".")
        for depth in range(2, len(parts) + 1):
            above, last = ".".join(parts[: depth - 1]), parts[depth - 1]
            out.update(f"{above}.{mark}" for mark in _up_to(last))
    return sorted(out, key=_order)


def _up_to(mark: str) -> list[str]:
    if mark.isdigit():
        return [str(n) for n in range(1, int(mark) + 1)]
    first = "A" if mark.isupper() else "a"
    return [chr(n) for n in range(ord(first), ord(mark) + 1)]


def _laid_out(ids: list[str]) -> str:
    title = "ICD-10-CM Official Guidelines for Coding and Reporting\nFY 2026\n(October 1, 2025 - September 30, 2026)\n"
    contents = [f"{_heading(i)} ........ 7" for i in ids if len(i.split(".")) <= 4]
    body = [f"{_heading(i)}\nthe words of {i} go here, all our own.\n" for i in ids]
    page = "ICD-10-CM Official Guidelines for Coding and Reporting\nFY 2026\nPage 6 of 121\n"
    return "\n".join([title, *contents, page, *body])


def _heading(section: str) -> str:
    parts = section.split(".")
    words = f"Heading of {' '.join(parts)}"
    forms = ("Section {}. ", "{}. ", "{}. ", "{}. ", "{}) ", "({}) ", "({}) ")
    return forms[len(parts) - 1].format(parts[-1]) + words
