"""FHIR R4 records as facts: parse, resolve, and gather what is known of one encounter.

The record is only read here. It is never validated as a gate and never written out again; what we write
ourselves is validated where it is written.
"""

from tools.fhir.bundle import Bundle, Resource, read_bundle
from tools.fhir.context_file import ContextFile, context_of, read_context
from tools.fhir.errors import InputError
from tools.fhir.gather import gather
from tools.fhir.source import RawEncounter, choose_encounter

__all__ = [
    "Bundle",
    "ContextFile",
    "InputError",
    "RawEncounter",
    "Resource",
    "choose_encounter",
    "context_of",
    "gather",
    "read_bundle",
    "read_context",
]
