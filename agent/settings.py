"""The only reader of the environment. Everything else receives its settings as arguments."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FhirSettings:
    """The FHIR server that encounters are read from.

    Attributes:
        url: base address (``SUPERBILL_FHIR_URL``).
        auth: ``none``, ``bearer``, ``smart`` or ``sigv4`` (``SUPERBILL_FHIR_AUTH``).
        token: bearer token (``SUPERBILL_FHIR_TOKEN``); never shown.
        client_id: SMART client (``SUPERBILL_FHIR_CLIENT_ID``); ``key`` its private key file
            (``SUPERBILL_FHIR_KEY``), ``key_id`` the key's id (``SUPERBILL_FHIR_KEY_ID``), ``token_url`` the token
            endpoint (``SUPERBILL_FHIR_TOKEN_URL``), ``scope`` what is asked for (``SUPERBILL_FHIR_SCOPE``).
        fetch: ``search`` or ``everything`` (``SUPERBILL_FHIR_FETCH``).
        ca: PEM file of the certificate authority (``SUPERBILL_FHIR_CA``), None for the system's.
    """

    url: str
    auth: str = "none"
    token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    key: Path | None = None
    key_id: str | None = None
    token_url: str | None = None
    scope: str = "system/*.read"
    fetch: str = "search"
    ca: Path | None = None


@dataclass(frozen=True, kw_only=True)
class KeySettings:
    """Where the key at rest comes from: ``file`` (``SUPERBILL_KEY_FILE``) or base64 ``text`` (``SUPERBILL_KEY``)."""

    file: Path | None = None
    text: str | None = field(default=None, repr=False)


def load_key_settings(environ: Mapping[str, str] | None = None) -> KeySettings:
    """Where the key at rest comes from; neither is set when nothing is encrypted.

    Raises:
        SettingsError: both are set.
    """
    env = os.environ if environ is None else environ
    file, text = (env.get(name, "").strip() for name in ("SUPERBILL_KEY_FILE", "SUPERBILL_KEY"))
    if file and text:
        raise SettingsError("SUPERBILL_KEY_FILE and SUPERBILL_KEY are both set; keep one")
    return KeySettings(file=Path(file).expanduser() if file else None, text=text or None)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment decides.

    Attributes:
        home: folder of the knowledge store, checkpoints and worklist (``SUPERBILL_HOME``).
        model: model spec used when none is named (``SUPERBILL_MODEL``, default ``rules``).
        tenant: practice whose claims these are (``SUPERBILL_TENANT``).
        policy: review policy file (``SUPERBILL_POLICY``), None for the built-in one.
        charge_master: CSV of the practice's charges (``SUPERBILL_CHARGES``), None for derived charges.
        charge_multiple: multiple of the fee schedule for derived charges (``SUPERBILL_CHARGE_MULTIPLE``).
        locality: Medicare locality as ``MAC-locality`` for geographic adjustment (``SUPERBILL_LOCALITY``).
        region: AWS region for Bedrock (``AWS_REGION`` or ``AWS_DEFAULT_REGION``).
        bedrock_endpoint: alternative Bedrock endpoint (``SUPERBILL_BEDROCK_ENDPOINT``), for VPC endpoints and tests.
        guardrail: Bedrock guardrail as ``id:version`` (``SUPERBILL_GUARDRAIL``).
        contact_phone: telephone of the billing office (``SUPERBILL_CONTACT_PHONE``) for claims whose billing
            provider gives none.
        ledger: ``postgresql://`` URL of the claims' ledger (``SUPERBILL_LEDGER``), None for the store folder.
        kms_key: KMS key of what is written to S3 (``SUPERBILL_KMS_KEY``), None for the bucket's own.
        out: ``s3://bucket/prefix`` for the outputs of the Lambda functions (``SUPERBILL_OUT``).
        table: DynamoDB table of worklist, emissions and checkpoints (``SUPERBILL_TABLE``).
        outbox: ``s3://bucket/prefix`` that receives interchanges to be sent (``SUPERBILL_OUTBOX``).
        event_bus: EventBridge bus that is told of completed encounters (``SUPERBILL_EVENT_BUS``).
        topic: SNS topic that is told (``SUPERBILL_TOPIC``).
        webhook: https:// address that is told (``SUPERBILL_WEBHOOK``), signed with ``webhook_key`` of the secret.
        secret: Secrets Manager secret, a JSON object (``SUPERBILL_SECRET``): ``webhook_key``, ``ledger``, ``fhir_token``.
        embeddings: what embeds the guidelines (``SUPERBILL_EMBEDDINGS``): ``local``, ``onnx``, ``bedrock:<model id>``, or
            ``knowledge-base:<id>`` to ask a Bedrock knowledge base instead.
        model_timeout: seconds to wait for a model's reply (``SUPERBILL_MODEL_TIMEOUT``).
        retention_days: days after which ``superbill purge`` deletes what is done with (``SUPERBILL_RETENTION_DAYS``), None
            for no limit.
        examples: coders may consult approved cases of the practice (``SUPERBILL_EXAMPLES``, on or off; default off).
        learned: folder of what was learned from approved cases (``SUPERBILL_LEARNED``; superbill train local), None for none.
        fhir: the FHIR server (``SUPERBILL_FHIR_*``), None without one.
        oidc: sign-in of the workbench by an OpenID Connect issuer (``SUPERBILL_OIDC``, a TOML file), None for local users.
    """

    home: Path
    model: str = "rules"
    tenant: str = "default"
    policy: Path | None = None
    charge_master: Path | None = None
    charge_multiple: str = "1.50"
    locality: str | None = None
    region: str | None = None
    bedrock_endpoint: str | None = None
    guardrail: str | None = None
    contact_phone: str | None = None
    ledger: str | None = None
    kms_key: str | None = None
    out: str | None = None
    table: str | None = None
    outbox: str | None = None
    event_bus: str | None = None
    topic: str | None = None
    webhook: str | None = None
    secret: str | None = None
    embeddings: str = "local"
    model_timeout: float = 120.0
    examples: bool = False
    retention_days: int | None = None
    learned: Path | None = None
    fhir: FhirSettings | None = None
    oidc: Path | None = None

    @property
    def contractor(self) -> str | None:
        """Number of the practice's Medicare contractor, the first part of its locality."""
        return self.locality.partition("-")[0] if self.locality else None


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment once; an empty variable counts as unset."""
    env = {k: v for k, v in (os.environ if environ is None else environ).items() if v.strip()}
    return Settings(
        home=_home(env),
        model=env.get("SUPERBILL_MODEL", "rules"),
        tenant=env.get("SUPERBILL_TENANT", "default"),
        policy=_path(env, "SUPERBILL_POLICY"),
        oidc=_path(env, "SUPERBILL_OIDC"),
        charge_master=_path(env, "SUPERBILL_CHARGES"),
        charge_multiple=env.get("SUPERBILL_CHARGE_MULTIPLE", "1.50"),
        locality=env.get("SUPERBILL_LOCALITY"),
        region=env.get("AWS_REGION", env.get("AWS_DEFAULT_REGION")),
        bedrock_endpoint=env.get("SUPERBILL_BEDROCK_ENDPOINT"),
        guardrail=env.get("SUPERBILL_GUARDRAIL"),
        contact_phone=env.get("SUPERBILL_CONTACT_PHONE"),
        ledger=env.get("SUPERBILL_LEDGER"),
        kms_key=env.get("SUPERBILL_KMS_KEY"),
        out=env.get("SUPERBILL_OUT"),
        table=env.get("SUPERBILL_TABLE"),
        outbox=env.get("SUPERBILL_OUTBOX"),
        event_bus=env.get("SUPERBILL_EVENT_BUS"),
        topic=env.get("SUPERBILL_TOPIC"),
        webhook=env.get("SUPERBILL_WEBHOOK"),
        secret=env.get("SUPERBILL_SECRET"),
        embeddings=env.get("SUPERBILL_EMBEDDINGS", "local"),
        model_timeout=_seconds(env, "SUPERBILL_MODEL_TIMEOUT", 120.0),
        examples=_switch(env, "SUPERBILL_EXAMPLES"),
        retention_days=_days(env, "SUPERBILL_RETENTION_DAYS"),
        learned=_path(env, "SUPERBILL_LEARNED"),
        fhir=_fhir(env),
    )


def _fhir(env: Mapping[str, str]) -> FhirSettings | None:
    if "SUPERBILL_FHIR_URL" not in env:
        return None
    return FhirSettings(
        url=env["SUPERBILL_FHIR_URL"],
        auth=_choice(env, "SUPERBILL_FHIR_AUTH", ("none", "bearer", "smart", "sigv4")),
        token=env.get("SUPERBILL_FHIR_TOKEN"),
        client_id=env.get("SUPERBILL_FHIR_CLIENT_ID"),
        key=_path(env, "SUPERBILL_FHIR_KEY"),
        key_id=env.get("SUPERBILL_FHIR_KEY_ID"),
        token_url=env.get("SUPERBILL_FHIR_TOKEN_URL"),
        scope=env.get("SUPERBILL_FHIR_SCOPE", "system/*.read"),
        fetch=_choice(env, "SUPERBILL_FHIR_FETCH", ("search", "everything")),
        ca=_path(env, "SUPERBILL_FHIR_CA"),
    )


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    found = env.get(name, allowed[0])
    if found not in allowed:
        raise SettingsError(f"{name} is one of {', '.join(allowed)}")
    return found


def _home(env: Mapping[str, str]) -> Path:
    home = Path(env["SUPERBILL_HOME"]).expanduser() if "SUPERBILL_HOME" in env else _default_home(env)
    if home.exists() and not home.is_dir():
        raise SettingsError(f"{home}: is a file; SUPERBILL_HOME takes a folder")
    return home


def _default_home(env: Mapping[str, str]) -> Path:
    base = Path(env["XDG_DATA_HOME"]) if "XDG_DATA_HOME" in env else Path.home() / ".local" / "share"
    return base / "superbill"


class SettingsError(Exception):
    """An environment variable holds a value that can not be used."""


def _switch(env: Mapping[str, str], name: str) -> bool:
    given = env.get(name, "off").strip().lower()
    if given not in {"on", "off"}:
        raise SettingsError(f"{name} takes on or off")
    return given == "on"


def _days(env: Mapping[str, str], name: str) -> int | None:
    given = env.get(name, "").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or int(given) == 0:
        raise SettingsError(f"{name} takes a whole number of days, 1 or more")
    return int(given)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(env.get(name, default))
    except ValueError as error:
        raise SettingsError(f"{name} is not a number of seconds") from error


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).expanduser() if name in env else None
