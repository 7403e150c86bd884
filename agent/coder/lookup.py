"""Looking conditions up: the provider's title and the concept, then again with the episode or the side that a code still needs."""

from collections.abc import Generator, Sequence

from agent.coder.candidates import Candidate
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.episode import episode, needs_episode

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], list[list[Json]]]
TITLE_WORTH = 0.60
TITLE_BONUS = 0.15
ANY_WORTH = 0.35
WORTH_MORE = 0.5
UNSPECIFIED = "unspecified"
NEARLY = 0.03
"""Scores this close are equal: the fuller wording, which comes first, is then the better one."""
NEEDS_SIDE = ("5th", "6th")
SIDES = frozenset({"left", "right"})


def look_up(case_candidates: Sequence[Candidate], extra: Sequence[str]) -> Stage:
    """For each candidate the hits to choose from (several when both sides are meant); then one result an extra query."""
    queries = [q for c in case_candidates for q in c.queries]
    if not queries and not extra:
        return []
    (found,) = yield (Ask(tool="search_codes", args={"queries": [*queries, *extra], "system": "icd10cm"}),)
    results = list(found.data.get("results", ()))
    best = _best_of_each(case_candidates, results)
    again = {
        n: _again(c, best[n]) for n, c in enumerate(case_candidates) if n < len(best) and _again(c, best[n])
    }
    hits: list[list[Json]] = [[r] for r in best]
    if again:
        asked = [q for queries in again.values() for q in queries]
        (more,) = yield (Ask(tool="search_codes", args={"queries": asked, "system": "icd10cm"}),)
        answers = iter(more.data.get("results", ()))
        for place, queries in again.items():
            hits[place] = [r for _, r in zip(queries, answers, strict=False)]
    return [*hits, *([r] for r in results[len(queries_of(case_candidates)) :])]


def queries_of(candidates: Sequence[Candidate]) -> list[str]:
    """Every query of the candidates, in order."""
    return [q for c in candidates for q in c.queries]


def _best_of_each(candidates: Sequence[Candidate], results: list[Json]) -> list[Json]:
    best = []
    place = 0
    for candidate in candidates:
        own = results[place : place + len(candidate.queries)]
        place += len(candidate.queries)
        best.append(_better(own) if own else {"hits": []})
    return best


def _better(own: list[Json]) -> Json:
    """The answer whose best hit scores most; the provider's whole title counts a little more when its hit is good."""
    scores = [_score(r) for r in own]
    if scores[0] >= TITLE_WORTH:
        scores[0] += TITLE_BONUS
    best = max(scores)
    chosen = next(n for n, score in enumerate(scores) if score >= best - NEARLY)
    fuller = (n for n in range(chosen) if scores[n] >= WORTH_MORE and _says_more(own[n], own[chosen]))
    return own[next(fuller, chosen)]


def _says_more(fuller: Json, plain: Json) -> bool:
    """The fuller wording finds a specified code where the plain one finds an unspecified one, or a code that lacks a character."""
    one, other = fuller["hits"][0], plain["hits"][0]
    if one["code"][:3] != other["code"][:3]:
        return False
    if not one["billable"]:
        return not other["billable"] and len(one["code"]) > len(other["code"])
    vague = UNSPECIFIED in str(other["display"]).lower() and UNSPECIFIED not in str(one["display"]).lower()
    return vague or (not other["billable"] and one["code"].startswith(other["code"]))


def _score(result: Json) -> float:
    hits = result.get("hits", ())
    return float(hits[0]["score"]) if hits else 0.0


def _again(candidate: Candidate, result: Json) -> list[str]:
    hits = result.get("hits", ())
    if not hits or hits[0]["score"] < ANY_WORTH or hits[0]["billable"]:
        return []
    query = str(result["query"])
    if needs_episode(result):
        return _both(candidate, f"{query} {episode(candidate.seen, candidate.told)}")
    if not any(part in str(hits[0].get("needs")) for part in NEEDS_SIDE):
        return []
    if candidate.bilateral:
        return _both(candidate, query)
    family = any(h["billable"] and h["code"].startswith(hits[0]["code"]) for h in hits)
    return [] if family else [f"{hits[0]['display']}, {_side(candidate)} side"]


def _side(candidate: Candidate) -> str:
    """The side that the record gives: a title of the tabular list takes it even where the clinician's term shares no word (I.B.13)."""
    return candidate.seen.laterality if candidate.seen.laterality in SIDES else UNSPECIFIED


def _both(candidate: Candidate, query: str) -> list[str]:
    if not candidate.bilateral:
        return [query]
    plain = query.replace("bilateral", "").replace("Bilateral", "").strip(" ,")
    return [f"right {plain}", f"left {plain}"]
