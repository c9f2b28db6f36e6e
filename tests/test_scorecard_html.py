"""Scorecards as HTML: everything escaped and masked, highlights exact, nothing fetched."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa_nlp
from qa_nlp.display.formats import shown_words
from qa_nlp.scorecard import (
    Evidence,
    Grade,
    GradeStatus,
    Scorecard,
    SectionScore,
    TotalStatus,
)
from qa_nlp.scorecard_html import notebook_html, overview_html, page_html
from qa_nlp.transcript import Role, Transcript, Turn

GOLDEN = Path(__file__).parent / "golden" / "scorecard.html"
TEMPLATES = Path(qa_nlp.__file__).parent / "templates"
INJECTIONS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</p></li></ol></section><h1>Taken over</h1>",
    "<!-- --!><svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>here</a>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp; ]]><b>\x00\x1b[2J",
)
VOID = {"meta", "link", "br"}


class Outline(HTMLParser):
    """The elements of a page with the names of their attributes, and the text of some of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.structure: list[tuple[str, tuple[str, ...]]] = []
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.structure.append((tag, tuple(name for name, _ in attrs)))
        text: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, text))
        if tag not in VOID:
            self._open.append((tag, text))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1][0] == tag, "elements must nest"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for _, text in self._open:
            text.append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            "".join(text)
            for name, found, text in self.elements
            if name == tag and wanted.items() <= found.items()
        ]


def tiny_card() -> Scorecard:
    transcript = Transcript(
        "call-1",
        (
            Turn(Role.CUSTOMER, "My parcel 4471 0923 is late.", start=0.5, end=3.0),
            Turn(Role.AGENT, "So sorry about that, I will look now.", speaker="Ann", start=63.2),
        ),
        channel="voice",
        language="en",
        metadata={"agent_id": "A01", "csat": 4},
    )
    empathy = Grade(
        "empathy",
        GradeStatus.GRADED,
        level="good",
        probabilities={"poor": 0.002, "good": 0.748, "excellent": 0.25},
        expected=1.248,
        points=2.5,
        possible=4.0,
        contributions={"conduct.talk_share": -0.2, "phrase.apology": 1.5},
        evidence=(Evidence("phrase.apology", 1.5, 1, 3, 19, "sorry about that"),),
    )
    opening = Grade(
        "opening_words",
        GradeStatus.ABSTAINED,
        probabilities={"no": 0.5, "yes": 0.5},
        expected=0.5,
        points=0.5,
        possible=1.0,
        reason="both levels are likely",
        evidence=(
            Evidence("phrase.acknowledgement", -0.4, 1, 9, 36, "about that, I will look now"),
            Evidence("phrase.greeting", -0.3, note="searched in the first 3 turns: not found"),
        ),
    )
    return Scorecard(
        "call-1",
        "call-1",
        "support_call",
        "1.0",
        total=60.0,
        total_status=TotalStatus.PROVISIONAL,
        total_interval=(50.0, 70.0),
        total_without_critical=60.0,
        sections=(SectionScore("care", 60.0, 3.0, 5.0),),
        grades=(empathy, opening),
        fingerprint="0123456789abcdef",
        provenance={"encoder": "tiny"},
        metadata=transcript.metadata,
        channel="voice",
        language="en",
        turn_count=2,
        word_count=14,
        transcript=transcript,
    )


def card_saying(words: str) -> Scorecard:
    """Give a card that says the same words in every place which the outside world can fill."""
    evidence = tuple(
        Evidence(words, weight, turn, start, end, quote, words)
        for turn, start, end, quote, weight in (
            (0, 0, len(words), words, 1.0),
            (0, 1, 2, None, -1.0),
            (5, 1, 2, None, 1.0),
            (None, None, None, None, 0.0),
        )
    )
    grade = Grade(
        words,
        GradeStatus.GRADED,
        level=words,
        probabilities={words: 1.0},
        expected=1.0,
        points=1.0,
        possible=1.0,
        critical=True,
        reason=words,
        contributions={words: 1.0},
        evidence=evidence,
    )
    transcript = Transcript("t", (Turn(Role.AGENT, words, speaker=words),))
    return Scorecard(
        words,
        words,
        words,
        words,
        total=0.0,
        total_status=TotalStatus.FAILED,
        sections=(SectionScore(words, 1.0, 1.0, 1.0),),
        grades=(grade,),
        critical_failures=(words,),
        fingerprint=words,
        provenance={words: words},
        metadata={"agent_id": words, "team": [words], "queue": {words: words}},
        channel=words,
        language=words,
        started_at=words,
        turn_count=1,
        word_count=1,
        transcript=transcript,
    )


def error_card(reason: str = "turn 3 has no text; add one") -> Scorecard:
    return Scorecard("call-9", "call-9", "support_call", "1.0", error=reason)


@pytest.mark.parametrize("words", INJECTIONS)
def test_page_keeps_its_structure_when_any_place_holds_markup(words: str) -> None:
    harmless = Outline(page_html([card_saying("harmless"), error_card("harmless")]))

    hostile = Outline(page_html([card_saying(words), error_card(words)]))

    assert hostile.structure == harmless.structure


@pytest.mark.parametrize("words", INJECTIONS)
def test_notebook_forms_keep_their_structure_when_any_place_holds_markup(words: str) -> None:
    def outline(text: str) -> list[tuple[str, tuple[str, ...]]]:
        cards = [card_saying(text), error_card(text)]
        html = overview_html(cards) + "".join(notebook_html(card) for card in cards)
        return Outline(html).structure

    assert outline(words) == outline("harmless")


@pytest.mark.parametrize("words", INJECTIONS[:8])
def test_page_shows_the_words_themselves_when_they_are_markup(words: str) -> None:
    (shown,) = Outline(page_html([card_saying(words)])).texts("p", class_="words")

    assert shown == words


def test_page_is_the_golden_one_when_given_a_tiny_card() -> None:
    page = page_html([tiny_card()])
    page = re.sub(r"(<style>|<script>).*?(</)", r"\1…\2", page, flags=re.DOTALL)
    page = re.sub(r"sha256-[\w+/=]+", "sha256-…", page)
    if os.environ.get("QA_NLP_WRITE_GOLDEN"):
        GOLDEN.write_text(page, encoding="utf-8")

    assert page == GOLDEN.read_text(encoding="utf-8"), (
        "the page has changed; when that is meant, run this test with QA_NLP_WRITE_GOLDEN=1"
    )


def test_page_names_nothing_outside_itself_when_drawn() -> None:
    page = page_html([tiny_card(), error_card()])

    assert not re.search(r"https?:|//\w|@import|url\(|\bsrc=|srcset|<iframe|<object", page)
    links = re.findall(r"href=\"([^\"]*)\"", page)
    assert {link for link in links if not link.startswith("#")} == {"data:,"}


def test_page_links_lead_to_elements_when_cards_have_evidence() -> None:
    outline = Outline(page_html([tiny_card(), card_saying("words"), error_card()]))

    ids = [attributes["id"] for _, attributes, _ in outline.elements if "id" in attributes]
    labels = [a["aria-labelledby"] for _, a, _ in outline.elements if "aria-labelledby" in a]
    links = [a["href"][1:] for tag, a, _ in outline.elements if tag == "a"]
    assert len(ids) == len(set(ids))
    assert set(links) <= set(ids)
    assert {name for label in labels for name in label.split()} <= set(ids)


def test_page_allows_only_its_own_script_when_it_states_its_policy() -> None:
    page = page_html([tiny_card()])

    (policy,) = re.findall(r"Content-Security-Policy\" content=\"([^\"]*)\"", page)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/]{43}=';", policy)


def test_style_and_script_stay_small_when_put_together() -> None:
    sizes = [(TEMPLATES / name).stat().st_size for name in ("scorecard.css", "page.css", "page.js")]

    assert sum(sizes) < 25_000


def test_page_masks_words_when_the_card_does_not() -> None:
    private = "Write to ann@example.com or call 555 0142 77."
    transcript = Transcript("c", (Turn(Role.AGENT, private, speaker="ann@example.com"),))
    evidence = (
        Evidence("phrase.thanks", 1.0, 0, 0, 30, private),
        Evidence("phrase.greeting", 1.0, 0, 9, 24, None),
    )
    grade = Grade("closing", GradeStatus.GRADED, "good", {"good": 1.0}, evidence=evidence)
    card = Scorecard("c", "c", "demo", "1", grades=(grade,), transcript=transcript)

    for html in (
        page_html([card]),
        notebook_html(card),
        page_html([replace(card, transcript=None)]),
    ):
        assert "example.com" not in html
        assert "0142" not in html


@st.composite
def marked_turns(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
    place = st.integers(0, len(text))
    return text, draw(st.lists(st.tuples(place, place).map(sorted).map(tuple), max_size=6))  # type: ignore[arg-type]


@settings(max_examples=60)
@given(marked_turns())
def test_page_marks_exactly_the_evidence_when_spans_overlap(
    case: tuple[str, list[tuple[int, int]]],
) -> None:
    text, spans = case
    grades = tuple(
        Grade(
            f"criterion_{index}",
            GradeStatus.GRADED,
            "good",
            {"good": 1.0},
            evidence=(Evidence("phrase.thanks", 1.0, 0, start, end),),
        )
        for index, (start, end) in enumerate(spans)
    )
    transcript = Transcript("c", (Turn(Role.AGENT, text),))
    card = Scorecard("c", "c", "demo", "1", grades=grades, transcript=transcript)

    outline = Outline(page_html([card]))

    assert outline.texts("p", class_="words") == [shown_words(text)]
    for index, (start, end) in enumerate(spans):
        marked = [
            "".join(words)
            for tag, attributes, words in outline.elements
            if tag == "a" and "title" in attributes and f"{index}.0" in attributes["data-e"].split()
        ]
        assert "".join(marked) == shown_words(text)[start:end]


def test_page_says_where_evidence_lies_when_there_are_no_quotes_and_no_transcript() -> None:
    grade = Grade(
        "opening",
        GradeStatus.GRADED,
        "yes",
        {"no": 0.1, "yes": 0.9},
        evidence=(Evidence("phrase.greeting", 1.0, 4, 10, 32),),
    )
    card = Scorecard("c", "c", "demo", "1", total=90.0, grades=(grade,))

    for html in (page_html([card]), notebook_html(card)):
        assert "turn 4, characters 10-32" in html
        assert "<q" not in html


def test_page_looks_quotes_up_when_only_the_transcript_has_the_words() -> None:
    card = tiny_card()
    silent = tuple(
        replace(grade, evidence=tuple(replace(item, quote=None) for item in grade.evidence))
        for grade in card.grades
    )

    quotes = Outline(page_html([replace(card, grades=silent)])).texts("q")

    assert quotes == ["sorry about that", "about that, I will look now"]


def test_page_marks_nothing_when_evidence_points_outside_the_transcript() -> None:
    grade = Grade(
        "opening",
        GradeStatus.GRADED,
        "yes",
        {"yes": 1.0},
        evidence=(
            Evidence("phrase.greeting", 1.0, 9, 0, 4),
            Evidence("phrase.thanks", 1.0, 0, 50, 60),
        ),
    )
    transcript = Transcript("c", (Turn(Role.AGENT, "Hello"),))
    card = Scorecard("c", "c", "demo", "1", grades=(grade,), transcript=transcript)

    page = page_html([card])

    assert "<mark" not in page
    assert "turn 9, characters 0-4" in page


def test_page_shows_the_reason_twice_when_a_card_is_an_error() -> None:
    outline = Outline(page_html([error_card()]))

    assert outline.texts("span", class_="why")[0] == "turn 3 has no text; add one"
    assert outline.texts("p", class_="alert error") == ["No scorecard. turn 3 has no text; add one"]


def test_page_names_the_criterion_and_the_other_total_when_a_critical_one_failed() -> None:
    card = replace(
        tiny_card(),
        total=0.0,
        total_status=TotalStatus.FAILED,
        critical_failures=("opening_words",),
    )

    (alert,) = Outline(page_html([card])).texts("p", class_="alert failed")

    assert alert == (
        "Failed on a critical criterion: Opening words. Without that the total would be 60.0."
    )


def test_page_lets_text_find_its_own_direction_when_it_is_right_to_left() -> None:
    words = "مرحبا بك"
    outline = Outline(page_html([card_saying(words)]))

    directions = [a.get("dir") for _, a, text in outline.elements if "".join(text) == words]
    isolated = {
        tag for tag, a, text in outline.elements if "".join(text) == words and "dir" not in a
    }
    assert "auto" in directions
    assert "bdi" in isolated
    assert outline.texts("p", class_="words", dir="auto") == [words]


def test_page_shows_400_turns_and_those_with_evidence_when_there_are_100000() -> None:
    turns = [Turn(Role.AGENT, f"Line {index}.") for index in range(100_000)]
    evidence = (Evidence("phrase.thanks", 1.0, 70_000, 0, 4),)
    grade = Grade("closing", GradeStatus.GRADED, "good", {"good": 1.0}, evidence=evidence)
    card = Scorecard(
        "c", "c", "demo", "1", grades=(grade,), transcript=Transcript("c", tuple(turns))
    )

    outline = Outline(page_html([card]))

    assert len(outline.texts("li", class_="turn agent")) == 401
    assert outline.texts("p", class_="gap") == [
        "99,599 turns of 100,000 left out; all turns with evidence are shown."
    ]
    assert outline.texts("li", class_="gap") == ["69,600 turns left out", "29,999 turns left out"]


def test_page_gives_times_in_minutes_and_seconds_when_turns_have_them() -> None:
    assert Outline(page_html([tiny_card()])).texts("span", class_="time") == ["0:00", "1:03"]


def test_page_draws_an_empty_overview_when_there_are_no_cards() -> None:
    page = page_html(iter(()))

    assert Outline(page).texts("tbody") == ["\n"]


def test_overview_shows_50_rows_when_there_are_more() -> None:
    cards = [replace(tiny_card(), transcript_id=f"call-{index}") for index in range(60)]

    html = overview_html(cards)

    assert len(Outline(html).texts("th", scope="row")) == 50
    assert "The first 50 are shown" in html
    assert "call-50<" not in html


def test_notebook_form_has_no_script_when_a_card_has_everything() -> None:
    outline = Outline(notebook_html(tiny_card()) + overview_html([tiny_card()]))

    assert "script" not in {tag for tag, _ in outline.structure}


def test_notebook_form_is_the_same_when_drawn_again() -> None:
    assert tiny_card()._repr_html_() == tiny_card()._repr_html_()


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "muted", "accent") for ground in ("paper", "ground")),
        ("ink", "up-bg"),
        ("ink", "down-bg"),
        ("ink", "both-bg"),
        ("muted", "up-bg"),
        ("muted", "down-bg"),
        ("muted", "both-bg"),
        ("fail", "fail-bg"),
        ("fail", "paper"),
        ("paper", "fail"),
        ("warn", "warn-bg"),
    ],
)
def test_colours_reach_wcag_aa_when_text_stands_on_them(ink: str, ground: str, scheme: int) -> None:
    style = (TEMPLATES / "scorecard.css").read_text(encoding="utf-8")
    pairs = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", style))

    dark, light = sorted(_luminance(pairs[name].split(", ")[scheme]) for name in (ink, ground))

    assert (light + 0.05) / (dark + 0.05) >= 4.5  # W3C, WCAG 2.2, success criterion 1.4.3


def test_headings_never_skip_a_level_when_a_page_is_outlined() -> None:
    outline = Outline(page_html([tiny_card(), error_card()]))

    levels = [int(tag[1]) for tag, _ in outline.structure if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


def test_page_of_a_calibrated_card_says_how_sure_it_is_and_how_far_it_is_used() -> None:
    card = tiny_card()
    moved = {"text.whole": 0.5, "phrase.apology (not measured)": -0.25}
    grade = replace(
        card.grades[0], calibrated=True, level_set=("good", "excellent"), contributions=moved
    )
    card = replace(card, grades=(grade,), fold=2, total_out_of_fold=57.125)

    page = " ".join("".join(Outline(page_html([card])).texts("body")).split())

    assert "2.5 of 4 points · calibrated · 9 of 10 raters would say good or excellent" in page
    assert "wording of the whole conversation+0.50" in page
    assert "phrase.apology, which could not be measured−0.25" in page
    assert "Calibrated on human grades. Used in calibration; figures use its out-of-fold" in page
    assert "no human grades" not in page


@pytest.mark.parametrize("sure", [("good",), ()])
def test_page_names_no_set_of_levels_where_it_holds_at_most_one(sure: tuple[str, ...]) -> None:
    card = tiny_card()
    grade = replace(card.grades[0], calibrated=True, level_set=sure)

    page = page_html([replace(card, grades=(grade, card.grades[1]))])

    assert "raters would say" not in page
    assert "1 of 2 grades are calibrated on human grades." in page
