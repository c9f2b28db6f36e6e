"""The study as a whole: one plain dictionary, small groups protected, every part in its place."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.agreement.verdicts.rules import Rules
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard
from qa_nlp.transcript import Role, Transcript, Turn
from tests.agreement.study_world import (
    LEVELS,
    VALUES,
    Row,
    World,
    card,
    figures_in,
    leveled_cards,
    plain_grade,
    rows_of,
    study_of,
)
from tests.pace import takes_less_than

WORLD = World()
BY = ("team", "language", "length", "month")
PARTS = {
    "format", "title", "made_with", "options", "rubric", "data", "criteria", "sections", "total",
    "raters", "drift", "length", "fairness", "counterfactuals", "review", "missing", "answers",
}  # fmt: skip


@pytest.fixture(scope="module")
def study() -> AgreementStudy:
    return WORLD.study(by=BY)


@pytest.fixture(scope="module")
def found(study: AgreementStudy) -> dict[str, Any]:
    return study.to_dict()


def test_to_dict_is_plain_json_in_every_part_when_nothing_is_missing(found: dict[str, Any]) -> None:
    assert set(found) == PARTS
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_to_dict_is_the_same_when_the_study_is_made_again(found: dict[str, Any]) -> None:
    assert WORLD.study(by=BY).to_dict() == found


def test_figures_have_a_reason_when_a_value_or_interval_is_missing(found: dict[str, Any]) -> None:
    for figure in figures_in(found):
        if figure["low"] is None:
            assert figure["reason"]
        else:
            assert figure["low"] <= figure["high"]


def test_figures_do_not_change_when_cards_and_grades_come_in_another_order(
    study: AgreementStudy,
) -> None:
    other = AgreementStudy(WORLD.cards[::-1], Grades.from_rows(WORLD.rows[::-1]), by=BY, rounds=200)

    for name in ("quadratic_kappa", "pearson", "prmse"):
        own, theirs = study.figure(name, "tone"), other.figure(name, "tone")
        assert own.value == pytest.approx(theirs.value)
        assert (own.n, own.clusters) == (theirs.n, theirs.clusters)


def test_data_counts_what_there_is_when_some_cards_have_no_grades() -> None:
    cards = [*WORLD.cards, *(card(f"new{at}", plain_grade("tone", "good")) for at in range(5))]
    data = AgreementStudy(cards, WORLD.grades, rounds=100).to_dict()["data"]

    assert (data["scored"], data["graded"], data["matched"]) == (125, 120, 120)
    assert data["grades"] == len(WORLD.rows)
    assert data["raters"] == 3
    assert data["unknown_raters"] is True
    assert data["clusters"] == 60


def test_data_counts_the_graded_when_some_have_no_card() -> None:
    rows = rows_of(["good", "poor"] * 20)
    data = study_of(leveled_cards(["good", "poor"] * 15), rows).to_dict()["data"]

    assert (data["scored"], data["graded"], data["matched"]) == (30, 40, 30)


def small_group_world() -> tuple[list[Scorecard], list[Row]]:
    levels: list[str | None] = [LEVELS[at % 3] for at in range(40)]
    cards = [
        card(
            f"c{at:03d}",
            plain_grade("tone", level),
            metadata={"team": "tiny" if at < 9 else "big" if at < 30 else "other"},
            started_at=f"2025-0{1 if at < 9 else 2 if at < 30 else 3}-01",
        )
        for at, level in enumerate(levels)
    ]
    return cards, rows_of(levels[3:] + levels[:3])


def mentions(value: Any, word: str, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Give the innermost mappings that hold a word as a value."""
    if isinstance(value, dict):
        own = [(path, value)] if word in value.values() else []
        return own + [one for key, v in value.items() for one in mentions(v, word, f"{path}.{key}")]
    if isinstance(value, list):
        return [one for v in value for one in mentions(v, word, path)]
    return []


@pytest.mark.parametrize("reference", ["mean", "each", "Ana"])
def test_groups_below_ten_have_no_figure_anywhere_when_others_have(reference: str) -> None:
    cards, rows = small_group_world()
    found = study_of(cards, rows, by=["team", "month"], reference=reference).to_dict()

    for small in ("tiny", "2025-01"):
        rows_about = mentions(found, small)
        assert rows_about
        assert all(
            one["value"] is None and one["low"] is None
            for _, row in rows_about
            for one in figures_in(row)
        )
        assert {path for path, _ in rows_about} <= {".criteria.groups", ".data.groups"}
    big = [one for path, one in mentions(found, "big") if path == ".criteria.groups"]
    assert big[0]["exact"]["value"] is not None
    assert "tiny" not in json.dumps(found["fairness"]) + json.dumps(found["drift"])
    verdicts = json.dumps([one["verdict"] for one in found["criteria"]])
    assert "tiny" not in verdicts


def test_chances_of_groups_are_adjusted_over_all_groupings_when_there_are_two() -> None:
    world = World(240)

    def adjusted(by: list[str]) -> dict[str, float]:
        rows = world.study(by=by).to_dict()["criteria"][0]["groups"]
        return {row["group"]: row["p_adjusted"] for row in rows if row["p_adjusted"] is not None}

    teams, both = adjusted(["team"]), adjusted(["team", "language"])
    smallest = min(teams, key=teams.__getitem__)

    assert set(teams) == {"north", "south", "west"}
    assert set(both) == {*teams, "en", "pt"}
    assert all(both[team] >= chance for team, chance in teams.items())
    assert both[smallest] == pytest.approx(min(teams[smallest] * 5 / 3, 1), abs=1e-3)


def test_na_is_no_level_when_people_or_machine_say_so() -> None:
    machine: list[str | None] = ["good", None, "poor", "fair"] * 10
    people: list[str | None] = ["good", "good", "N/A", "fair"] * 10
    study = study_of(leveled_cards(machine), rows_of(people))
    part = study.to_dict()["criteria"][0]

    assert study.figure("exact", "tone").value == 1.0
    assert study.figure("exact", "tone").n == 20
    assert np.sum(part["confusion"]["table"]) == 20
    assert part["applicability"]["table"] == [[20, 10], [10, 0]]
    assert part["applicability"]["exact"]["value"] == 0.5
    assert part["counts"]["not_applicable_machine"] == 10
    assert part["counts"]["not_applicable_human"] == 10


def test_abstained_answers_count_in_coverage_only_when_the_machine_gave_chances() -> None:
    from tests.agreement.study_world import graded

    cards = [
        card(
            f"c{at:03d}",
            graded(
                "tone",
                (0.8, 0.1, 0.1),
                status=GradeStatus.ABSTAINED if at < 10 else GradeStatus.GRADED,
            ),
        )
        for at in range(40)
    ]
    people: list[str | None] = [*["fair"] * 10, *["poor"] * 30]
    found = study_of(cards, rows_of(people)).to_dict()
    part = found["criteria"][0]
    curve = {row["coverage"]: row["agreement"]["value"] for row in part["selective"]}

    assert part["machine_human"]["exact"]["value"] == 1.0
    assert part["machine_human"]["exact"]["n"] == 30
    assert curve[1.0] == 0.75
    assert curve[0.7] == 1.0
    assert found["review"]["abstained"]["value"] == 0.25
    assert part["counts"]["abstained"] == 10


def test_out_of_fold_grades_are_judged_when_cards_were_calibrated_on() -> None:
    levels: list[str | None] = [LEVELS[at % 3] for at in range(60)]
    wrong = [LEVELS[(at + 1) % 3] for at in range(60)]
    cards = [
        card(
            f"c{at:03d}",
            plain_grade("tone", level, calibrated=True),
            fold=at % 5,
            out_of_fold=(plain_grade("tone", other, calibrated=True),),
        )
        for at, (level, other) in enumerate(zip(levels, wrong, strict=True))
    ]
    study = study_of(cards, rows_of(levels))
    data = study.to_dict()["data"]

    assert study.figure("exact", "tone").value == 0.0
    assert (data["in_calibration"], data["out_of_fold"]) == (60, 60)


def severe_world(severe: str = "Ivo", shift: float = -0.9) -> tuple[list[Scorecard], list[Row]]:
    random = np.random.default_rng(8)
    quality = random.normal(size=150)
    rows: list[Row] = []
    people = ("Ana", "Ben", "Cleo", severe)
    for at, good in enumerate(quality):
        for rater in random.permutation(people)[:2]:
            own = good + 0.4 * random.normal() + shift * (rater == severe)
            level = LEVELS[int(np.searchsorted((-0.6, 0.5), own))]
            rows.append((f"c{at:03d}", "tone", str(rater), level))
    levels = [LEVELS[int(np.searchsorted((-0.6, 0.5), good))] for good in quality]
    return leveled_cards(levels), rows


def test_raters_show_the_severe_one_on_top_when_one_grades_lower() -> None:
    cards, rows = severe_world()
    first, *others = study_of(cards, rows).to_dict()["raters"]
    looped = []
    by_item: dict[str, dict[str, int]] = {}
    for name, _, rater, level in rows:
        by_item.setdefault(name, {})[rater or ""] = LEVELS.index(level)
    for given in by_item.values():
        if "Ivo" in given:
            rest = [level for rater, level in given.items() if rater != "Ivo"]
            looped.append(sum(rest) / len(rest) - given["Ivo"])

    assert first["rater"] == "Ivo"
    assert first["severity"]["value"] == pytest.approx(np.mean(looped), abs=1e-4)
    assert first["severity"]["low"] > 0
    assert first["items_shared"] == len(looped)
    assert all(row["severity"]["value"] < first["severity"]["value"] for row in others)


def test_raters_have_no_figures_when_they_share_fewer_than_ten_grades() -> None:
    cards, rows = severe_world()
    rows += [(f"c{at:03d}", "tone", "New", "good") for at in range(9)]
    last = study_of(cards, rows).to_dict()["raters"][-1]

    assert last["rater"] == "New"
    assert (last["grades"], last["items_shared"]) == (9, 9)
    assert last["severity"]["value"] is None
    assert last["severity"]["reason"] == "fewer than 10 grades beside others'"


@pytest.mark.slow
def test_study_takes_less_than_five_seconds_when_500_people_graded() -> None:
    random = np.random.default_rng(4)
    levels = [LEVELS[at] for at in random.integers(0, 3, 3000)]
    cards = [card(f"c{at}", plain_grade("tone", level)) for at, level in enumerate(levels)]
    rows = [
        (f"c{at}", "tone", f"rater {rater}", LEVELS[random.integers(3)])
        for at in range(3000)
        for rater in random.choice(500, 2, replace=False)
    ]
    with takes_less_than(5):
        found = AgreementStudy(cards, Grades.from_rows(rows)).to_dict()

    assert len(found["raters"]) == 500


def test_drift_finds_the_month_when_agreement_fell() -> None:
    random = np.random.default_rng(2)
    levels: list[str | None] = [LEVELS[at] for at in random.integers(0, 3, 120)]
    machine = [level if at < 60 else LEVELS[random.integers(3)] for at, level in enumerate(levels)]
    cards = [
        card(
            f"c{at:03d}",
            plain_grade("tone", level),
            started_at=f"2025-{3 + at // 60:02d}-02T08:00:00",
        )
        for at, level in enumerate(machine)
    ]
    first, second = study_of(cards, rows_of(levels)).to_dict()["drift"]
    second_exact = np.mean([a == b for a, b in zip(machine[60:], levels[60:], strict=True)])

    assert (first["period"], first["exact"]["value"]) == ("2025-03", 1.0)
    assert first["change"]["reason"] == "it is the first period"
    assert second["exact"]["value"] == pytest.approx(second_exact, abs=1e-4)
    assert second["change"]["value"] == pytest.approx(second_exact - 1, abs=1e-4)
    assert second["change"]["high"] < 0


def test_drift_is_left_out_with_a_warning_when_start_times_cannot_be_read() -> None:
    cards = leveled_cards(["poor", "good"] * 15, started_at="next Tuesday")
    found = study_of(cards, rows_of(["poor", "good"] * 15)).to_dict()

    assert found["drift"] == []
    assert "30 start times cannot be read (ISO 8601 is needed)" in found["data"]["warnings"]


def test_length_leaves_out_cards_when_they_do_not_state_their_words() -> None:
    random = np.random.default_rng(3)
    levels = [LEVELS[at] for at in random.integers(0, 3, 60)]
    cards = [
        card(f"c{at:03d}", plain_grade("tone", level), word_count=0 if at < 20 else 100 + at)
        for at, level in enumerate(levels)
    ]
    (row,) = study_of(cards, rows_of(levels)).to_dict()["length"]
    values = [VALUES[level] for level in levels[20:]]
    expected = np.corrcoef(values, np.log(np.arange(120, 160)))[0, 1]

    assert row["with_words"]["n"] == 40
    assert row["with_words"]["value"] == pytest.approx(expected, abs=1e-4)


def evidence_grade(level: str, quote: str | None) -> Grade:
    item = Evidence("phrase.apology", -1.23456, 1, 0, 5, quote, "said late")
    return plain_grade("tone", level, evidence=(item,))


def test_disagreements_show_both_sides_and_masked_words_when_transcripts_are_given() -> None:
    cards = [
        card("far", evidence_grade("good", "Sorry")),
        card("near", evidence_grade("fair", "Sorry")),
        card("same", evidence_grade("poor", "Sorry")),
    ]
    rows: list[Row] = [(name, "tone", "Ana", "poor") for name in ("far", "near", "same")]
    turns = (Turn(Role.CUSTOMER, "Hi"), Turn(Role.AGENT, "Sorry, is 4471092345 yours?"))
    found = study_of(cards, rows, transcripts=[Transcript("far", turns)]).to_dict()
    first, second = found["criteria"][0]["disagreements"]

    assert (first["transcript_id"], second["transcript_id"]) == ("far", "near")
    assert first["human"] == [{"rater": "Ana", "level": "poor"}]
    assert (first["machine"], first["machine_status"], first["gap"]) == ("good", "graded", 2.0)
    assert first["evidence"][0]["turn"] == 1
    assert first["evidence"][0]["contribution"] == -1.2346
    (passage,) = first["passages"]
    assert passage["turn"] == 1
    assert passage["parts"][0] == {"text": "Sorry", "marked": True}
    assert "4471092345" not in json.dumps(found)
    assert second["passages"] is None


def test_disagreements_hold_no_words_but_the_card_s_when_there_are_no_transcripts() -> None:
    turns = (Turn(Role.CUSTOMER, "secret"), Turn(Role.AGENT, "Sorry, secret"))
    one = card("far", evidence_grade("good", "Sorry"), transcript=Transcript("far", turns))
    found = study_of([one], [("far", "tone", "Ana", "poor")]).to_dict()

    assert found["criteria"][0]["disagreements"][0]["passages"] is None
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize("name", ["call@A7", "call#3", "call"])
def test_disagreements_find_the_conversation_when_a_card_is_of_an_agent_or_a_beginning(
    name: str,
) -> None:
    turns = (Turn(Role.CUSTOMER, "Hi"), Turn(Role.AGENT, "Sorry, no."))
    found = study_of(
        [card(name, evidence_grade("good", None), group_id="call")],
        [(name, "tone", "Ana", "poor")],
        transcripts=[Transcript("call", turns)],
    ).to_dict()

    assert found["criteria"][0]["disagreements"][0]["passages"][0]["turn"] == 1


def test_disagreements_are_five_at_most_when_there_are_more() -> None:
    found = study_of(leveled_cards(["good"] * 30), rows_of(["poor"] * 30)).to_dict()

    assert len(found["criteria"][0]["disagreements"]) == 5


def test_fairness_names_the_favoured_team_when_the_machine_is_kind_to_it() -> None:
    random = np.random.default_rng(9)
    quality = random.normal(size=240)
    people = np.searchsorted((-0.6, 0.5), quality + 0.3 * random.normal(size=240))
    machine = np.searchsorted((-0.6, 0.5), quality + 0.8 * (np.arange(240) % 3 == 0))
    cards = [
        card(f"c{at:03d}", plain_grade("tone", LEVELS[own]), metadata={"team": f"team {at % 3}"})
        for at, own in enumerate(machine)
    ]
    found = study_of(cards, rows_of([LEVELS[own] for own in people]), by=["team"]).to_dict()
    (row,) = found["fairness"]
    error = machine - people
    means = [error[at::3].mean() for at in range(3)]
    shown = {one["group"]: one["difference"] for one in row["groups"]}

    assert row["difference"]["p"] < 0.001
    assert row["reference"] == "team 0"
    for at in (1, 2):
        gap = shown[f"team {at}"]
        assert gap["value"] == pytest.approx(means[at] - means[0], abs=1e-4)
        assert gap["high"] < 0
    explained = 1 - sum(((error[at::3] - means[at]) ** 2).sum() for at in range(3)) / (
        ((error - error.mean()) ** 2).sum()
    )
    assert row["difference"]["share"] == pytest.approx(explained, abs=1e-4)
    assert found["answers"][3]["tone"] == "bad"
    assert "team team 0" in found["answers"][3]["answer"]


def test_counterfactuals_are_summed_by_kind_and_criterion_when_given() -> None:
    rows = [
        {
            "transcript_id": f"c{at}",
            "group_id": f"g{at // 2}",
            "kind": kind,
            "criterion": "tone",
            "flipped": flipped,
            "expected": 1.0,
            "changed_expected": 1.5 if flipped else None,
        }
        for kind, every in (("name", 4), ("spelling", 1000))
        for at in range(80)
        for flipped in [at % every == 0 and every < 100]
    ]
    found = WORLD.study(counterfactuals={"rows": rows}).to_dict()["counterfactuals"]["kinds"]
    by_kind = {row["kind"]: row for row in found}

    assert by_kind["name"]["flip_rate"]["value"] == 0.25
    assert by_kind["name"]["flip_rate"]["clusters"] == 40
    assert by_kind["name"]["mean_shift"]["value"] == 0.5
    assert by_kind["name"]["mean_shift"]["n"] == 20
    assert by_kind["spelling"]["flip_rate"]["value"] == 0.0
    assert by_kind["spelling"]["mean_shift"]["reason"] == "no expected values"


def test_counterfactuals_have_the_confidence_of_the_rules_when_it_is_another() -> None:
    fields = {"kind": "name", "criterion": "tone"}
    rows = [
        {"transcript_id": f"c{at}", "group_id": f"g{at}", "flipped": at % 3 == 0, **fields}
        for at in range(90)
    ]

    def width(level: float) -> float:
        found = WORLD.study(counterfactuals={"rows": rows}, rules=Rules(level=level)).to_dict()
        rate = found["counterfactuals"]["kinds"][0]["flip_rate"]
        return float(rate["high"] - rate["low"])

    assert width(0.6) < 0.6 * width(0.95)


def test_review_equals_plain_loops_when_rules_send_answers_to_people(
    found: dict[str, Any],
) -> None:
    graded = {(name, criterion) for name, criterion, _, _ in WORLD.rows}
    answers = [
        grade
        for one in WORLD.cards
        for grade in one.grades
        if (one.transcript_id, grade.criterion) in graded
        and grade.status is not GradeStatus.NOT_APPLICABLE
    ]
    abstained = np.mean([grade.status is GradeStatus.ABSTAINED for grade in answers])

    assert found["review"]["abstained"]["n"] == len(answers)
    assert found["review"]["abstained"]["value"] == pytest.approx(abstained, abs=1e-4)
    assert found["review"]["wide"]["value"] is None
    assert found["review"]["wide"]["reason"] == "there are none"
    assert [row["rule"] for row in found["review"]["rows"]] == [
        "the machine abstained",
        "any of these",
    ]


def test_missing_parts_say_what_they_need_when_little_is_given() -> None:
    found = study_of(leveled_cards(["poor", "good"] * 10), rows_of(["poor", "good"] * 10)).to_dict()
    parts = {row["part"] for row in found["missing"]}

    assert parts == {
        "passages of conversations beside disagreements",
        "sections",
        "agreement within groups, and fairness",
        "counterfactual flips",
        "drift between periods",
        "length control",
        "reliability and coverage",
        "agreement between people",
    }


def test_sections_come_from_the_shipped_rubric_when_the_cards_name_it() -> None:
    from qa_nlp.rubric import Rubric

    rubric = Rubric.load("service_excellence")
    first = rubric.sections[0].criteria[0]
    values = {level.id: float(level.value) for level in first.levels}
    names = list(values)
    cards = [
        Scorecard(
            f"c{at:03d}",
            f"c{at:03d}",
            rubric.id,
            rubric.version,
            grades=(
                plain_grade(
                    first.id,
                    names[at % len(names)],
                    level_values=values,
                    level_points=values,
                ),
            ),
        )
        for at in range(30)
    ]
    rows = [(one.transcript_id, first.id, "Ana", one.grades[0].level or "") for one in cards]
    found = study_of(cards, rows).to_dict()

    assert found["criteria"][0]["section"] == rubric.sections[0].id
    assert found["criteria"][0]["question"] == first.question
    assert [row["section"] for row in found["sections"]] == [one.id for one in rubric.sections]


def test_study_opens_no_file_when_a_card_names_one(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("not a rubric: [", encoding="utf-8")
    cards = leveled_cards(["poor", "good"] * 5, rubric="mine")

    assert study_of(cards, rows_of(["poor", "good"] * 5)).to_dict()["sections"] == []


def test_clusters_are_agents_when_asked() -> None:
    study = WORLD.study(cluster="agent_id")

    assert study.to_dict()["data"]["clusters"] == 30
    assert study.figure("exact", "tone").clusters <= 30


def test_answers_are_four_sentences_when_drawn_in_a_terminal_or_notebook(
    study: AgreementStudy, found: dict[str, Any]
) -> None:
    assert [one["id"] for one in found["answers"]] == ["agree", "where", "review", "fair"]
    for one in found["answers"]:
        assert one["answer"][0].isupper()
        assert one["answer"].endswith(".")
        assert one["answer"] in repr(study)
    assert "<table" in study._repr_html_()


def test_figure_is_found_by_its_short_name_when_there_is_one(study: AgreementStudy) -> None:
    assert study.figure("qwk", "tone") == study.figure("quadratic_kappa", "tone")
    assert set(study.verdicts) == set(WORLD.criteria)
