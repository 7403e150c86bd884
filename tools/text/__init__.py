"""Reading clinical text: sections, sentences, mentions and what is claimed of them; no codes."""

from tools.text.asserting import assert_concept
from tools.text.reader import read
from tools.text.records import Cue, Mention, ReadNote, Section, Sentence

__all__ = ["Cue", "Mention", "ReadNote", "Section", "Sentence", "assert_concept", "read"]
