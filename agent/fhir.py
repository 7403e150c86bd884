"""The FHIR server of the settings: opened, authenticated, and closed again."""

import random
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Literal

from agent.settings import FhirSettings, Settings, SettingsError

if TYPE_CHECKING:
    import httpx

    from tools.fhir.context_file import ContextFile
    from tools.fhir.rest import FhirClient, Patience
    from tools.fhir.rest.auth import Signer
    from tools.fhir.source import RawEncounter


Fetch = Callable[[str, "ContextFile | None"], "RawEncounter"]
"""Reads the encounter ``Encounter/<id>`` names, with what a person states beside it."""


@contextmanager
def fetching(settings: Settings) -> Iterator[Fetch | None]:
    """What reads encounters from the configured server; None where there is none.

    Raises:
        SettingsError: the server's authentication lacks something; InputError: its address can not be used.
    """
    if settings.fhir is None:
        yield None
        return
    with open_fhir(settings) as client:
        yield lambda reference, context: fetch_encounter(client, reference, settings, context)


@contextmanager
def open_fhir(
    settings: Settings,
    *,
    transport: "httpx.BaseTransport | None" = None,
    patience: "Patience | None" = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] | None = None,
    chance: Callable[[], float] = random.random,
) -> "Iterator[FhirClient]":
    """A client of the configured server.

    Args:
        settings: with ``fhir`` set.
        transport: where requests go instead of the network (tests).
        patience: how long to try.
        clock: seconds since 1970. ``sleep`` and ``chance`` are likewise for tests.
        sleep: waits.
        chance: between 0 and 1, for the jitter of the pauses.

    Raises:
        SettingsError: no server configured, or its authentication lacks something.
        InputError: the address can not be used.
    """
    import httpx

    from tools.fhir.rest import FhirClient, Patience, Wire
    from tools.fhir.rest.address import base_of

    given = settings.fhir
    if given is None:
        raise SettingsError("SUPERBILL_FHIR_URL is not set; give the base address of the FHIR server")
    base = base_of(given.url)
    patience = patience or Patience()
    with httpx.Client(
        transport=transport, timeout=patience.timeout, trust_env=False, verify=_trusted(given)
    ) as http:
        signer = _signer(given, settings, http, clock)
        wire = Wire(http, signer, patience=patience, clock=clock, sleep=sleep, chance=chance)
        yield FhirClient(base, wire)


def fetch_encounter(
    client: "FhirClient", reference: str, settings: Settings, context: "ContextFile | None" = None
) -> "RawEncounter":
    """The encounter ``Encounter/<id>`` with its patient's record as known today.

    Raises:
        FhirError: the record can not be read whole.
        AwsBusyError: the server could not do it now; batch and Lambda try such a member again later.
    """
    from agent.aws.clients import AwsBusyError
    from tools.fhir.rest import UnavailableError, fetch

    by: Literal["search", "everything"] = (
        "everything" if settings.fhir and settings.fhir.fetch == "everything" else "search"
    )
    today = date.today()  # noqa: DTZ011 # the coding date is the practice's calendar day
    try:
        return fetch(client, reference.removeprefix("Encounter/"), as_of=today, context=context, by=by)
    except UnavailableError as fault:
        raise AwsBusyError(str(fault)) from None


def _trusted(given: FhirSettings) -> "ssl.SSLContext":
    if given.ca is not None and not given.ca.is_file():
        raise SettingsError(f"SUPERBILL_FHIR_CA: {given.ca} is no file")
    return ssl.create_default_context(cafile=given.ca)


def _signer(
    given: FhirSettings, settings: Settings, http: "httpx.Client", clock: Callable[[], float]
) -> "Signer":
    from tools.fhir.rest.auth import Anonymous, Bearer

    if given.auth == "none":
        return Anonymous()
    if given.auth == "bearer":
        return Bearer(token=_needed(given.token, "SUPERBILL_FHIR_TOKEN", "bearer"))
    if given.auth == "smart":
        return _smart(given, http, clock)
    return _sigv4(settings, clock)


def _needed(value: str | None, name: str, auth: str) -> str:
    if value is None:
        raise SettingsError(f"SUPERBILL_FHIR_AUTH={auth} needs {name}")
    return value


def _smart(given: FhirSettings, http: "httpx.Client", clock: Callable[[], float]) -> "Signer":
    import httpx

    from tools.fhir.rest.address import is_loopback
    from tools.fhir.rest.auth import SmartBackend

    token_url = _needed(given.token_url, "SUPERBILL_FHIR_TOKEN_URL", "smart")
    parts = httpx.URL(token_url)
    if parts.scheme != "https" and not is_loopback(parts.host):
        raise SettingsError("SUPERBILL_FHIR_TOKEN_URL: give an https address")
    if given.key is None or not given.key.is_file():
        raise SettingsError("SUPERBILL_FHIR_AUTH=smart needs SUPERBILL_FHIR_KEY, a private key file (PEM)")
    return SmartBackend(
        client_id=_needed(given.client_id, "SUPERBILL_FHIR_CLIENT_ID", "smart"),
        key=given.key.read_bytes(),
        key_id=given.key_id,
        token_url=token_url,
        scope=given.scope,
        ask=lambda url, form: http.post(url, data=form),
        clock=clock,
    )


def _sigv4(settings: Settings, clock: Callable[[], float]) -> "Signer":
    import botocore.session

    from tools.fhir.rest.auth import SigV4

    credentials = botocore.session.get_session().get_credentials()
    if credentials is None:
        raise SettingsError(
            "SUPERBILL_FHIR_AUTH=sigv4: no AWS credentials found; configure a profile or role"
        )
    if settings.region is None:
        raise SettingsError("SUPERBILL_FHIR_AUTH=sigv4 needs AWS_REGION")
    return SigV4(credentials=credentials, region=settings.region, clock=clock)
