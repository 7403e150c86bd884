"""Changing a proposal by small operations: ``read_edits`` parses them, ``apply_edits`` applies them."""

from tools.amend.apply import apply_edits
from tools.amend.edits import Edit, EditError, Quote, read_edits

__all__ = ["Edit", "EditError", "Quote", "apply_edits", "read_edits"]
