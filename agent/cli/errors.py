"""Exit codes, and the errors that are the user's to mend (one line, exit 2)."""

EXIT_OK = 0
EXIT_INTERNAL = 1
EXIT_INPUT = 2
EXIT_HELD = 3
EXIT_BLOCKED = 4

WORST_FIRST = (EXIT_INTERNAL, EXIT_INPUT, EXIT_BLOCKED, EXIT_HELD, EXIT_OK)
BY_STATUS = {"emitted": EXIT_OK, "held": EXIT_HELD, "rejected": EXIT_HELD, "blocked": EXIT_BLOCKED}


class UsageError(Exception):
    """The command can not be done as asked: what, where, what to do."""


def user_errors() -> tuple[type[Exception], ...]:
    """Every exception type whose message is meant for the user."""
    from agent.aws.clients import AwsError
    from agent.batch.errors import BatchError
    from agent.desk.errors import DeskError
    from agent.desk.source import SourceError
    from agent.ledger.states import LedgerError
    from agent.models import ModelSpecError
    from agent.models.registry import RegistryError
    from agent.settings import SettingsError
    from agent.store import StoreError
    from agent.submit.carrier import DeliveryError
    from agent.trace import TraceError
    from agent.vault import VaultError
    from agent.workbench.errors import UserError
    from knowledge.errors import KnowledgeError
    from tools.claim.errors import ClaimError, UnreadableClaim, X12Error
    from tools.fhir.errors import InputError

    return (
        UsageError,
        DeskError,
        SourceError,
        AwsError,
        BatchError,
        SettingsError,
        StoreError,
        LedgerError,
        DeliveryError,
        KnowledgeError,
        InputError,
        ModelSpecError,
        RegistryError,
        TraceError,
        ClaimError,
        UnreadableClaim,
        X12Error,
        UserError,
        VaultError,
    )


def one_line(error: BaseException) -> str:
    """The message of an error that is the user's to mend."""
    return " ".join(str(error).split())


def fault_line(error: BaseException) -> str:
    """Type and place of a fault, never its message or values: those may hold a patient's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"internal fault {type(error).__name__} at {place} (exit {EXIT_INTERNAL}); nothing was emitted"


def worst(codes: list[int]) -> int:
    """The exit code of many members: the worst in the order 1, 2, 4, 3, 0."""
    return min(codes, key=WORST_FIRST.index, default=EXIT_OK)
