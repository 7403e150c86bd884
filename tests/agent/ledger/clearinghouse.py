"""A simulated clearinghouse and payer: answers an 837P we sent with TA1, 999, 277CA or 835."""

from decimal import Decimal

from tools.claim.x12.interchange import Envelopes


class Sent:
    """What the clearinghouse reads in one interchange."""

    def __init__(self, text: str) -> None:
        self.transactions = list(Envelopes().transactions(text))
        isa = self.transactions[0].isa
        self.sender, self.receiver = isa.get(6).strip(), isa.get(8).strip()
        self.control, self.group = isa.get(13), self.transactions[0].gs.get(6)
        body = [s for t in self.transactions for s in t.segments]
        self.reference = next(s.get(3) for s in body if s.id == "BHT")
        self.claims = {s.get(1): Decimal(s.get(2)) for s in body if s.id == "CLM"}
        self.frequency = {s.get(1): s.parts(5)[2] for s in body if s.id == "CLM"}
        self.lines: dict[str, list[tuple[str, Decimal]]] = {}
        claim = ""
        for s in body:
            claim = s.get(1) if s.id == "CLM" else claim
            if s.id == "SV1":
                self.lines.setdefault(claim, []).append((s.parts(1)[1], Decimal(s.get(2))))


def _wrap(sent: Sent, functional: str, version: str, body: list[str], number: int) -> str:
    isa = (
        f"ISA*00*          *00*          *ZZ*{sent.receiver:<15}*ZZ*{sent.sender:<15}*261124*1200*^*00501*"
        f"{number:09d}*0*T*:"
    )
    kind = {"FA": "999", "HN": "277", "HP": "835"}[functional]
    lines = [
        isa,
        f"GS*{functional}*{sent.receiver}*{sent.sender}*20261124*1200*{number}*X*{version}",
        f"ST*{kind}*0001*{version}",
        *body,
        f"SE*{len(body) + 2}*0001",
        f"GE*1*{number}",
        f"IEA*1*{number:09d}",
    ]
    return "~\n".join(lines) + "~\n"


def ta1(sent: Sent, code: str = "A", note: str = "000") -> str:
    return (
        f"ISA*00*          *00*          *ZZ*{sent.receiver:<15}*ZZ*{sent.sender:<15}*261124*1200*^*00501*"
        f"000000700*0*T*:~TA1*{sent.control}*261124*1100*{code}*{note}~IEA*0*000000700~"
    )


def x999(sent: Sent, code: str = "A") -> str:
    body = [f"AK1*HC*{sent.group}*005010X222A1"]
    for transaction in sent.transactions:
        faults = [] if code == "A" else ["IK3*NM1*19*2010AA*8", "IK4*9*67*1"]
        reason = "*5" if code == "R" else ""
        body += [f"AK2*837*{transaction.segments[0].get(2)}*005010X222A1", *faults, f"IK5*{code}{reason}"]
    count = len(sent.transactions)
    body.append(f"AK9*{code}*{count}*{count}*{count if code == 'A' else 0}")
    return _wrap(sent, "FA", "005010X231A1", body, 801)


def x277(sent: Sent, rejected: dict[str, str] | None = None, number: int = 901) -> str:
    """``rejected``: claim id -> STC01 of the rejection."""
    body = [
        f"BHT*0085*08*CH{number}*20261124*1200*TH",
        "HL*1**20*1",
        "NM1*AY*2*CLEARING HOUSE*****46*CLEARING",
        "TRN*1*CH1",
        "DTP*050*D8*20261124",
        "DTP*009*D8*20261124",
        "HL*2*1*21*1",
        f"NM1*41*2*PRACTICE*****46*{sent.sender}",
        f"TRN*2*{sent.reference}",
        "STC*A1:19:PR*20261124*WQ*1",
        "HL*3*2*19*1",
        "NM1*85*2*PRACTICE*****XX*1234567893",
    ]
    for n, (claim, charge) in enumerate(sent.claims.items(), 4):
        code = (rejected or {}).get(claim)
        status = f"STC*{code}*20261124*U*{charge}" if code else f"STC*A2:20:PR*20261124*WQ*{charge}"
        body += [f"HL*{n}*3*PT", "NM1*QC*1*DOE*RITA****MI*X1", f"TRN*2*{claim}", status]
        body += [] if code else [f"REF*1K*ICN{claim[-4:]}"]
    return _wrap(sent, "HN", "005010X214", body, number)


def x835(
    sent: Sent,
    claims: list[str],
    denied: set[tuple[str, int]],
    trace: str = "EFT1",
    *,
    reversal: bool = False,
    reason: str = "50",
) -> str:
    """Pays every line of these claims in full but the denied ones (claim id, line from 1): CO-50 with N115."""
    total, body = Decimal(0), []
    for claim in claims:
        rows, paid = [], Decimal(0)
        for n, (code, charge) in enumerate(sent.lines[claim], 1):
            if (claim, n) in denied:
                rows += [f"SVC*HC:{code}*{charge}*0**1", f"CAS*CO*{reason}*{charge}", "LQ*HE*N115"]
            else:
                sign = -1 if reversal else 1
                rows += [f"SVC*HC:{code}*{sign * charge}*{sign * charge}**1"]
                paid += sign * charge
        status = "22" if reversal else "1"
        charge = -sent.claims[claim] if reversal else sent.claims[claim]
        body += [f"CLP*{claim}*{status}*{charge}*{paid}**12*ICN{claim[-4:]}*11*1", *rows]
        total += paid
    head = [
        f"BPR*I*{total}*C*ACH*CCP*01*999999999*DA*1*1512345678**01*999999992*DA*2*20261201",
        f"TRN*1*{trace}*1512345678",
        f"N1*PR*{sent.receiver}",
        "N1*PE*PRACTICE*XX*1234567893",
        "LX*1",
    ]
    return _wrap(sent, "HP", "005010X221A1", head + body, 951)
