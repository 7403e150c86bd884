"""Reviewers as programs: each signs in and works through the cases as the pages' own scripts would, with time to think."""

import asyncio
import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from html import unescape
from typing import Final

import httpx

from evals.benchmarks.servers import PASSWORD

PAGES: Final = ("worklist", "next", "case", "claim")
"""What a person waits for as a page; the rest are steps on it."""
_CASE: Final = re.compile(r'href="/case/([\w=-]+)" data-row')
_INPUT: Final = re.compile(r"<input\b[^>]*>")
_FIELD: Final = re.compile(r'\b(name|value)="([^"]*)"')
CSRF: Final = re.compile(r'name="csrf" content="([^"]+)"')
MARK: Final = re.compile(r'name="mark" value="(\w+)"')
_REFUSED: Final = 409
"""Somebody else was quicker: an answer, not an error."""

Form = dict[str, list[str]]


@dataclass
class Tally:
    """What all reviewers met: seconds by kind of request, errors, refusals, decisions."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def met(self, kind: str, seconds: float, status: int) -> None:
        """Count one answer."""
        self.seconds[kind].append(seconds)
        if status == _REFUSED:
            self.refused[kind] += 1
        elif status >= 400:
            self.errors.append(f"{kind}: status {status}")


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How reviewers work: seconds of thought between two steps, and how often they do what (0..1)."""

    think: tuple[float, float] = (1.0, 3.0)
    decide: float = 0.5
    reject: float = 0.15
    look_at_claim: float = 0.2
    search: float = 0.15


class Reviewer:
    """One person at one browser."""

    def __init__(self, name: str, address: str, tally: Tally, habits: Habits, seed: int) -> None:
        self._name, self._tally, self._habits = name, tally, habits
        self._draw = random.Random(seed)  # noqa: S311 - no secret
        self._client = httpx.AsyncClient(base_url=address, timeout=30, trust_env=False)
        self._csrf = ""

    async def work(self, door: asyncio.Semaphore, until: asyncio.Event) -> None:
        """Sign in, review until told to stop, go; an answer that breaks the work off is told as an error."""
        try:
            async with self._client:
                async with door:
                    await self._sign_in()
                while not until.is_set():
                    await self._round(until)
        except (httpx.HTTPError, LookupError) as error:
            self._tally.errors.append(f"{self._name}: {type(error).__name__} {error}")

    async def every_row(self) -> list[str]:
        """All cases of the worklist, page by page."""
        found: list[str] = []
        async with self._client:
            await self._sign_in()
            for page in range(10_000):
                text = (await self._post("further page", "/worklist", {"page": [str(page)]})).text
                found += _CASE.findall(text)
                if "Further page" not in text:
                    break
        return found

    async def _sign_in(self) -> None:
        form = await self._get("sign in", "/signin")
        given = {"name": self._name, "password": PASSWORD, "mark": one(MARK, form.text)}
        await self._send("sign in", "POST", "/signin", data=given)
        self._csrf = one(CSRF, (await self._get("worklist", "/worklist")).text)

    async def _round(self, until: asyncio.Event) -> None:
        """Look at the list, then take the next case after another as long as there are some and it goes on."""
        held = _CASE.findall((await self._get("worklist", "/worklist?status=held")).text)
        await self._think()
        if not held:
            return
        token: str | None = self._draw.choice(held)
        for _ in range(self._draw.randint(3, 8)):
            if token is None or until.is_set():
                return
            await self._case(token)
            token = await self._next(token)

    async def _next(self, token: str) -> str | None:
        answer = await self._get("next", f"/next?after={token}")
        _, case, coming = answer.headers.get("location", "").rpartition("/case/")
        return coming if case else None

    async def _case(self, token: str) -> None:
        page = await self._get("case", f"/case/{token}")
        taken = await self._post("lease", f"/case/{token}/lease", {})
        await self._think()
        if taken.status_code == _REFUSED:
            return
        form = form_of(page.text)
        if "line_units" in form:
            await self._post("preview", f"/case/{token}/preview", doubled(form))
            await self._think()
        await self._look_further(token)
        await self._decide(token, form)

    async def _look_further(self, token: str) -> None:
        if self._often(self._habits.look_at_claim):
            shown = await self._get("claim", f"/case/{token}/claim", {"x-fragment": "1"})
            if "/cms1500/0" in shown.text:
                await self._get("claim image", f"/case/{token}/cms1500/0")
            await self._think()
        if self._often(self._habits.search):
            await self._post("search", f"/case/{token}/search", {"text": ["knee pain"]})
            await self._think()

    async def _decide(self, token: str, form: Form) -> None:
        if not self._often(self._habits.decide) or not form["claim_sha256"][0]:
            await self._post("release", f"/case/{token}/release", {})
            return
        action = "reject" if self._often(self._habits.reject) else "approve"
        answer = await self._send(
            action,
            "POST",
            f"/case/{token}/{action}",
            data={**form, "csrf": [self._csrf], "reason": ["seen"]},
        )
        if answer.status_code == 303:
            self._tally.done[action] += 1
            await self._get("case", answer.headers["location"])
            await self._think()

    async def _get(self, kind: str, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self._send(kind, "GET", path, headers=headers or {})

    async def _post(self, kind: str, path: str, data: Form) -> httpx.Response:
        headers = {"x-csrf-token": self._csrf}
        if kind != "further page":
            headers["x-fragment"] = "1"
        return await self._send(kind, "POST", path, headers=headers, data=data)

    async def _send(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        data: "Form | dict[str, str] | None" = None,
    ) -> httpx.Response:
        began = time.perf_counter()
        answer = await self._client.request(method, path, headers=headers, data=data)
        self._tally.met(kind, time.perf_counter() - began, answer.status_code)
        return answer

    async def _think(self) -> None:
        await asyncio.sleep(self._draw.uniform(*self._habits.think))

    def _often(self, share: float) -> bool:
        return self._draw.random() < share


def form_of(page: str) -> Form:
    """The fields of the case page's form as a browser would send them."""
    inside = page.partition('<form id="coding-form"')[2].partition("</form>")[0]
    found: Form = defaultdict(list)
    for tag in _INPUT.findall(inside):
        said = dict(_FIELD.findall(tag))
        if "name" in said:
            found[said["name"]].append(unescape(said.get("value", "")))
    return found


def doubled(form: Form) -> Form:
    """What the pages' script sends for a preview when the units of the first line become 2."""
    sent = {k: v for k, v in form.items() if k.startswith(("dx_", "line_"))}
    return {**sent, "line_units": ["2", *form["line_units"][1:]]}


def one(pattern: re.Pattern[str], text: str) -> str:
    """What the page holds for its scripts.

    Raises:
        LookupError: it does not.
    """
    found = pattern.search(text)
    if found is None:
        raise LookupError("the page lacks what its scripts need")
    return found.group(1)
