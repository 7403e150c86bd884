"""AWS HealthScribe: run a job on a recording, read its output, keep the way from every word to its segment."""

from tools.healthscribe.evidence import with_segments
from tools.healthscribe.reading import is_clinical_document, read_healthscribe

__all__ = ["is_clinical_document", "read_healthscribe", "with_segments"]
