"""Odd input gives a readable error, or a study that says what is missing and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.scorecard import GradeStatus, Scorecard
from tests.agreement.study_world import (
    LEVELS,
    Row,
    World,
    card,
    figures_in,
    graded,
    leveled_cards,
    plain_grade,
    rows_of,
    study_of,
)

MIXED = [LEVELS[at % 3] for at in range(30)]
Made = tuple[list[Scorecard], list[Row]]


def one_item() -> Made:
    return leveled_cards(["good"]), rows_of(["poor"])


def three_items() -> Made:
    return leveled_cards(["good", "poor", "fair"]), [
        *rows_of(["poor", "poor", "good"]),
        *rows_of(["fair", "poor", "good"], "Ben"),
    ]


def one_rater() -> Made:
    return leveled_cards(MIXED), rows_of(MIXED[1:] + MIXED[:1])


def unknown_raters() -> Made:
    return leveled_cards(MIXED), [*rows_of(MIXED, None), *rows_of(MIXED[::-1], None)]


def constant() -> Made:
    return leveled_cards(["good"] * 30), [*rows_of(["good"] * 30), *rows_of(["good"] * 30, "Ben")]


def constant_machine() -> Made:
    return leveled_cards(["good"] * 30), [*rows_of(MIXED), *rows_of(MIXED, "Ben")]


def constant_people() -> Made:
    return leveled_cards(MIXED), [*rows_of(["good"] * 30), *rows_of(["good"] * 30, "Ben")]


def all_abstained() -> Made:
    return leveled_cards(["?"] * 30), [*rows_of(MIXED), *rows_of(MIXED, "Ben")]


def all_abstained_with_chances() -> Made:
    grade = graded("tone", (0.5, 0.2, 0.3), status=GradeStatus.ABSTAINED)
    return [card(f"c{at:03d}", grade) for at in range(30)], rows_of(MIXED)


def people_all_na() -> Made:
    return leveled_cards(MIXED), rows_of(["N/A"] * 30)


def machine_all_na() -> Made:
    return leveled_cards([None] * 30), rows_of(MIXED)


def everything_na() -> Made:
    return leveled_cards([None] * 30), rows_of(["N/A"] * 30)


def one_level() -> Made:
    only = plain_grade("tone", "yes", level_values={"yes": 1.0}, level_points={"yes": 1.0})
    cards = [card(f"c{at:03d}", only) for at in range(30)]
    return cards, [*rows_of(["yes"] * 30), *rows_of(["yes"] * 30, "Ben")]


def no_points() -> Made:
    cards = [
        card(f"c{at:03d}", plain_grade("tone", MIXED[at], level_points={})) for at in range(30)
    ]
    return cards, rows_of(MIXED)


def worthless() -> Made:
    nothing = dict.fromkeys(LEVELS, 0.0)
    cards = [
        card(f"c{at:03d}", plain_grade("tone", MIXED[at], level_points=nothing)) for at in range(30)
    ]
    return cards, rows_of(MIXED)


def one_cluster() -> Made:
    return leveled_cards(MIXED, group_id="g"), [*rows_of(MIXED), *rows_of(MIXED[::-1], "Ben")]


def huge_values() -> Made:
    values = {"poor": 1e9, "fair": 1e9 + 1, "good": 1e9 + 2}
    cards = [
        card(f"c{at:03d}", plain_grade("tone", level, level_values=values, level_points=values))
        for at, level in enumerate(MIXED)
    ]
    return cards, [*rows_of(MIXED[::-1]), *rows_of(MIXED[3:] + MIXED[:3], "Ben")]


def beginnings() -> Made:
    cards = [
        card(f"c{at // 3}#{at % 3}", plain_grade("tone", MIXED[at]), group_id=f"c{at // 3}")
        for at in range(30)
    ]
    return cards, [
        (one.transcript_id, "tone", "Ana", LEVELS[at % 2]) for at, one in enumerate(cards)
    ]


def hostile_names() -> Made:
    bad = "<script>alert(1)</script>"
    cards = [
        card(
            f"{bad}{at}",
            plain_grade(bad, MIXED[at]),
            metadata={"team": bad if at % 2 else "=1+1"},
        )
        for at in range(30)
    ]
    return cards, [(one.transcript_id, bad, bad, "good") for one in cards]


def several_rubrics() -> Made:
    cards = [
        card(
            f"c{at:03d}",
            plain_grade("tone", level),
            rubric=f"form {at % 2}",
            fingerprint=str(at % 2),
        )
        for at, level in enumerate(MIXED)
    ]
    return cards, rows_of(MIXED)


WORLDS = [
    one_item,
    three_items,
    one_rater,
    unknown_raters,
    constant,
    constant_machine,
    constant_people,
    all_abstained,
    all_abstained_with_chances,
    people_all_na,
    machine_all_na,
    everything_na,
    one_level,
    no_points,
    worthless,
    one_cluster,
    huge_values,
    beginnings,
    hostile_names,
    several_rubrics,
]


@pytest.mark.parametrize("reference", ["mean", "each"])
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_study_gives_plain_json_with_reasons_when_input_is_odd(
    world: Callable[[], Made], reference: str
) -> None:
    cards, rows = world()
    study = study_of(cards, rows, reference=reference)
    found = study.to_dict()
    json.dumps(found, allow_nan=False)

    for figure in figures_in(found):
        assert figure["low"] is not None or figure["reason"], figure
        assert figure["reason"] != "it is undefined here", figure
    assert all(one["answer"] for one in found["answers"])
    assert repr(study)
    assert study._repr_html_()
    assert "automatic" not in {one["verdict"]["decision"] for one in found["criteria"]}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_pages_and_tables_are_written_when_input_is_odd(
    world: Callable[[], Made], tmp_path: Any
) -> None:
    pytest.importorskip("jinja2")
    cards, rows = world()
    study = study_of(cards, rows)
    page = study.write_html(tmp_path / "study.html").read_text(encoding="utf-8")

    assert "<script>alert" not in page
    assert study.write_json(tmp_path / "study.json").exists()
    assert study.write_tables(tmp_path / "tables")


def test_kappa_says_why_when_all_grades_are_one_level() -> None:
    figure = study_of(*constant()).figure("quadratic_kappa", "tone")

    assert figure.value is None
    assert figure.reason == "both gave 'good' throughout, so agreement beyond chance is undefined"


def test_correlation_says_why_when_the_machine_always_says_the_same() -> None:
    study = study_of(*constant_machine())

    assert study.figure("pearson", "tone").reason == "one side's grades do not vary here"
    assert study.figure("quadratic_kappa", "tone").value == 0.0


def test_people_have_no_figures_but_a_reason_when_nobody_graded_twice() -> None:
    study = study_of(*one_rater())
    expected = "no conversation was graded by two people"

    assert study.figure("quadratic_kappa", "tone", "human_human").reason == expected
    assert study.figure("quadratic_kappa", "tone", "degradation").reason == expected
    assert study.figure("icc_1", "tone", "human_human").reason == expected


def test_names_are_escaped_in_a_notebook_when_they_hold_markup() -> None:
    study = study_of(*hostile_names(), by="team")

    assert "<script" not in study._repr_html_()


def test_mixed_rubrics_are_named_as_a_warning_when_their_levels_are_the_same() -> None:
    warnings = study_of(*several_rubrics()).to_dict()["data"]["warnings"]

    assert "the scorecards are of 2 rubrics or versions; figures mix them" in warnings
    assert "the scorecards were made by 2 different scorers; figures mix them" in warnings


def test_several_grades_by_unknown_people_are_named_as_a_warning_when_rows_may_be_doubled() -> None:
    warnings = study_of(*unknown_raters()).to_dict()["data"]["warnings"]

    assert any("rows that were exported twice would look like agreement" in one for one in warnings)


def test_few_clusters_are_named_as_a_warning_when_conversations_are_few() -> None:
    (first, *_) = study_of(*three_items()).to_dict()["data"]["warnings"]

    assert (
        first == "only 3 groups of conversations have human grades: intervals are rough or missing"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": ["taem"]}, "no scorecard has 'taem' in its metadata; did you mean 'team'"),
        ({"by": "taem"}, "did you mean 'team'"),
        ({"reference": "Anna"}, "no reference 'Anna'; did you mean 'Ana'"),
        ({"reference": None}, "no reference None"),
        ({"cluster": "agent"}, "no graded scorecard has 'agent' to resample by.*agent_id"),
        ({"rounds": 10}, "give at least 100 resamples"),
        ({"counterfactuals": {"rows": [{"kind": "name"}]}}, "Scorer.counterfactuals"),
        ({"counterfactuals": 3}, "Scorer.counterfactuals"),
    ],
)
def test_study_says_what_is_unknown_when_an_option_is_wrong(
    options: dict[str, Any], words: str
) -> None:
    world = World(12)

    with pytest.raises(GradesError, match=words):
        world.study(**options)


def test_length_cannot_be_grouped_by_when_no_card_states_its_words() -> None:
    with pytest.raises(GradesError, match="no scorecard states its number of words"):
        study_of(*one_rater(), by=["length"])


def test_cluster_is_unknown_when_no_card_has_metadata() -> None:
    with pytest.raises(GradesError, match="no graded scorecard has 'agent_id' to resample by"):
        study_of(*one_rater(), cluster="agent_id")


def test_cluster_is_the_group_when_a_card_lacks_the_key() -> None:
    cards, rows = one_rater()
    with_agent = [
        card(one.transcript_id, *one.grades, metadata={"agent_id": "A"} if at < 10 else {"x": 1})
        for at, one in enumerate(cards)
    ]

    assert study_of(with_agent, rows, cluster="agent_id").to_dict()["data"]["clusters"] == 21


@pytest.mark.parametrize(
    ("name", "criterion", "part", "words"),
    [
        ("qwkk", "tone", "machine_human", "no figure 'qwkk'; did you mean 'qwk'"),
        ("qwk", "tune", "machine_human", "no criterion 'tune'; did you mean 'tone'"),
        ("qwk", "tone", "human", "no part 'human'"),
        ("mae", "tone", "degradation", "no figure 'mae'"),
    ],
)
def test_figure_says_what_is_near_when_a_name_is_wrong(
    name: str, criterion: str, part: str, words: str
) -> None:
    with pytest.raises(GradesError, match=words):
        study_of(*one_rater()).figure(name, criterion, part)


def test_grades_are_accounted_for_when_levels_are_unknown_or_contradictory() -> None:
    rows = [
        *rows_of(MIXED),
        *rows_of(["great"] * 3, "Ben"),
        *rows_of(["poor"] * 2, "Cleo"),
        *rows_of(["good"] * 2, "Cleo"),
    ]
    data = study_of(leveled_cards(MIXED), rows).to_dict()["data"]
    left_out = sum(row["count"] for row in data["exclusions"] if row["what"] == "grades")

    assert data["grades"] == 30
    assert data["grades"] + left_out == len(rows)


def test_study_of_one_answers_that_nobody_can_tell_when_there_is_one_item() -> None:
    found = study_of(*one_item()).to_dict()

    assert found["criteria"][0]["machine_human"]["exact"]["value"] == 0.0
    assert found["criteria"][0]["machine_human"]["exact"]["low"] is None
    assert found["answers"][0]["tone"] == "unknown"
    assert found["total"]["items"] == 1
    assert found["total"]["pearson"]["value"] is None
    assert found["total"]["pearson"]["reason"]


def test_figures_are_the_same_when_values_are_far_from_zero() -> None:
    cards, rows = huge_values()
    values = {"poor": 0.0, "fair": 1.0, "good": 2.0}
    near = [
        card(one.transcript_id, plain_grade("tone", one.grades[0].level, level_values=values))
        for one in cards
    ]
    far, close = study_of(cards, rows), study_of(near, rows)

    for name in ("pearson", "prmse", "mae"):
        assert far.figure(name, "tone").value == pytest.approx(close.figure(name, "tone").value)


def test_study_takes_cards_from_a_generator_when_they_come_one_by_one() -> None:
    cards, rows = one_rater()

    assert AgreementStudy(iter(cards), Grades.from_rows(rows), rounds=100).verdicts


def test_no_warning_of_numpy_is_raised_when_one_group_is_constant() -> None:
    cards, rows = constant_people()
    cards = [
        card(one.transcript_id, *one.grades, metadata={"team": "ab"[at % 2]})
        for at, one in enumerate(cards)
    ]
    with np.errstate(all="raise"):
        found = study_of(cards, rows, by=["team"]).to_dict()

    assert found["criteria"][0]["groups"][0]["pearson"]["value"] is None


_answers = st.sampled_from([*LEVELS, None, "?"])
_people = st.lists(st.sampled_from([*LEVELS, "N/A", None]), min_size=2, max_size=2)
_odd_worlds = st.lists(
    st.tuples(_answers, _people, st.sampled_from(["north", "south", None])), min_size=1, max_size=60
)


@settings(max_examples=40)
@given(_odd_worlds, st.sampled_from(["mean", "each", "Ana"]), st.booleans())
def test_study_of_anything_is_plain_json_with_reasons_when_something_was_graded(
    world: list[tuple[str | None, list[str | None], str | None]], reference: str, chances: bool
) -> None:
    cards, rows = [], [("first", "tone", "Ana", "poor")]
    for at, (level, people, team) in enumerate([("good", [], None), *world]):
        name = f"c{at}" if at else "first"
        grade = (
            graded("tone", (0.2, 0.5, 0.3))
            if chances and level in LEVELS
            else plain_grade("tone", level)
        )
        metadata = {"team": team, "odd": "x"} if team else {"odd": "x"}
        cards.append(card(name, grade, metadata={"team": "north", **metadata}))
        for rater, given_level in zip(("Ana", "Ben"), people, strict=False):
            if given_level is not None:
                rows.append((name, "tone", rater, given_level))
    study = study_of(cards, rows, by=["team"], reference=reference, rounds=100)
    found = study.to_dict()
    json.dumps(found, allow_nan=False)

    for figure in figures_in(found):
        assert figure["low"] is not None or figure["reason"], figure
        if figure["low"] is not None:
            assert figure["low"] <= figure["high"]
    for row in found["criteria"][0]["groups"]:
        assert row["items"] >= 10 or row["exact"]["value"] is None
