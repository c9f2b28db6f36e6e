"""Specification of benchmarks.procedures, on invented dialogues."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.parts.procedures import (
    Case,
    LabelledTurn,
    all_forms,
    moved,
    plant,
    read_cases,
    reasons,
    removed,
    verified,
)
from benchmarks.procedures import RUBRIC, balanced_accuracies, decided_by, keyword_finders
from benchmarks.record import ROOT
from qa_nlp.rubric import Rubric
from qa_nlp.transcript import Role

NUMBER = LabelledTurn(Role.AGENT, "Your account number?", "bank_ask_account_number")
PIN = LabelledTurn(Role.AGENT, "The PIN, please?", "bank_ask_pin")
BALANCE = LabelledTurn(Role.AGENT, "The balance is 12.", "bank_inform_balance")
FILED = LabelledTurn(Role.AGENT, "The report has been filed.", "bank_inform_fraud_report_submitted")
BYE = LabelledTurn(Role.AGENT, "Bye!", "goodbye_1")
HELLO = LabelledTurn(Role.CUSTOMER, "Hello, it's about my account.")


def answer(text: str) -> LabelledTurn:
    return LabelledTurn(Role.CUSTOMER, text)


COMPLIANT = (HELLO, NUMBER, answer("44"), PIN, answer("12"), BALANCE, answer("Thanks"), BYE)


def case(*turns: LabelledTurn, id: str = "d1") -> Case:
    return Case(id, "w1", turns)


def test_verified_holds_when_two_things_are_asked_for_before_the_first_detail() -> None:
    assert verified(COMPLIANT) is True


@pytest.mark.parametrize(
    "turns",
    [
        (NUMBER, BALANCE, PIN),
        (NUMBER, NUMBER, BALANCE),
        (BALANCE, NUMBER, PIN),
        (NUMBER, FILED, PIN, BALANCE),
    ],
    ids=["second one late", "the same twice", "both late", "before the second detail alone"],
)
def test_verified_does_not_hold_when_fewer_are_asked_for(turns: tuple[LabelledTurn, ...]) -> None:
    assert verified(turns) is False


def test_verified_is_none_when_no_detail_is_given() -> None:
    assert verified((NUMBER, PIN, BYE)) is None


def test_moved_puts_questions_and_their_answers_after_the_first_detail() -> None:
    changed = moved(case(*COMPLIANT))

    assert changed.turns == (
        HELLO, BALANCE, NUMBER, answer("44"), PIN, answer("12"), answer("Thanks"), BYE,
    )  # fmt: skip
    assert not changed.met


def test_moved_refuses_a_dialogue_without_a_detail() -> None:
    with pytest.raises(ValueError, match="d1: no detail"):
        moved(case(NUMBER, PIN))


def test_removed_takes_questions_and_their_answers_out() -> None:
    changed = removed(case(*COMPLIANT))

    assert changed.turns == (HELLO, BALANCE, answer("Thanks"), BYE)
    assert not changed.met


def test_plant_changes_half_of_the_compliant_dialogues_in_two_ways() -> None:
    cases = [case(*COMPLIANT, id=f"d{number}") for number in range(8)]
    violation = case(BALANCE, id="d8")

    planted = plant([*cases, violation], seed=1)

    assert [one.id for one in planted] == [f"d{number}" for number in range(9)]
    forms = sorted(one.form for one in planted[:8])
    assert forms == [
        *["as played"] * 4,
        *["verification moved after"] * 2,
        *["verification removed"] * 2,
    ]
    assert planted[8] == violation
    assert sum(one.met for one in planted) == 4


def test_plant_chooses_the_same_for_the_same_seed() -> None:
    cases = [case(*COMPLIANT, id=f"d{number}") for number in range(8)]

    assert plant(cases, seed=1) == plant(cases[::-1], seed=1)[::-1]
    assert plant(cases, seed=1) != plant(cases, seed=2)


def test_all_forms_changes_compliant_dialogues_alone() -> None:
    forms = all_forms([case(*COMPLIANT), case(BALANCE, id="d2")])

    assert [one.id for one in forms] == ["d1", "d1", "d1", "d2"]
    assert len({one.transcript.id for one in forms}) == 4


def test_read_cases_keeps_fully_labelled_bank_dialogues_with_a_detail(tmp_path: Path) -> None:
    shown = {"role": "agent", "text": "bal", "displayed_text": "The balance is 12."}
    labelled = {**shown, "action_label": "bank_inform_balance"}
    dialogues = [
        {"id": "kept", "task": "trivia|bank_balance", "turns": [labelled]},
        {"id": "one without a label", "task": "bank_balance", "turns": [labelled, shown]},
        {"id": "no detail", "task": "bank_balance", "turns": [{"role": "customer", "text": "Hi"}]},
        {"id": "other task", "task": "trivia", "turns": [labelled]},
    ]
    path = tmp_path / "star/dialogues.jsonl.gz"
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({**one, "wizard_id": "w1"}) + "\n" for one in dialogues)

    (found,) = read_cases(tmp_path)

    assert (found.id, found.met) == ("kept", False)
    assert found.transcript.turns[0].text == "The balance is 12."


NOTHING: frozenset[str] = frozenset()
A_NUMBER = frozenset({"phrase.account_number_request"})
A_PIN = frozenset({"phrase.pin_request"})
A_BALANCE = frozenset({"phrase.balance_statement"})


@pytest.mark.parametrize(
    ("turns", "recognised", "decision", "expected"),
    [
        ((NUMBER, PIN, BALANCE), (A_NUMBER, NOTHING, A_BALANCE), False, "ask not recognised"),
        (
            (BYE, NUMBER, PIN, BALANCE),
            (A_BALANCE, A_NUMBER, A_PIN, A_BALANCE),
            False,
            "inform recognised too early",
        ),
        (
            (BALANCE, NUMBER, PIN, BALANCE),
            (NOTHING, A_NUMBER, A_PIN, A_BALANCE),
            True,
            "inform recognised too late",
        ),
        (
            (NUMBER, BYE, BALANCE),
            (A_NUMBER, A_PIN, A_BALANCE),
            True,
            "ask recognised where none is labelled",
        ),
        ((NUMBER, PIN, BALANCE), (A_NUMBER, A_PIN, NOTHING), None, "inform not recognised"),
        (
            (NUMBER, PIN, BALANCE),
            (A_NUMBER, A_PIN, A_BALANCE),
            False,
            "order within a turn",
        ),
    ],
)
def test_reasons_names_what_was_recognised_otherwise(
    turns: tuple[LabelledTurn, ...],
    recognised: tuple[frozenset[str], ...],
    decision: bool | None,
    expected: str,
) -> None:
    assert expected in reasons(case(*turns), recognised, decision)


def test_keywords_decide_by_the_order_of_the_rubric() -> None:
    forms = all_forms([case(*COMPLIANT), case(NUMBER, FILED, id="d2"), case(NUMBER, PIN, id="d3")])
    rubric = Rubric.load(ROOT / RUBRIC)

    decisions = decided_by(keyword_finders(), rubric, forms)

    assert list(decisions.values()) == [True, False, False, False, None]


def test_balanced_accuracies_count_no_decision_as_wrong() -> None:
    cases = [
        Case(f"{side}{number}", f"w{number}", turns)
        for number in range(4)
        for side, turns in (("met", COMPLIANT), ("not", (BALANCE,)))
    ]
    right = {one.transcript.id: one.met for one in cases}
    none = dict.fromkeys(right, None)

    figures = balanced_accuracies(
        cases, {"qa_nlp": right, "always met": dict.fromkeys(right, True), "nothing": none}
    )

    assert {name: figure.value for name, figure in figures.items()} == {
        "qa_nlp": 1.0,
        "always met": 0.5,
        "nothing": 0.0,
        "ahead of always met": 0.5,
        "ahead of nothing": 1.0,
    }
