"""Reading a note: text in, sections, sentences and mentions out."""

from bisect import bisect_left
from typing import TYPE_CHECKING

from tools.text.assertion import judge, scopes_of
from tools.text.compose import Composer
from tools.text.draft import Draft, Scene
from tools.text.lexicon import lexicon_of
from tools.text.lines import split_lines
from tools.text.matcher import draft_of, find_hits
from tools.text.records import Cue, Mention, ReadNote, Section, Sentence
from tools.text.sections import find_sections
from tools.text.sentences import find_sentences
from tools.text.tokens import tokenize

if TYPE_CHECKING:
    from knowledge.vocabulary import Vocabulary

_OPTIONAL = (
    "laterality site severity acuity trend cause value unit result dose route frequency prn action event here minutes "
    "purpose relative use label"
).split()


def set_scene(text: str, vocabulary: "Vocabulary") -> Scene:
    """Divide a note into tokens, lines, sections and sentences."""
    tokens = tokenize(text)
    lines = split_lines(text)
    sections = find_sections(text, lines)
    spans = find_sentences(text, lines, sections)
    starts = tokens.starts
    bounds = [(bisect_left(starts, span.start), bisect_left(starts, span.end)) for span in spans]
    kinds = [sections[span.section].kind for span in spans]
    scopes = [scopes_of(tokens.norms, low, high) for low, high in bounds]
    return Scene(text, tokens, lines, sections, spans, bounds, kinds, lexicon_of(vocabulary), scopes)


def _drafts(scene: Scene, sentence: int) -> list[Draft]:
    hits = find_hits(scene, sentence)
    composed = Composer(scene, sentence, hits).compose()
    taken = {at for draft in composed for at in range(draft.first, draft.last)}
    plain = [draft_of(scene, hit, sentence) for hit in hits if hit.first not in taken]
    drafts = composed + [draft for draft in plain if draft is not None]
    drafts.sort(key=lambda draft: (draft.first, draft.last))
    return drafts


def _judge(scene: Scene, draft: Draft) -> None:
    verdict = judge(scene.scopes[draft.sentence], draft.first, draft.last)
    draft.assertion = verdict.assertion
    draft.historical = verdict.temporality == "historical"
    draft.relative = verdict.relative
    draft.cues.extend(verdict.scopes)
    draft.verdict = verdict


def read(text: str, vocabulary: "Vocabulary") -> ReadNote:
    """Read a note: its sections, sentences and mentions, with exact offsets into the untouched text.

    Pure and linear in the length of the text; any text is accepted. Mentions carry concepts, never codes.
    """
    scene = set_scene(text, vocabulary)
    drafts: list[Draft] = []
    for sentence in range(len(scene.spans)):
        drafts += _drafts(scene, sentence)
    for draft in drafts:
        _judge(scene, draft)
    return _record(scene, drafts)


def _record(scene: Scene, drafts: list[Draft]) -> ReadNote:
    index = {id(draft): number for number, draft in enumerate(drafts)}
    sentences = tuple(
        Sentence.model_construct(start=s.start, end=s.end, section=s.section, label=s.label)
        for s in scene.spans
    )
    mentions = tuple(_mention(scene, draft, index) for draft in drafts)
    return ReadNote.model_construct(sections=scene.sections, sentences=sentences, mentions=mentions)


def _mention(scene: Scene, draft: Draft, index: dict[int, int]) -> Mention:
    start, end = scene.tokens.starts[draft.first], scene.tokens.ends[draft.last - 1]
    section: Section = scene.sections[scene.spans[draft.sentence].section]
    verdict = draft.verdict
    values: dict[str, object] = {
        "text": scene.text[start:end],
        "start": start,
        "end": end,
        "kind": draft.kind,
        "concept": draft.concept,
        "assertion": draft.assertion,
        "temporality": "historical" if draft.historical else "recent",
        "experiencer": verdict.experiencer if verdict else "patient",
        "section": section.name,
        "section_kind": section.kind,
        "sentence": draft.sentence,
    }
    for name in _OPTIONAL:
        value = getattr(draft, name)
        if value:
            values[name] = value
    if draft.header is not None:
        values["problem_header"] = index[id(draft.header)]
    if draft.links:
        values["links"] = tuple(index[id(other)] for other in draft.links)
    if draft.cues:
        values["cues"] = tuple(
            _cue(scene, scope.cue_start, scope.cue_end, scope.kind) for scope in draft.cues
        )
    return Mention.model_validate(values)


def _cue(scene: Scene, first: int, last: int, kind: str) -> Cue:
    start, end = scene.tokens.starts[first], scene.tokens.ends[last - 1]
    return Cue.model_construct(text=scene.text[start:end], start=start, end=end, kind=kind)
