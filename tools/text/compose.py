"""Problems composed of a body part and a head word: "right knee pain", "fracture of the left radius"."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.text.draft import Draft, Scene
from tools.text.lexicon import Entry, Head
from tools.text.matcher import Hit
from tools.text.records import Laterality
from tools.text.tables import word_set

SIDES: dict[str, Laterality] = {
    "left": "left",
    "lt": "left",
    "right": "right",
    "rt": "right",
    "bilateral": "bilateral",
    "bilaterally": "bilateral",
    "both": "bilateral",
    "b/l": "bilateral",
    "r": "right",
    "l": "left",
}


@dataclass(slots=True)
class _Place:
    first: int
    last: int
    site: str


def _anatomy(hit: Hit) -> Entry | None:
    return hit.of("anatomy") if all(e.source == "anatomy" for e in hit.entries) else None


class Composer:
    """Composes the problems of one sentence from its hits."""

    def __init__(self, scene: Scene, sentence: int, hits: list[Hit]) -> None:
        self.scene = scene
        self.sentence = sentence
        self.hits = hits
        self.norms: Sequence[str] = scene.tokens.norms
        self.low, self.high = scene.bounds[sentence]
        self.places = [(h.first, h.last, e.concept) for h in hits if (e := _anatomy(h))]
        self.by_end = {last: (first, site) for first, last, site in self.places}
        self.by_start = {first: (last, site) for first, last, site in self.places}

    def heads(self) -> list[tuple[int, int, Head]]:
        """Return the head words that no longer vocabulary term has taken."""
        taken = {at for h in self.hits if h.last - h.first > 1 for at in range(h.first, h.last)}
        found = self.scene.lexicon.heads.scan(self.norms, self.low, self.high)
        return [(a, b, head) for a, b, head in found if a not in taken]

    def before(self, at: int) -> _Place | None:
        """Return the body part (or parts) right before token ``at``: "right middle finger distal phalanx"."""
        end = at
        while (
            end > self.low
            and end > at - 3
            and end not in self.by_end
            and self.norms[end - 1] in word_set("fillers")
        ):
            end -= 1
        if end not in self.by_end:
            return None
        first, site = self.by_end[end]
        sites = [site]
        while first in self.by_end:
            first, site = self.by_end[first]
            sites.insert(0, site)
        return _Place(self._widen(first), end, " ".join(sites))

    def after(self, at: int) -> _Place | None:
        """Return the body part that a preposition after token ``at`` leads to: "pain in the right knee"."""
        if at >= self.high:
            return None
        position = at + 1
        if self.norms[at] not in word_set("prepositions"):
            if self.norms[at - 1] not in word_set("verb heads") or self.norms[at] not in word_set("linking"):
                return None
            position = at
        while (
            position < self.high
            and position not in self.by_start
            and self.norms[position] in word_set("linking")
        ):
            position += 1
        found = self.by_start.get(position)
        if found is None:
            return None
        last, site = found
        while last in self.by_start:
            last, more = self.by_start[last]
            site = f"{site} {more}"
        return _Place(at, last, site)

    def _widen(self, first: int) -> int:
        while first > self.low and self.norms[first - 1] in word_set("qualifiers"):
            first -= 1
        return first

    def compose(self) -> list[Draft]:
        """Return the composed problems; two body parts joined by "and" give two."""
        drafts: list[Draft] = []
        heads = self.heads()
        for number, (first, last, head) in enumerate(heads):
            place = self.before(first) or self.after(last) or self._shared(heads, number)
            if place is None:
                drafts += self._bare(first, last, head)
                continue
            draft = self._draft(first, last, head, place)
            drafts.append(draft)
            drafts += self._coordinated(draft, head)
        return drafts

    def place(self, draft: Draft) -> None:
        """Give a term of several words the body part that follows it: "degenerative joint disease of the right knee"."""
        if draft.kind != "problem" or draft.site or draft.last - draft.first < 2:
            return
        found = self.after(draft.last)
        if found is None:
            return
        draft.site = found.site
        draft.laterality = draft.laterality or side_in(self.norms, found.first, found.last)
        concept = draft.concept
        head = concept.rsplit(" ", maxsplit=1)[-1]
        names = [f"{concept} in {found.site}", f"{concept} of {found.site}", f"{found.site} {concept}"]
        if head in {"stone", "calculus"}:  # "kidney stone in the ureter" lies in the ureter
            names.append(f"{found.site} {head}")
        entry = self.scene.lexicon.problem(*names)
        if entry is not None:
            draft.concept, draft.entry = entry.concept, entry

    def _bare(self, first: int, last: int, head: Head) -> list[Draft]:
        """Return a head word that no table knows alone; it is kept only when its site is carried to it."""
        if not head.carry or any(hit.first <= first < hit.last for hit in self.hits):
            return []
        entry = Entry("problem", "", "", head.group)
        return [Draft(first, last, self.sentence, "problem", head.concept, entry, bare=True)]

    def _shared(self, heads: list[tuple[int, int, Head]], number: int) -> _Place | None:
        """Return the body part of the last head of a list: "swelling and erythema of the right shoulder"."""
        at = heads[number][1]
        for first, last, _ in heads[number + 1 :]:
            if first - at > 2 or any(word not in {"and", "or", ",", "/"} for word in self.norms[at:first]):
                return None
            place = self.after(last)
            if place is not None:
                return place
            at = last
        return None

    def _draft(self, first: int, last: int, head: Head, place: _Place) -> Draft:
        low, high = min(first, place.first), max(last, place.last)
        side = side_in(self.norms, low, high)
        concept, entry = name_composed(self.scene, head, place.site, side)
        if place.first > last:
            low, high = first, last
        return Draft(
            low, high, self.sentence, "problem", concept, entry, head=True, laterality=side, site=place.site
        )

    def _coordinated(self, draft: Draft, head: Head) -> list[Draft]:
        """Give "wrist" its own pain in "left wrist and hand pain"."""
        drafts: list[Draft] = []
        at = draft.first
        while at - 1 > self.low and self.norms[at - 1] in {"and", "or", "/", ","} and at - 1 in self.by_end:
            first, site = self.by_end[at - 1]
            first = self._widen(first)
            side = side_in(self.norms, first, at)
            concept, entry = name_composed(self.scene, head, site, side)
            drafts.append(
                Draft(
                    first,
                    draft.last,
                    self.sentence,
                    "problem",
                    concept,
                    entry,
                    head=True,
                    laterality=side,
                    site=site,
                )
            )
            if draft.laterality is None and side is not None:
                draft.laterality = side
                draft.concept, draft.entry = name_composed(self.scene, head, draft.site or "", side)
            at = first
        return drafts


def side_in(norms: Sequence[str], first: int, last: int) -> Laterality | None:
    """Return the side named among these tokens."""
    for at in range(first, last):
        side = SIDES.get(norms[at])
        if side is not None:
            return side
    return None


def name_composed(scene: Scene, head: Head, site: str, side: Laterality | None) -> tuple[str, Entry | None]:
    """Name a composed problem: the vocabulary's own term if it has one, else "pain in right knee"."""
    entry = scene.lexicon.problem(
        f"{site} {head.concept}",
        f"{head.concept} of {site}",
        f"{head.concept} in {site}",
        f"{head.concept} of the {site}",
    )
    if entry is not None:
        return entry.concept, entry
    where = f"{side} {site}" if side else site
    return f"{head.concept} {head.preposition} {where}", Entry("problem", "", "", head.group)
