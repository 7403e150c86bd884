"""``superbill code Encounter/<id>``: an encounter of the FHIR server, coded like one of a file."""

import argparse
from pathlib import Path

from agent.cli.code import code_one, context_file, own_out
from agent.cli.errors import BY_STATUS
from agent.settings import load_settings


def is_remote(given: str) -> bool:
    """True for ``Encounter/<id>`` that is no file here."""
    from tools.fhir.rest import ENCOUNTER

    return ENCOUNTER.fullmatch(given) is not None and not Path(given).exists()


def run_remote(options: argparse.Namespace) -> int:
    """Read the encounter from the server, code it, write the claim back when asked.

    Raises:
        FhirError: the record can not be read whole, or the emitted claim not be written back.
    """
    from agent.fhir import fetch_encounter, open_fhir
    from agent.fhir_write import write_back

    own_id = str(options.input).removeprefix("Encounter/")
    out = own_out(options, own_id)
    settings = load_settings()
    with open_fhir(settings) as client:
        raw = fetch_encounter(client, options.input, settings, context_file(options.context))
        result = code_one(options, raw, own_id, out)
        if options.write_back and result.status == "emitted":
            write_back(client, result)
    return BY_STATUS[result.status]
