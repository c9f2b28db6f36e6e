"""Rubrics with conditions, procedures, forbidden statements and phrase banks of their own."""

from __future__ import annotations

import json

import jsonschema
import pydantic
import pytest

import qa_nlp as qa
from qa_nlp.errors import RubricError
from qa_nlp.rubric import Rubric, rubric_schema
from qa_nlp.scorecard import GradeStatus, TotalStatus
from qa_nlp.signals.measure import check_signals, signal_specs
from qa_nlp.yaml_files import YamlFile
from tests.broken_rules import BROKEN, EVERY_RULE, KEPT
from tests.renew_golden import BROKEN_RULES, broken_card


@pytest.fixture(scope="module")
def scorer() -> qa.Scorer:
    return qa.Scorer(EVERY_RULE, encoder="en")


def test_call_that_breaks_every_rule_gets_the_card_on_record(scorer: qa.Scorer) -> None:
    on_record = json.loads(BROKEN_RULES.read_text(encoding="utf-8"))

    assert json.loads(json.dumps(broken_card())) == on_record


def test_call_that_breaks_every_rule_fails_on_each(scorer: qa.Scorer) -> None:
    card = scorer.score_one(BROKEN)

    assert {grade.level for grade in card.grades} == {"no", "breach"}
    assert {grade.status for grade in card.grades} == {GradeStatus.GRADED}
    assert card.total_status is TotalStatus.FAILED
    assert card.critical_failures == ("clean",)


def test_call_that_keeps_every_rule_passes_on_each(scorer: qa.Scorer) -> None:
    card = scorer.score_one(KEPT)

    assert {g.criterion: g.level for g in card.grades if g.level not in ("yes", "met")} == {
        # nobody swears, so there is nothing to apologise for
        "sorry": None
    }
    assert card.critical_failures == ()


def test_every_miss_says_where_it_should_have_been(scorer: qa.Scorer) -> None:
    notes = {
        grade.criterion: [item.note or "" for item in grade.evidence]
        for grade in scorer.score_one(BROKEN).grades
    }

    assert "not said in turn 0 (first 1 agent turn)" in notes["greeted"][0]
    assert "before rule.account in turn" in notes["verified"][0]
    assert any("before the silence of 40 s" in note for note in notes["holds"])
    assert any("step 1 of 4, verify: too late" in note for note in notes["service"])
    assert "critical forbidden statement, swearing" in notes["clean"][0]


def test_signals_of_requirements_are_described_and_measured(scorer: qa.Scorer) -> None:
    specs = signal_specs(scorer.rubric)
    table = scorer.signals([BROKEN]).to_frame()

    assert specs["condition.greeted"].unit == "degree"
    assert specs["forbidden.worst"].description.endswith("minor 0.25, major 0.5, critical 1.")
    assert {"condition.holds", "procedure.service", "forbidden.worst"} <= set(table.columns)
    assert "phrase.discount" in table.columns


def test_bank_of_ones_own_may_be_written_into_the_rubric(scorer: qa.Scorer) -> None:
    (bank,) = scorer.rubric.phrase_banks

    assert bank.id == "discount"
    assert Rubric.load(EVERY_RULE).fingerprint == scorer.rubric.fingerprint
    written_out = Rubric.model_validate(scorer.rubric.model_dump(mode="json"))
    assert written_out == scorer.rubric


def test_rubric_with_everything_fits_the_schema_that_editors_use() -> None:
    jsonschema.validate(YamlFile.read(EVERY_RULE).data, rubric_schema())


def test_path_of_a_bank_means_nothing_outside_a_file(scorer: qa.Scorer) -> None:
    content = {**scorer.rubric.model_dump(mode="json"), "phrase_banks": ["discount.yaml"]}

    with pytest.raises(pydantic.ValidationError, match="load the rubric from a file"):
        Rubric.model_validate(content)


def changed(old: str, new: str) -> Rubric:
    text = EVERY_RULE.read_text(encoding="utf-8").replace(old, new, 1)
    text = text.replace("  - discount.yaml", f"  - {EVERY_RULE.parent / 'discount.yaml'}")
    return Rubric.from_yaml(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("said: phrase.greeting", "said: phrase.greting", "no phrase 'phrase.greting'; did you"),
        ("before: rule.account", "before: rule.acount", "no rule 'rule.acount'; did you mean"),
        ("{id: verify, said: phrase.id", "{id: verify, said: phrase.d", "procedures\\[0\\].steps"),
        ("signal: condition.greeted", "signal: condition.greted", "did you mean 'condition.greet"),
        (
            "{signal: condition.greeted, ",
            "{signal: condition.greeted, within: last 2 turns, ",
            "drop within",
        ),
    ],
)
def test_unknown_names_are_refused_with_their_place(old: str, new: str, message: str) -> None:
    with pytest.raises(RubricError, match=message):
        check_signals(changed(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: named, ", "id: greeted, ", "two conditions have the id 'greeted'"),
        ("critical: true", "critical: false", "no critical criterion has the signal 'forbidden.sw"),
        ("within: 10 s", "within: 3 turns", "from where\\?"),
        ("each_time: silence of 20 s", "each_time: silence", "must name a phrase or a rule"),
        ("not_early: true", "not_erly: true", "did you mean 'not_early'"),
    ],
)
def test_rubric_that_makes_no_sense_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(RubricError, match=message):
        changed(old, new)


def test_missing_bank_file_is_named_with_its_place() -> None:
    text = EVERY_RULE.read_text(encoding="utf-8")

    with pytest.raises(RubricError, match=r"phrase_banks\[0\]: .*nowhere.yaml: no such file"):
        Rubric.from_yaml(text.replace("discount.yaml", "nowhere.yaml"))
