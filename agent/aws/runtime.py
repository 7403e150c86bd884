"""What a warm function keeps: settings with their secrets, bookshelf, model, graph, table and checkpointer, opened once."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from agent.aws.clients import AwsError, aws_client, told
from agent.aws.place import S3Place, place_of
from agent.aws.table import DynamoStore
from agent.settings import Settings, load_settings

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from agent.batch.job import Sources
    from agent.session import Session


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One function's surroundings."""

    settings: Settings
    secrets: dict[str, str]
    store: DynamoStore
    out: S3Place

    @cached_property
    def session(self) -> "Session":
        """Bookshelf, model and graph (the slow part), made when first needed."""
        return _session(self)

    @contextmanager
    def sources(self, *, fhir: bool = False) -> "Iterator[Sources]":
        """Where encounters come from."""
        from agent.batch.job import Sources
        from agent.fhir import fetching

        folder = Path("/nonexistent")  # a function reads no local files
        with fetching(self.settings) if fhir else nullcontext() as fetch:
            yield Sources(folder=folder, fhir=fetch, region=self.settings.region)


@cache
def runtime() -> Runtime:
    """The surroundings from environment and secret, once per process.

    Raises:
        AwsError: SUPERBILL_OUT or SUPERBILL_TABLE is not set, or the secret can not be read.
    """
    settings = load_settings()
    if not settings.out or not settings.table:
        raise AwsError("SUPERBILL_OUT and SUPERBILL_TABLE must be set for the functions")
    out = place_of(settings.out, kms_key=settings.kms_key, region=settings.region)
    if not isinstance(out, S3Place):
        raise AwsError("SUPERBILL_OUT is no s3://bucket/prefix; mend it")
    secrets = read_secret(settings)
    return Runtime(
        settings=_with_secrets(settings, secrets),
        secrets=secrets,
        store=DynamoStore(settings.table, settings.region),
        out=out,
    )


def read_secret(settings: Settings) -> dict[str, str]:
    """The JSON object of the configured secret; empty when none is.

    Raises:
        AwsError: it can not be read, or is no JSON object of texts.
    """
    if not settings.secret:
        return {}
    with told("the secret"):
        found = aws_client("secretsmanager", settings.region).get_secret_value(SecretId=settings.secret)
    try:
        said = orjson.loads(found["SecretString"])
    except (KeyError, ValueError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(v, str) for v in said.values()):
        raise AwsError("the secret is no JSON object of texts; mend it")
    return said


def _with_secrets(settings: Settings, secrets: dict[str, str]) -> Settings:
    changes: dict[str, Any] = {}
    if "ledger" in secrets:
        changes["ledger"] = secrets["ledger"]
    if "fhir_token" in secrets and settings.fhir:
        changes["fhir"] = replace(settings.fhir, token=secrets["fhir_token"])
    return replace(settings, **changes)


@cache
def _opened(settings: Settings) -> Any:
    """Bookshelf and model: what does not depend on table or bucket."""
    from agent.policy import load_policy
    from agent.run import make_context

    return make_context(settings, policy=load_policy(settings.policy))


def _session(own: Runtime) -> "Session":
    from agent.graph import build_graph
    from agent.session import Session

    context = replace(_opened(own.settings), store=own.store)
    return Session(context=context, graph=build_graph(dynamo_checkpointer(own)))


def dynamo_checkpointer(own: Runtime) -> "BaseCheckpointSaver[str]":
    """Checkpoints in the same table; what is over DynamoDB's item size goes to the bucket of the outputs.

    Only records of the graph's state are read back, as with the SQLite saver.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph_checkpoint_aws import DynamoDBSaver

    from agent.run import state_types

    class Saver(DynamoDBSaver):  # type: ignore[misc] # the package ships no types
        serde: ClassVar[Any] = JsonPlusSerializer(allowed_msgpack_modules=state_types())

    saver: BaseCheckpointSaver[str] = Saver(
        table_name=own.store.table,
        region_name=own.settings.region,
        enable_checkpoint_compression=True,
        s3_offload_config={
            "bucket_name": own.out.bucket,
            "key_prefix": f"{own.out.prefix}/.checkpoints" if own.out.prefix else ".checkpoints",
        },
    )
    return saver
