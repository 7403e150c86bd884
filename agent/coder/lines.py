"""A service line while it is being built."""

from collections.abc import Generator
from dataclasses import dataclass, replace

from agent.coder.case import Seen
from agent.coder.conversation import Answer, Ask, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Drug:
    """The national drug code of a line as the record writes it, with the quantity given and its unit (ML, ME for milligrams)."""

    ndc: str
    quantity: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A service that the record documents as done today by this practice.

    ``facts`` is what look_up_codes said of the code; ``modifiers`` are (code, why) in claim order; ``pointers``
    are diagnosis sequences, best first.
    """

    code: str
    seen: tuple[Seen, ...]
    rationale: str
    facts: Json
    units: int = 1
    modifiers: tuple[tuple[str, str], ...] = ()
    pointers: tuple[int, ...] = ()
    minutes: int | None = None
    is_em: bool = False
    said: str = ""
    drug: Drug | None = None

    @property
    def argument(self) -> Json:
        """As propose_claim takes it."""
        told = self.drug
        drug = {"ndc": told.ndc, "ndc_quantity": told.quantity, "ndc_unit": told.unit} if told else {}
        return {
            "code": self.code,
            "modifiers": [{"code": c, "why": w} for c, w in self.modifiers],
            "units": self.units,
            "pointers": list(self.pointers),
            "citations": [s.citation for s in self.seen],
            "rationale": self.rationale,
            "minutes": self.minutes,
            **drug,
        }

    def with_modifier(self, code: str, why: str) -> "Line":
        """The line with one more modifier (each once)."""
        if code in [c for c, _ in self.modifiers]:
            return self
        return replace(self, modifiers=(*self.modifiers, (code, why)))


def apart_from(code: str, visit: Line) -> str:
    """Why 25: the visit's own work beside the other service, with the problems that it dealt with as the record names them."""
    words = ", ".join(dict.fromkeys(str(s.text) for s in visit.seen))
    why = f"significant work of its own, documented apart from {code}"
    return f'{why}: "{words}"' if words else why


def facts_of(code: str, system: str = "cpt") -> Generator[tuple[Ask, ...], tuple[Answer, ...], Json]:
    """What look_up_codes says of a single code; empty when it does not know the code."""
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": [code], "system": system}),)
    return next((c for c in looked.data.get("codes", ()) if c.get("found")), {})
