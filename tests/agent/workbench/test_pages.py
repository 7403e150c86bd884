"""What the pages promise to every reader: contrast, labels, escaped text, words instead of raw values."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from agent.workbench.pages import Pages, money, plain, words

CSS = (files("agent.workbench") / "static" / "workbench.css").read_text(encoding="utf-8")
SCHEMES = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
TEXT_ON = [
    *(("ink", back) for back in ("paper", "card", "dx", "svc", "rej", "qry", "tint")),
    *(("soft", back) for back in ("paper", "card", "tint")),
    *(("accent", back) for back in ("paper", "card", "tint")),
    ("on-accent", "accent"),
    ("good", "good-bg"),
    ("warn", "warn-bg"),
    ("bad", "bad-bg"),
    ("warn", "paper"),
    ("bad", "card"),
]


def luminance(colour):
    parts = [c * 2 for c in colour] if len(colour) == 3 else [colour[i : i + 2] for i in (0, 2, 4)]
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in (int(part, 16) / 255 for part in parts)
    ]
    return sum(v * weight for v, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
@pytest.mark.parametrize(("text", "back"), TEXT_ON)
def test_text_stands_out_from_what_it_is_on(scheme, text, back):
    colours = dict(re.findall(r"--([\w-]+):#([0-9a-f]{3,6})", scheme))
    low, high = sorted(luminance(colours[name]) for name in (text, back))
    assert (high + 0.05) / (low + 0.05) >= 4.5


class Fields(HTMLParser):
    """Collects the fields of a page, its labels, landmarks, headings and ids."""

    def __init__(self):
        super().__init__()
        self.unlabelled, self.ids, self.landmarks, self.headings = [], [], [], []
        self._for, self._open = set(), 0
        self.fields = []

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.ids += [held["id"]] if "id" in held else []
        self.landmarks += [tag] if tag in {"main", "nav", "header", "aside"} else []
        self.headings += [tag] if tag in {"h1", "h2", "h3"} else []
        if tag == "label":
            self._open += 1
            self._for |= {held.get("for", "")}
        if tag in {"input", "select", "textarea"} and held.get("type") != "hidden":
            self.fields.append((held, self._open > 0))

    def handle_endtag(self, tag):
        self._open -= tag == "label"

    def without_label(self):
        return [
            held
            for held, inside in self.fields
            if not inside and "aria-label" not in held and held.get("id") not in self._for
        ]


@pytest.mark.parametrize("path", ["/signin", "/worklist", "/queries", "/audit", "case"])
def test_every_field_has_a_label_and_every_page_its_landmarks(visit, token, path):
    url = f"/case/{token('02-diabetes-heart-depression')}" if path == "case" else path
    visitor = visit() if path == "/signin" else visit("admin.north")
    page = Fields()
    page.feed(visitor.get(url).text)
    assert page.without_label() == []
    assert page.headings.count("h1") == 1
    assert "main" in page.landmarks
    assert len(page.ids) == len(set(page.ids)), "an id stands twice"


def test_what_comes_from_a_record_is_escaped():
    made = Pages().render("hits.html", {"hits": [{"code": "<b>", "display": '"><script>', "billable": True}]})
    assert "<script" not in made
    assert 'data-code="&lt;b&gt;"' in made


def test_a_value_that_is_missing_is_an_error_not_a_blank():
    with pytest.raises(UndefinedError):
        Pages().render("lease.html", {})


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (["E11.9", "I10"], "E11.9, I10"),
        ({"lines": ["99213"], "none": []}, "lines 99213"),
        (True, "yes"),
        ("a" * 64, "aaaaaaaaaaaa…"),
        ("a" * 63, "a" * 63),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_values_of_the_audit_read_as_words(value, read):
    assert words(value) == read


def test_money_and_numbers():
    assert (money(Decimal("1234.5")), money(None)) == ("$1,234.50", "–")
    assert (plain(Decimal("2.000")), plain(Decimal("10")), plain(1.5)) == ("2", "10", "1.5")
