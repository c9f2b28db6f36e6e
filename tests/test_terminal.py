"""What a terminal shows: every word of a card, and nothing that could do more than be read."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from qa_nlp.calibration.summary import CalibrationSummary, CriterionSummary
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard, TotalStatus
from qa_nlp.terminal import calibration_view, card_view, console, overview, plain
from tests.builders import full_card, scorecards

CARD = full_card()
ERROR = Scorecard("c2", "c2", "demo", "1.0", error="the transcript has no words")
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def shown(renderable: RenderableType, width: int = 100) -> str:
    screen = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    screen.print(renderable)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def words(renderable: RenderableType, width: int = 100) -> str:
    """Give what is shown without the places where it is wrapped."""
    return " ".join(shown(renderable, width).split())


def card_of(levels: Sequence[str], identifier: str = "c1") -> Scorecard:
    """Build a card with one criterion for each level; a level is worth points by its name."""
    points = {"poor": 0.0, "fair": 0.5, "good": 1.0}
    grades = tuple(
        Grade(f"criterion_{n}", GradeStatus.GRADED, level, points=points[level], possible=1.0)
        for n, level in enumerate(levels)
    )
    return Scorecard(
        identifier, "g", "demo", "1", 50.0, total_status=TotalStatus.FINAL, grades=grades
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mb", "a·[31mb"),
        ("a\x9b31mb", "a·31mb"),
        ("\x1b]0;title\x07", "·]0;title·"),
        ("abc\rX", "abc X"),
        ("a\b\x7fb", "a··b"),
        ("one\ntwo\u2028three\tfour", "one two three four"),
        ("user\u202egpj.exe", "user·gpj.exe"),
        ("\u2066hidden\u2069", "·hidden·"),
        ("שלום 🙂 naïve", "שלום 🙂 naïve"),
        (42, "42"),
    ],
)
def test_plain_takes_out_what_steers_a_terminal(text: object, expected: str) -> None:
    assert plain(text) == expected


@given(st.text())
def test_plain_keeps_the_length_and_leaves_nothing_that_steers(text: str) -> None:
    shown_text = plain(text)

    assert len(shown_text) == len(text)
    assert not STEERING.search(shown_text)
    assert "\n" not in shown_text


@given(scorecards)
def test_card_view_lets_nothing_through_that_steers_a_terminal(card: Scorecard) -> None:
    assert not STEERING.search(shown(card_view(card)))


@given(st.lists(scorecards, max_size=3), st.integers(40, 200))
def test_overview_lets_nothing_through_that_steers_a_terminal(
    cards: list[Scorecard], width: int
) -> None:
    scored = [replace(card, error=None) for card in cards]
    errors = [card for card in cards if card.error is not None]

    assert not STEERING.search(shown(overview(scored, errors, width=width), width))


def test_card_view_shows_total_grades_reasons_and_evidence() -> None:
    text = words(card_view(CARD))

    assert text.startswith("c1 demo 1.0, chat, en, 2 turns total 62.5 provisional")
    assert "between 29.2 and 95.8 once a person has looked" in text
    assert "failed on identity (otherwise 62.5)" in text
    assert "opening good poor 0.12 good 0.88 +1.25" in text
    assert "+1.25 phrase.greeting turn 0 “Hello” (said with probability 0.97)" in text
    assert "-0.50 conduct.turns (2 turns)" in text
    assert "identity abstained no 0.50 yes 0.50 calibrated none of its signals could be" in text
    assert "hold N/A asked only on voice; this is chat" in text


def test_card_view_says_on_what_the_grades_rest() -> None:
    uncalibrated = replace(CARD, grades=tuple(replace(g, calibrated=False) for g in CARD.grades))

    assert "1 of 2 grades are calibrated on human grades. Fingerprint 0123" in words(
        card_view(CARD)
    )
    assert "no human grades have informed it" in words(card_view(uncalibrated))
    assert "calibrated" not in words(card_view(uncalibrated))


def test_card_view_of_a_calibrated_card_says_which_levels_are_likely_and_how_far_it_is_used() -> (
    None
):
    grade = replace(
        CARD.grades[0], calibrated=True, level_set=("poor", "very_good"), critical=False
    )
    card = replace(
        CARD,
        grades=(grade,),
        critical_failures=(),
        total_status=TotalStatus.FINAL,
        fold=3,
        total_out_of_fold=58.25,
    )

    text = words(card_view(card))

    assert "good 0.88 calibrated 9 of 10 raters would say poor or very good" in text
    assert "final, 9 of 10 people's totals would lie between 29.2 and 95.8" in text
    assert "Used in calibration; figures use its out-of-fold grades (total 58.2)." in text
    assert "no human grades" not in text


def test_card_view_names_contributions_that_have_no_words_of_their_own() -> None:
    silent = {
        "text.whole": 0.5,
        "phrase.hold (not measured)": -0.25,
        "conduct.turns": -0.5,
        "tone.mean": 0.01,
    }
    card = replace(CARD, grades=(replace(CARD.grades[0], contributions=silent),))

    assert (
        "also: +0.50 wording of the whole conversation; -0.25 phrase.hold, which could not be "
        "measured From" in words(card_view(card))
    )


def learnt_row(name: str, severities: dict[str, float], **changed: Any) -> CriterionSummary:
    row = CriterionSummary(
        *(name, 100, 200, len(severities), 0.5, 0.6, 0.4, 0.55, 2.25, 0.91, 0.125),
        *("signals", 1.0, severities),
    )
    return replace(row, **changed)


def test_calibration_view_shows_before_and_after_and_what_the_figures_mean() -> None:
    untouched = learnt_row(
        "hold_use",
        {},
        exact_after=None,
        kappa_after=None,
        levels_in_set=None,
        abstained=None,
        learnt_from="too few grades",
    )
    summary = CalibrationSummary((learnt_row("empathy", {}), untouched), 100, 20.4)

    text = words(calibration_view(summary), 110)

    assert "empathy 100 50% 60% 0.40 0.55 2.2 12%" in text
    assert "hold use 100 50% – 0.40 – – –" in text
    assert "Too few grades to learn hold_use" in text
    # 1.96 × √(0.25 ÷ 100) = 9.8 points
    assert "known to about ±10 points" in text
    assert "within 20 points" in text


def test_calibration_view_says_how_strict_each_rater_is_the_farthest_first() -> None:
    rows = (
        learnt_row("empathy", {"Ana": 0.5, "Ben": -0.05, "Cy": -1.5, "Di": -0.3}),
        learnt_row("closing_words", {"Ana": 0.7, "Ben": 0.05, "Cy": -1.1, "Di": -0.1}),
    )

    lines = shown(calibration_view(CalibrationSummary(rows, 100, None)), 140).splitlines()

    told = lines[lines.index("raters") + 1 :]
    assert [line.rstrip() for line in told[:4]] == [
        "Cy is much more lenient than the average rater (-1.30 logits on average; most on empathy, "
        "-1.50)",
        "Ana is stricter than the average rater (+0.60 logits on average; most on closing words, "
        "+0.70)",
        "Di is a little more lenient than the average rater (-0.20 logits on average; most on "
        "empathy, -0.30)",
        "Ben is about as strict as the average rater (+0.00 logits on average; most on empathy, "
        "-0.05)",
    ]


def test_calibration_view_of_a_single_rater_says_nothing_of_strictness() -> None:
    summary = CalibrationSummary((learnt_row("empathy", {"Ana": 0.0}),), 100, None)

    assert "Ana" not in words(calibration_view(summary))


def test_calibration_view_lets_no_name_steer_the_terminal() -> None:
    rows = (learnt_row("empathy", {"[2J": 0.5, "‮eb": -0.5}),)

    assert not STEERING.search(shown(calibration_view(CalibrationSummary(rows, 100, None))))


def test_card_view_gives_the_reason_when_there_are_no_grades() -> None:
    assert words(card_view(ERROR)).endswith("not scored: the transcript has no words")


def test_card_view_of_a_card_without_quotes_still_names_the_turns() -> None:
    evidence = tuple(replace(item, quote=None) for item in CARD.grades[0].evidence)
    card = replace(CARD, grades=(replace(CARD.grades[0], evidence=evidence),))

    text = words(card_view(card))

    assert "phrase.greeting turn 0 (said" in text
    assert "“" not in text


def test_overview_gives_every_card_a_row_with_its_levels() -> None:
    lines = shown(overview([CARD, card_of(["good"], "c9")])).splitlines()

    assert [line.split()[:2] for line in lines[1:]] == [["c1", "62.5"], ["c9", "50.0"]]
    assert lines[0].split() == [
        *("transcript", "total", "status"),
        *("opening", "identity", "hold", "criterion", "0"),
    ]
    assert lines[1].split()[2:] == ["provisional", "good", "abstained", "N/A"]


def test_overview_names_the_weak_points_where_the_levels_do_not_fit() -> None:
    card = card_of(["good", "poor", "fair", "poor", *["good"] * 20])

    text = words(overview([card], width=80), 80)

    assert "weak points" in text
    assert text.endswith("c1 50.0 final criterion 1, criterion 3")


def test_overview_lists_what_could_not_be_scored_below_the_table() -> None:
    placed = replace(ERROR, transcript_id="calls.jsonl:3", error="calls.jsonl:3: cut off")

    lines = shown(overview([CARD], [ERROR, placed])).splitlines()

    assert [line.strip() for line in lines[-3:]] == [
        "not scored",
        "c2: the transcript has no words",
        "calls.jsonl:3: cut off",
    ]


def test_overview_without_any_scorecard_lists_only_errors() -> None:
    assert words(overview([], [ERROR])) == "not scored c2: the transcript has no words"


def test_overview_cuts_an_endless_id_and_keeps_the_total() -> None:
    lines = shown(overview([card_of(["good"], "x" * 100_000)], width=80), 80).splitlines()

    assert max(map(len, lines)) <= 80
    assert "… " in lines[-1]
    assert "50.0" in lines[-1]


@pytest.mark.parametrize("text", ["[bold]x[/bold]", ":smile:", "[/]", "[link=http://x]y[/link]"])
def test_console_prints_markup_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    console().print(text)

    assert capsys.readouterr().out == f"{text}\n"


def test_console_is_as_wide_as_stated_and_120_columns_where_nothing_states_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    unknown = console().width
    monkeypatch.setenv("COLUMNS", "77")

    assert (unknown, console().width) == (120, 77)
