"""Two machines side by side: on the same items, with paired intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.errors import GradesError
from tests.agreement.study_world import (
    LEVELS,
    World,
    card,
    leveled_cards,
    plain_grade,
    rows_of,
    study_of,
)

RANDOM = np.random.default_rng(6)
TRUTH = RANDOM.integers(0, 3, 120)
WORSE = np.clip(TRUTH + RANDOM.integers(-1, 2, 120), 0, 2)
BETTER = np.where(RANDOM.random(120) < 0.8, TRUTH, WORSE)


def named(places: np.ndarray) -> list[str | None]:
    return [LEVELS[at] for at in places]


def one_study(places: np.ndarray, keep: slice = slice(None)) -> AgreementStudy:
    return study_of(leveled_cards(named(places))[keep], rows_of(named(TRUTH)))


@pytest.mark.parametrize("reference", ["mean", "each", "Ana"])
def test_difference_is_exactly_nothing_when_a_machine_is_compared_with_itself(
    reference: str,
) -> None:
    study = World().study(reference=reference)

    for row in AgreementStudy.compare(study, study).rows:
        assert (row.difference.value, row.difference.low, row.difference.high) == (0, 0, 0)
        assert row.a == row.b


def test_better_machine_is_found_when_it_errs_less() -> None:
    found = AgreementStudy.compare(one_study(WORSE), one_study(BETTER))
    by_figure = {row.figure: row for row in found.rows}
    kappa = by_figure["quadratic_kappa"]
    expected = [cohen_kappa_score(TRUTH, own, weights="quadratic") for own in (WORSE, BETTER)]

    assert [kappa.a.value, kappa.b.value] == pytest.approx(expected)
    assert kappa.difference.value == pytest.approx(expected[1] - expected[0])
    assert kappa.difference.low is not None
    assert kappa.difference.low > 0
    error = by_figure["mean_absolute_error"].difference
    assert error.high is not None
    assert error.high < 0


def test_interval_of_the_difference_is_narrower_than_of_each_when_machines_are_alike() -> None:
    near = np.where(np.arange(120) < 3, (WORSE + 1) % 3, WORSE)
    row = AgreementStudy.compare(one_study(WORSE), one_study(near)).rows[0]

    assert row.difference.high is not None
    assert row.difference.low is not None
    assert row.a.high is not None
    assert row.a.low is not None
    assert row.difference.high - row.difference.low < row.a.high - row.a.low


def test_only_shared_items_count_when_machines_graded_different_ones() -> None:
    first, second = one_study(WORSE, slice(0, 90)), one_study(BETTER, slice(30, 120))
    found = AgreementStudy.compare(first, second)
    exact = {row.figure: row for row in found.rows}["exact"]

    assert found.left_out == 60
    assert exact.difference.n == 60
    assert exact.a.value == pytest.approx(np.mean(WORSE[30:90] == TRUTH[30:90]))
    assert exact.b.value == pytest.approx(np.mean(BETTER[30:90] == TRUTH[30:90]))


def test_order_of_cards_does_not_matter_when_studies_are_compared() -> None:
    backwards = study_of(leveled_cards(named(BETTER))[::-1], rows_of(named(TRUTH)))
    one = AgreementStudy.compare(one_study(WORSE), one_study(BETTER)).rows[0]
    other = AgreementStudy.compare(one_study(WORSE), backwards).rows[0]

    assert one.difference.value == pytest.approx(other.difference.value)
    assert one.difference.low == pytest.approx(other.difference.low)


def test_criteria_of_one_machine_are_named_when_the_other_lacks_them() -> None:
    both = [
        card(f"c{at:03d}", plain_grade("tone", level), plain_grade("steps", level))
        for at, level in enumerate(named(WORSE))
    ]
    rows = [*rows_of(named(TRUTH)), *rows_of(named(TRUTH), criterion="steps")]
    found = AgreementStudy.compare(study_of(both, rows), one_study(BETTER))

    assert (found.only_a, found.only_b) == (("steps",), ())
    assert {row.criterion for row in found.rows} == {"tone"}


def test_comparison_is_json_and_a_table_when_written() -> None:
    found = AgreementStudy.compare(one_study(WORSE), one_study(BETTER))
    frame = found.to_frame()

    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["left_out"] == 0
    assert list(frame["figure"]) == [row.figure for row in found.rows]
    assert "quadratic_kappa" in repr(found)
    assert "<table" in found._repr_html_()


def test_comparison_shows_a_dash_when_a_figure_is_undefined() -> None:
    constant = np.full(120, 2)
    found = AgreementStudy.compare(one_study(constant), one_study(WORSE))
    pearson = {row.figure: row for row in found.rows}["pearson"]

    assert pearson.difference.value is None
    assert pearson.difference.reason == "one side's grades do not vary here"
    assert "–" in repr(found)


def test_comparison_is_refused_when_studies_do_not_fit() -> None:
    study = one_study(WORSE)
    elsewhere = study_of(
        [card(f"d{at}", plain_grade("tone", "good")) for at in range(9)],
        [(f"d{at}", "tone", "Ana", "good") for at in range(9)],
    )
    each = study_of(leveled_cards(named(WORSE)), rows_of(named(TRUTH)), reference="each")
    regraded = study_of(leveled_cards(named(WORSE)), rows_of(named(TRUTH[::-1])))
    scaled = study_of(
        [
            card(f"c{at:03d}", plain_grade("tone", "no", level_values={"no": 0.0, "yes": 1.0}))
            for at in range(9)
        ],
        rows_of(["no"] * 9),
    )

    for other, words in (
        (elsewhere, "no criterion and conversation in common"),
        (each, "one study compares with 'mean', the other with 'each'"),
        (regraded, "compare studies of the same human grades"),
        (scaled, "'tone' has other levels"),
    ):
        with pytest.raises(GradesError, match=words):
            AgreementStudy.compare(study, other)
