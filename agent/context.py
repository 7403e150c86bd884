"""Context: what one run of the graph needs besides its state. ToolContext plus the model, limits, policy and places."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tools.context import ToolContext

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.aws.place import Place
    from agent.aws.table import DynamoStore
    from agent.policy import Policy
    from agent.store import Store
    from tools.checks import CheckPolicy
    from tools.fhir.source import RawEncounter


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one encounter may cost; hitting a limit holds it for a person.

    Attributes:
        turns: model turns, over all tries.
        repairs: times a claim with errors goes back to the coder.
        tokens: input plus output tokens.
        cost_usd: list-price cost of those tokens.
        seconds: wall-clock seconds in the code loop.
    """

    turns: int = 40
    repairs: int = 3
    tokens: int = 400_000
    cost_usd: Decimal = Decimal("2.00")
    seconds: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Context(ToolContext):
    """The whole surroundings of a run.

    Attributes:
        model: the chat model that codes; ``model_spec`` is how the user named it.
        policy: review policy (what is held and why).
        check_policy: levels and switches of the self-check.
        review: ``auto`` follows the policy, ``always`` holds all, ``never`` waives policy holds only.
        store: worklist, emissions, control numbers, audit; None for runs that keep nothing (evals).
        out: folder or S3 prefix that receives the outputs, None for none; ``pdf`` False leaves the CMS-1500 out.
        contact_phone: the billing office's telephone where the billing provider gives none.
        control_number: of this claim, from a block a batch reserved; None for the partner's next one.
        encounter: the encounter as it came in; None when the graph's input carries it as text.
    """

    model: "BaseChatModel"
    model_spec: str
    policy: "Policy"
    check_policy: "CheckPolicy"
    limits: Limits = field(default_factory=Limits)
    review: str = "auto"
    store: "Store | DynamoStore | None" = None
    out: "Place | None" = None
    pdf: bool = True
    tenant: str = "default"
    contact_phone: str | None = None
    control_number: int | None = None
    encounter: "RawEncounter | None" = None
