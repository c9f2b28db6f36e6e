"""The report of an agreement study: whole, escaped, told in words, and without a word too many."""

from __future__ import annotations

import copy
import random
import re
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_nlp.agreement import AgreementStudy
from qa_nlp.agreement.report import report_html
from qa_nlp.agreement.report.charts import (
    bars,
    coverage_chart,
    distribution_chart,
    interval_chart,
    reliability_chart,
)
from qa_nlp.agreement.report.disagreement import disagreement_view
from qa_nlp.agreement.report.drawing import draw
from qa_nlp.agreement.report.glossary import GLOSSARY
from qa_nlp.agreement.report.parts import figure, probability, table
from qa_nlp.agreement.report.thresholds import THRESHOLDS
from qa_nlp.agreement.report.words import figure_words, number_words
from qa_nlp.agreement.verdicts.rules import Rules
from qa_nlp.errors import ArtifactError, MissingExtraError
from qa_nlp.grades import Grades
from tests.agreement.study_example import criterion, estimate, hostile, study

INJECTIONS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</title></svg><svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>here</a>",
    "{{ 7 * 7 }}{% raw %}",
    "--><!-- <b>\x00\x1b[2J",
    "\u202eevil\u2066 &lt;b&gt; ]]> \ud800",
)
VOID = {"meta", "link", "br", "input"}
SPOKEN_WORDS = ("So sorry to hear", "look at your account", "My parcel", "81 % of the words")


class Outline(HTMLParser):
    """The elements of a page, with their attributes and their text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, text))
        if tag not in VOID:
            self._open.append((tag, text))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1][0] == tag, f"{tag} closes {self._open[-1][0]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for _, text in self._open:
            text.append(data)

    def structure(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(attributes)) for tag, attributes, _ in self.elements]

    def texts(self, tag: str, **attributes: str) -> list[str]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            "".join(text)
            for name, found, text in self.elements
            if name == tag and wanted.items() <= found.items()
        ]

    def visible(self) -> str:
        return "".join(self.texts("body")).replace("".join(self.texts("script")), "")


@pytest.fixture(scope="module")
def page() -> str:
    return report_html(study())


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def without_script(page: str) -> str:
    return re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)


def test_report_is_small_when_it_has_twelve_criteria(page: str) -> None:
    assert len(page.encode()) < 2_000_000


def test_report_is_the_same_when_it_is_drawn_again() -> None:
    found = study(1)

    assert report_html(found) == report_html(copy.deepcopy(found))


def test_report_names_nothing_outside_itself(outline: Outline) -> None:
    links = [
        value
        for _, attributes, _ in outline.elements
        for name, value in attributes.items()
        if name in ("href", "src", "xlink:href", "action", "srcset", "data")
    ]

    assert [link for link in links if not link.startswith(("#", "data:,"))] == []


def test_report_loads_no_style_or_font_from_elsewhere(page: str) -> None:
    assert re.findall(r"url\(|@import|@font-face|https?://", page) == []


def test_report_leads_to_places_that_exist(outline: Outline) -> None:
    ids = [attributes["id"] for _, attributes, _ in outline.elements if "id" in attributes]
    asked = {
        target
        for _, attributes, _ in outline.elements
        for name in ("aria-labelledby", "aria-controls", "aria-describedby", "for")
        for target in attributes.get(name, "").split()
    }
    asked |= {
        attributes["href"][1:]
        for tag, attributes, _ in outline.elements
        if tag == "a" and attributes["href"].startswith("#")
    }

    assert len(ids) == len(set(ids))
    assert asked - set(ids) == set()


def test_report_has_landmarks_and_headings_in_order(outline: Outline) -> None:
    tags = [tag for tag, _, _ in outline.elements]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]

    assert [tags.count(tag) for tag in ("main", "nav", "h1")] == [1, 1, 1]
    assert levels[0] == 1
    assert outline.texts("a", class_="skip") == ["Skip to the answers"]


def test_report_names_every_table_and_every_head(outline: Outline) -> None:
    tags = [tag for tag, _, _ in outline.elements]

    assert tags.count("table") == tags.count("caption") > 20
    assert all(
        attributes.get("scope") in ("col", "row")
        for tag, attributes, _ in outline.elements
        if tag == "th"
    )


def test_report_tells_every_drawing_in_words(outline: Outline) -> None:
    drawings = [attributes for tag, attributes, _ in outline.elements if tag == "svg"]
    told = outline.texts("desc")

    assert len(drawings) == len(told) > 40
    assert all(attributes["role"] == "img" for attributes in drawings)
    assert all(re.search(r"\d", text) for text in told)


def test_report_answers_four_questions_first(outline: Outline) -> None:
    headings = ["".join(text) for tag, _, text in outline.elements if re.fullmatch(r"h[1-6]", tag)]

    assert headings[2:6] == [answer["question"] for answer in study()["answers"]]
    assert outline.texts("p", class_="sentence") == [
        answer["answer"] for answer in study()["answers"]
    ]


def test_report_names_the_criteria_that_the_machine_cannot_grade(outline: Outline) -> None:
    lists = [text for tag, found, text in outline.elements if found.get("class") == "lists"]

    assert "Fix the criterionEmpathy" in "".join(lists[0])


def test_report_shows_every_figure_with_its_interval(outline: Outline) -> None:
    shown = outline.texts("td", class_=" kappa")

    assert len(shown) == 12
    assert all(re.match(r"0\.\d\d \(0\.\d\d to 0\.\d\d\)", text) for text in shown)


def test_report_never_shows_a_missing_value_as_computers_write_it(outline: Outline) -> None:
    assert re.findall(r"\b(NaN|nan|None|null|inf)\b", outline.visible()) == []


def test_report_says_why_when_a_figure_is_undefined(outline: Outline) -> None:
    seen = outline.visible()

    for reason in (
        "too few conversations were graded by the same raters",
        "no conversation was graded twice on this criterion",
        "no interval from 4 groups of conversations",
        "only 12 groups of conversations: the interval is rough",
        "grades without a rater's name have no severity",
    ):
        assert reason in seen


def test_report_lists_every_exclusion_with_reason_and_count(outline: Outline) -> None:
    rows = [" ".join("".join(text).split()) for tag, _, text in outline.elements if tag == "tr"]

    assert any(re.search(r"^Grades ?no scorecard has this conversation ?41", row) for row in rows)
    assert any(re.search(r"^Scorecards ?used in calibration .* ?3 ?chat-0007", row) for row in rows)


def test_report_says_what_is_missing_and_what_it_needs(outline: Outline) -> None:
    assert "A field named age on each conversation" in outline.visible()


def test_report_shows_no_figure_of_a_group_that_is_protected(outline: Outline) -> None:
    rows = ["".join(text) for tag, _, text in outline.elements if tag == "tr"]
    small = [row for row in rows if row.startswith("Night shift")]

    assert len(small) == 12
    assert {re.sub(r"\d+", "", row) for row in small} == {"Night shiftTeamnot showna" + 5 * "–"}


def test_report_explains_every_figure_of_a_criterion() -> None:
    found = criterion(0, random.Random(1))
    keys = {*found["machine_human"], *found["human_human"]}

    assert keys - set(GLOSSARY) == set()
    assert all(entry.sentence.endswith(".") and entry.source for entry in GLOSSARY.values())


def test_report_shows_every_threshold_of_the_verdicts() -> None:
    own = Rules(smd=0.123)
    found = study(1)
    found["options"]["rules"] = own.to_dict()
    rows = ["".join(text) for tag, _, text in Outline(report_html(found)).elements if tag == "tr"]

    assert THRESHOLDS.keys() == own.to_dict().keys()
    assert "Standardised mean difference, either way at mostautomatic0.12" in rows


def test_report_says_what_people_are_and_how_many_intervals_miss(outline: Outline) -> None:
    seen = outline.visible()

    assert "compared with each rater in turn" in seen
    assert re.search(r"of the [\d,]+ of this study, expect about \d+ to miss it\.", seen)


def test_report_names_one_rater_when_that_is_the_reference() -> None:
    found = study(1)
    found["options"]["reference"] = "Iris"

    assert "compared with the grades by Iris alone" in Outline(report_html(found)).visible()


def test_report_adjusts_shares_of_errors_for_the_number_of_groups(outline: Outline) -> None:
    rows = ["".join(text) for tag, _, text in outline.elements if tag == "tr"]

    assert "TeamEmpathy<1 %0.2104 %<0.0010 %0.034" in rows
    assert "TeamEmpathySouthNorth\N{MINUS SIGN}0.04" in " ".join(rows)
    assert "of 6 tests, about 1 would be below 0.05" in outline.visible()


def test_degradation_of_a_share_is_in_points(outline: Outline) -> None:
    exact = [row for row in outline.texts("tr") if re.match(r"Exact agreement\d", row)]

    assert exact
    assert all(re.search(r" points \(.*\)$", row) for row in exact)


def test_report_gives_the_whole_advice_when_the_verdict_has_one() -> None:
    found = study(1)
    found["criteria"][0]["verdict"]["advice"] = "Check 16 %, with 1,000 conversations a month."
    seen = Outline(report_html(found)).visible()

    assert "Check 16 %, with 1,000 conversations a month." in seen
    assert "Spot checks:" not in seen


@pytest.mark.parametrize(("learnt", "told"), [(0, 0), (40, 12)])
def test_report_says_whose_the_evidence_is_when_the_machine_has_learnt(
    learnt: int, told: int
) -> None:
    found = study()
    found["data"]["in_calibration"] = learnt

    assert (
        Outline(report_html(found)).visible().count("Evidence is that of the grade in use") == told
    )


def test_probability_shows_its_side_of_a_twentieth() -> None:
    assert [probability(one).text for one in (0.0496, 0.0504, 0.05)] == [
        "0.0496",
        "0.0504",
        "0.050",
    ]


def test_report_marks_the_passage_and_masks_numbers(outline: Outline) -> None:
    assert "So sorry to hear about that" in outline.texts("mark")
    assert "My parcel ••••••••• has been late" in outline.visible()
    assert "4471" not in outline.visible()


def test_report_holds_no_word_of_a_conversation_when_asked_for_none() -> None:
    page = report_html(study(2), include_text=False)

    assert [words for words in SPOKEN_WORDS if words in page] == []
    assert "chat-0113" in page


def test_disagreement_masks_a_number_that_two_pieces_share() -> None:
    found = criterion(0, random.Random(1))["disagreements"][0]
    parts = [{"text": "It is 447", "marked": False}, {"text": "1092 here", "marked": True}]
    found["passages"] = [{"turn": 2, "role": "agent", "parts": parts}]

    view = disagreement_view(found, include_text=True)

    assert view.passages[0].pieces == (("It is •••", False), ("•••• here", True))


@pytest.mark.parametrize("words", INJECTIONS)
def test_report_keeps_its_structure_when_the_data_is_hostile(words: str) -> None:
    calm = Outline(report_html(hostile("calm")))

    page = report_html(hostile(words))

    assert drawn_apart(Outline(page)) == drawn_apart(calm)
    assert page.encode() == page.encode("utf-8", "strict")
    assert "\x00" not in page


def drawn_apart(outline: Outline) -> list[tuple[str, tuple[str, ...]]]:
    """Leave out the lines of drawings, whose number depends on how many names are the same."""
    drawn = {"g", "line", "path", "rect", "text", "tspan", "circle"}
    return [each for each in outline.structure() if each[0] not in drawn]


@settings(max_examples=20)
@given(words=st.text(min_size=1, max_size=40))
def test_report_shows_any_name_as_text(words: str) -> None:
    found = study(0)
    found["review"]["curve"] = []
    plain = Outline(report_html(found)).structure()
    found["title"] = found["raters"][0]["rater"] = words

    assert Outline(report_html(found)).structure() == plain


def test_report_is_whole_when_the_study_could_work_out_nothing() -> None:
    found = study(2)
    for key in ("sections", "raters", "drift", "length", "fairness", "missing"):
        found[key] = []
    found |= {"rubric": None, "counterfactuals": None, "total": {"reason": "no totals"}}
    found["review"] |= {"curve": [], "rows": [], "lift": None}
    found["data"] |= {"exclusions": [], "groups": [], "warnings": []}
    for each in found["criteria"]:
        emptied(each)

    seen = Outline(report_html(found)).visible()

    assert "There is no figure for the total: no totals." in seen
    assert "Nothing was left out." in seen
    assert seen.count("There is nothing to draw") == 3
    assert re.findall(r"\b(NaN|None|null)\b", seen) == []


def emptied(each: dict[str, Any]) -> None:
    nothing = estimate(None, reason="no conversation has grades of both")
    for part in ("machine_human", "human_human", "degradation"):
        each[part] = dict.fromkeys(each[part], nothing)
    each |= {"reliability": None, "applicability": None, "failures": None, "lift": None}
    each |= {"selective": [], "groups": [], "disagreements": [], "human_confusion": None}
    each["ceilings"] = {"reliability": None, "ideal": None, "human_like": None, "reason": None}
    each["verdict"] |= {"reasons": [], "needed": None, "spot_checks": None}


def test_report_is_drawn_when_a_study_of_tables_gives_the_figures() -> None:
    machine = [(f"c{at}", "needs_found", None, at % 3) for at in range(40)]
    people = [
        (f"c{at}", "needs_found", rater, (at + at // 7 * turn) % 3)
        for at in range(40)
        for turn, rater in enumerate(("Ana", "Ben"))
    ]
    made = AgreementStudy.from_tables(
        Grades.from_rows(machine), Grades.from_rows(people), rounds=100
    )

    seen = Outline(report_html(made.to_dict())).visible()

    assert "Needs found" in seen
    assert re.findall(r"\b(NaN|None|null)\b", seen) == []


def test_report_refuses_a_study_when_it_is_of_another_format() -> None:
    with pytest.raises(ArtifactError, match="format 2, and this version reads 1"):
        report_html(study(0) | {"format": 2})


def test_report_names_the_part_when_a_study_lacks_one() -> None:
    found = study(1)
    del found["criteria"][0]["verdict"]

    with pytest.raises(ArtifactError, match="lacks 'verdict'"):
        report_html(found)


def test_report_says_what_to_install_when_the_drawing_engine_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'qa_nlp\[report\]'"):
        report_html(study(1))


def test_drawing_lets_through_only_what_draws() -> None:
    point = {"x": 1, "u": "javascript:alert(1)", "t": "<script>alert(1)</script>"}
    spec = {
        "data": {"values": [point]},
        "mark": {"type": "text", "tooltip": True, "font": "url(x)"},
        "encoding": {"text": {"field": "t"}, "description": {"field": "t"}},
    }

    drawn = str(draw(spec, "a", "<b>", "say & do"))

    tags = set(re.findall(r"<(\w+)", drawn))
    names = set(re.findall(r' ([\w:-]+)="', drawn))
    assert tags <= {"svg", "title", "desc", "g", "path", "rect", "text"}
    assert {name for name in names if name.startswith(("on", "xlink", "xml", "href"))} == set()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn
    assert "font-family" not in drawn


def test_drawings_take_their_colours_from_the_page() -> None:
    chart = interval_chart("a", "Kappa", [("one", [estimate(0.5), estimate(0.6)])], "Kappa")

    assert chart is not None
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', chart.drawing))
    assert {colour for colour in colours if not colour.startswith("var(--")} <= {
        "none",
        "transparent",
    }


def test_interval_chart_tells_every_figure_and_why_one_is_undefined() -> None:
    rows = [("one", [estimate(0.5, 0.1)]), ("two", [estimate(None, reason="no grades")])]

    chart = interval_chart("a", "Kappa", rows, "Quadratic kappa")

    assert chart is not None
    assert "Quadratic kappa. one: 0.50 (0.40 to 0.60); two: undefined (no grades)." in chart.drawing


def test_charts_are_left_out_when_there_is_nothing_to_draw() -> None:
    nothing = estimate(None, reason="no grades")

    assert interval_chart("a", "A", [("one", [nothing, None])], "Kappa") is None
    assert coverage_chart("a", "A", [{"coverage": 1.0, "agreement": estimate(0.7)}]) is None
    assert reliability_chart("a", "A", [{"predicted": 0.5, "observed": 0.5, "n": 0}]) is None
    assert distribution_chart("a", "A", []) is None
    assert bars("a", "A", [("one", 0, "up")]) is None


def test_interval_chart_draws_a_row_for_each_name_when_names_are_the_same() -> None:
    rows = [("same", [estimate(0.2 + 0.1 * at)]) for at in range(5)]

    chart = interval_chart("a", "A", rows, "Kappa")

    assert chart is not None
    assert chart.drawing.count(">same<") == 5


@given(
    value=st.floats(-1, 1),
    kind=st.sampled_from(["plain", "points", "share", "signed"]),
)
def test_number_reads_without_a_sign_for_nothing(value: float, kind: Any) -> None:
    text = number_words(value, kind)

    assert "-" not in text
    assert not re.fullmatch(r"[+\N{MINUS SIGN}]0(\.0*)?( %)?", text)


def test_figure_leaves_the_interval_out_when_there_is_none() -> None:
    found = estimate(0.66, reason="no interval from 4 groups of conversations")

    cell = figure(found)

    assert (cell.text, cell.note) == ("0.66", "no interval from 4 groups of conversations")


@pytest.mark.parametrize("missing", [None, float("nan"), {"value": float("nan")}, {"value": None}])
def test_figure_is_undefined_with_a_reason_when_there_is_no_number(missing: Any) -> None:
    assert re.fullmatch(r"undefined \([a-z ]+\)", figure_words(missing))


def test_table_gives_equal_notes_the_same_letter() -> None:
    made = table(
        "t",
        "Kappa",
        ["level", "first", "second"],
        [["low", figure(None), figure(None)], ["high", figure(estimate(None, reason="few")), "x"]],
    )

    assert [cell.mark for row in made.rows for cell in row] == ["", "a", "a", "", "b", ""]
    assert made.notes == (("a", "it was not measured"), ("b", "few"))
