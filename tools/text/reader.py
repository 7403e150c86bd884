"""Reading a note: text in, sections, sentences and mentions out."""

from bisect import bisect_left
from typing import TYPE_CHECKING

from tools.text.assertion import judge, scopes_of
from tools.text.attributes import SiteCarrier, set_cause, set_mechanism, set_modifiers, set_side, set_trends
from tools.text.compose import Composer
from tools.text.draft import Draft, Scene
from tools.text.drugs import set_action, set_dose
from tools.text.events import set_event, set_given, set_plan, set_result, share_results
from tools.text.headers import HeaderFinder
from tools.text.infer import infer_sections
from tools.text.lexicon import lexicon_of
from tools.text.lines import split_lines
from tools.text.links import set_links
from tools.text.matcher import draft_of, find_hits
from tools.text.measures import dates, minutes_spent, vitals
from tools.text.people import line_relative, no_known_allergies, set_allergy, set_experiencer, set_use
from tools.text.records import Cue, Mention, ReadNote, Section, Sentence, Trend
from tools.text.sections import find_sections
from tools.text.sentences import find_sentences
from tools.text.signals import Signal, find_signals
from tools.text.temporal import set_time
from tools.text.tokens import tokenize

if TYPE_CHECKING:
    from knowledge.vocabulary import Vocabulary

_OPTIONAL = (
    "laterality",
    "site",
    "severity",
    "acuity",
    "trend",
    "cause",
    "value",
    "unit",
    "result",
    "dose",
    "route",
    "frequency",
    "prn",
    "action",
    "event",
    "here",
    "minutes",
    "purpose",
    "relative",
    "use",
    "label",
)


def set_scene(text: str, vocabulary: "Vocabulary") -> Scene:
    """Divide a note into tokens, lines, sections and sentences."""
    tokens = tokenize(text)
    lines = split_lines(text)
    sections = find_sections(text, lines)
    spans = find_sentences(text, lines, sections)
    starts = tokens.starts
    bounds = [(bisect_left(starts, span.start), bisect_left(starts, span.end)) for span in spans]
    if len(sections) == 1 and not sections[0].name:
        sections = infer_sections(text, spans, lines, tokens.norms, bounds) or sections
    kinds = [sections[span.section].kind for span in spans]
    scopes = [scopes_of(tokens.norms, low, high) for low, high in bounds]
    return Scene(text, tokens, lines, sections, spans, bounds, kinds, lexicon_of(vocabulary), scopes)


class _Reader:
    """The steps of reading one note, sentence by sentence."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.carrier = SiteCarrier(scene)
        self.by_sentence: list[list[Draft]] = []
        self.trends: list[Trend | None] = []

    def run(self) -> list[Draft]:
        """Return all drafts in order of place."""
        for sentence in range(len(self.scene.spans)):
            self.by_sentence.append(self._sentence(sentence))
        HeaderFinder(self.scene, self.by_sentence).run()
        for sentence, drafts in enumerate(self.by_sentence):
            self._spread_trend(sentence, drafts)
            set_links(self.scene, drafts)
        return [draft for drafts in self.by_sentence for draft in drafts]

    def _sentence(self, sentence: int) -> list[Draft]:
        scene = self.scene
        low, high = scene.bounds[sentence]
        signals = find_signals(scene.tokens.norms, low, high)
        measured = vitals(scene, sentence)
        hits = find_hits(scene, sentence)
        composer = Composer(scene, sentence, hits)
        composed = composer.compose()
        drafts = [*measured, *no_known_allergies(scene, sentence), *composed]
        taken = {at for draft in drafts for at in range(draft.first, draft.last)}
        plain = [draft_of(scene, hit, sentence) for hit in hits if hit.first not in taken]
        drafts += [draft for draft in plain if draft is not None]
        for draft in drafts:
            composer.place(draft)
        body = scene.spans[sentence].body
        drafts = [draft for draft in drafts if scene.tokens.starts[draft.first] >= body]
        drafts.sort(key=lambda draft: (draft.first, draft.last))
        self._judge(sentence, drafts)
        self.carrier.visit(sentence, composer.places, drafts)
        drafts = [draft for draft in drafts if draft.site is not None or not draft.bare]
        kept = self._describe(sentence, drafts, signals)
        self.trends.append(set_trends(scene, sentence, kept, signals))
        timed = minutes_spent(scene, sentence, signals) + dates(scene, sentence)
        kept += [t for t in timed if not any(t.first < d.last and d.first < t.last for d in kept)]
        kept.sort(key=lambda draft: (draft.first, draft.last))
        return kept

    def _judge(self, sentence: int, drafts: list[Draft]) -> None:
        scopes = self.scene.scopes[sentence]
        label = self.scene.spans[sentence].label
        relative = line_relative(self.scene, sentence)
        for draft in drafts:
            draft.label = label or None
            if draft.assertion != "present" or draft.kind == "vital":
                continue
            verdict = judge(scopes, draft.first, draft.last)
            draft.assertion = verdict.assertion
            draft.historical = verdict.temporality == "historical"
            draft.relative = verdict.relative
            draft.cues.extend(verdict.scopes)
            draft.verdict = verdict
            set_allergy(self.scene, draft)
            set_experiencer(self.scene, draft, relative)
            set_time(self.scene, draft)

    def _describe(self, sentence: int, drafts: list[Draft], signals: list[Signal]) -> list[Draft]:
        scene = self.scene
        _, high = scene.bounds[sentence]
        drugs = [d for d in drafts if d.kind == "medication"]
        kept: list[Draft] = []
        for number, draft in enumerate(drafts):
            following = drafts[number + 1].first if number + 1 < len(drafts) else high
            if draft.substance and not set_use(scene, draft, signals) and draft.kind == "social":
                continue
            if draft.kind == "medication":
                set_dose(scene, draft, following)
                set_action(scene, draft, signals, drugs)
                set_given(scene, draft, signals)
            elif draft.kind in {"test", "procedure"}:
                self._describe_test(draft, signals, following)
            elif draft.kind in {"problem", "status", "family"}:
                set_side(scene, draft)
                set_modifiers(scene, draft, signals)
                set_cause(scene, draft, drafts, signals)
                set_mechanism(draft, drafts)
                set_plan(scene, draft, signals)
            kept.append(draft)
        share_results(scene, kept)
        return kept

    def _describe_test(self, draft: Draft, signals: list[Signal], following: int) -> None:
        set_side(self.scene, draft)
        if draft.kind == "test":
            set_result(self.scene, draft, signals, following)
        set_event(self.scene, draft, signals)

    def _spread_trend(self, sentence: int, drafts: list[Draft]) -> None:
        """A trend said of no problem of its sentence ("This is well controlled") is the item's own."""
        trend = self.trends[sentence]
        label = self.scene.spans[sentence].label
        if trend is None or label in {"treatment", "education", "testing", "referral", "follow_up"}:
            return
        header = self.header_at(sentence, drafts)
        if header is not None and header.trend is None:
            header.trend = trend

    def header_at(self, sentence: int, drafts: list[Draft]) -> Draft | None:
        """Return the problem that heads this sentence."""
        if drafts:
            return drafts[0].header
        for before in range(sentence - 1, -1, -1):
            if self.scene.spans[before].section != self.scene.spans[sentence].section:
                return None
            if self.by_sentence[before]:
                return self.by_sentence[before][-1].header
        return None


def read(text: str, vocabulary: "Vocabulary") -> ReadNote:
    """Read a note: its sections, sentences and mentions, with exact offsets into the untouched text.

    Pure and linear in the length of the text; any text is accepted. Mentions carry concepts, never codes.
    """
    scene = set_scene(text, vocabulary)
    return _record(scene, _Reader(scene).run())


def _record(scene: Scene, drafts: list[Draft]) -> ReadNote:
    index = {id(draft): number for number, draft in enumerate(drafts)}
    sentences = tuple(
        Sentence(start=s.start, end=s.end, section=s.section, label=s.label) for s in scene.spans
    )
    mentions = tuple(_mention(scene, draft, index) for draft in drafts)
    return ReadNote(sections=scene.sections, sentences=sentences, mentions=mentions)


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
        "experiencer": "family" if draft.family else verdict.experiencer if verdict else "patient",
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
    return Cue(text=scene.text[start:end], start=start, end=end, kind=kind)
