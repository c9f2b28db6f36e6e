"""Samples for review: stated chances, fixed size, files, and means that stay unbiased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_nlp.calibration.drawing import chances_by_size, draw_with_chances, share_out
from qa_nlp.calibration.prediction_powered import prediction_powered_mean
from qa_nlp.calibration.review_sample import (
    ReviewSample,
    sample_for_review,
    uncertainty,
)
from qa_nlp.errors import GradesError
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard


def card(number: int, doubt: float = 0.3, **fields: Any) -> Scorecard:
    grade = Grade("tone", GradeStatus.GRADED, "b", {"a": doubt, "b": 1 - doubt}, possible=2.0)
    identifier = f"c{number:03d}"
    return Scorecard(identifier, identifier, "demo", "1", grades=(grade,), **fields)


def cards(size: int = 60) -> list[Scorecard]:
    doubts = np.random.default_rng(0).uniform(0, 0.5, size)
    return [
        card(i, float(d), total=100 * (1 - float(d)), metadata={"team": f"t{i % 7 // 3}"})
        for i, d in enumerate(doubts)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random", "uncertain", "stratified"])
def test_transcripts_are_drawn_as_often_as_stated(strategy: Any) -> None:
    everything = cards(40)
    hits, chances = dict.fromkeys((c.transcript_id for c in everything), 0), {}
    for seed in range(600):
        for row in sample_for_review(everything, 11, strategy, seed=seed).rows:
            hits[row.transcript_id] += 1
            chances[row.transcript_id] = row.inclusion_probability
    assert sum(chances.values()) == pytest.approx(11)
    stated = np.array([chances[name] for name in hits])
    seen = np.array(list(hits.values())) / 600
    distance = (seen - stated) / np.sqrt(stated * (1 - stated) / 600)
    assert np.abs(distance).max() < 4
    assert stated.min() >= 0.2 * 11 / 40 - 1e-12


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.data())
def test_chances_sum_to_n_and_keep_their_bounds(sizes: list[float], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(sizes)))
    chances = chances_by_size(np.array(sizes), n)
    assert chances.sum() == pytest.approx(n)
    assert chances.min() >= 0.2 * n / len(sizes) - 1e-12
    assert chances.max() <= 1 + 1e-12
    assert len(draw_with_chances(chances, np.random.default_rng(0))) == n


def test_chances_are_proportional_to_size_between_the_bounds() -> None:
    chances = chances_by_size(np.array([0.1, 0.2, 0.3, 0.4]), 2)
    assert chances == pytest.approx([0.2, 0.4, 0.6, 0.8])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.data())
def test_allocation_sums_to_n_within_strata(sizes: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(min(sum(sizes), 2 * len(sizes)), sum(sizes)))
    counts = share_out(n, sizes)
    assert sum(counts) == n
    for count, size in zip(counts, sizes, strict=True):
        assert 1 <= count <= size
        assert count / size >= 0.2 * n / sum(sizes) - 1e-12


def test_allocation_is_proportional_with_two_each() -> None:
    assert share_out(91, [600, 300, 10]) == [60, 29, 2]


def test_uncertainty_counts_an_abstained_criterion_as_one() -> None:
    open_ = Grade("pace", GradeStatus.ABSTAINED, None, {"a": 0.5, "b": 0.5}, possible=1.0)
    outside = Grade("hold", GradeStatus.NOT_APPLICABLE)
    mixed = Scorecard("c", "c", "demo", "1", grades=(*card(0, 0.1).grades, open_, outside))
    assert uncertainty(mixed) == pytest.approx((2 * 0.1 + 1) / 3)


def test_same_seed_draws_the_same_in_any_order() -> None:
    everything = cards()
    sample = sample_for_review(everything, 20, "uncertain", seed=3)
    assert sample == sample_for_review(everything[::-1], 20, "uncertain", seed=3)
    assert sample != sample_for_review(everything, 20, "uncertain", seed=4)


def test_strata_are_thirds_of_the_total_or_what_is_asked_for() -> None:
    thirds = sample_for_review(cards(), 15, "stratified")
    assert [sum(r.stratum == s for r in thirds.rows) for s in ("low", "middle", "high")] == [5] * 3
    teams = sample_for_review(cards(), 15, "stratified", by="team")
    assert {row.stratum for row in teams.rows} == {"t0", "t1", "t2"}


def test_cards_with_an_error_are_never_drawn() -> None:
    broken = Scorecard("bad", "bad", "demo", "1", error="empty")
    sample = sample_for_review([*cards(10), broken], 10)
    assert sample.population == 10
    assert "bad" not in sample.ids


@pytest.mark.parametrize("strategy", ["random", "uncertain", "stratified"])
def test_sample_file_reads_back_equal(tmp_path: Path, strategy: Any) -> None:
    sample = sample_for_review(cards(), 17, strategy, seed=5)
    path = sample.write(tmp_path / "sample.csv")
    assert ReviewSample.read(path) == sample


def test_sample_file_may_come_back_from_a_spreadsheet(tmp_path: Path) -> None:
    sample = sample_for_review(cards(), 17, "uncertain")
    path = sample.write(tmp_path / "sample.csv")
    lines = [line.replace(",", ";") + ";done" for line in path.read_text().splitlines()]
    lines[0] = lines[0].replace("done", "state")
    path.write_text("\r\n".join(lines), encoding="utf-8-sig")
    assert ReviewSample.read(path) == sample


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: no column 'transcript_id'"),
        ("a,b\n1,2\n", ":1: no column 'transcript_id'"),
        ("HEAD\n", ":1: holds no transcripts"),
        ("HEAD\nc1,c1,0.5,,random,9,0\nc2,c2,1.5,,random,9,0\n", ":3: not a row"),
        ("HEAD\nc1,c1,x,,random,9,0\n", ":2: not a row"),
        ("HEAD\nc1,c1\n", ":2: not a row"),
    ],
)
def test_damaged_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    head = "transcript_id,group_id,inclusion_probability,stratum,strategy,population,seed"
    path = tmp_path / "sample.csv"
    path.write_text(text.replace("HEAD", head))
    with pytest.raises(GradesError, match=message):
        ReviewSample.read(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GradesError, match="cannot be read"):
        ReviewSample.read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        (0, {}, "n is 0, but there are 60"),
        (61, {}, "draw 1 to 60"),
        (5, {"strategy": "uncertan"}, "did you mean 'uncertain'"),
        (5, {"by": "team"}, "'by' is for strategy 'stratified'"),
        (5, {"strategy": "stratified", "by": "teem"}, "did you mean 'team'"),
        (2, {"strategy": "stratified"}, "3 strata cannot all be drawn from with n = 2"),
        (5, {"strategy": "stratified", "by": "month"}, "no ISO 8601 time"),
    ],
)
def test_error_says_what_can_be_done(n: int, options: dict[str, Any], message: str) -> None:
    everything = cards()
    if options.get("by") == "month":
        everything = [card(i, started_at="yesterday") for i in range(60)]
    with pytest.raises(GradesError, match=message):
        sample_for_review(everything, n, **options)


def test_two_cards_of_one_transcript_are_refused() -> None:
    with pytest.raises(GradesError, match="two scorecards of transcript 'c000'"):
        sample_for_review([card(0), card(0)], 1)


@pytest.mark.slow
def test_mean_weighted_by_uncertain_chances_is_unbiased_and_covers() -> None:
    rng = np.random.default_rng(1)
    sizes = rng.uniform(0, 0.5, 500)
    human = 80 - 60 * sizes + rng.normal(0, 10, 500)  # the unsure ones are the worse ones
    machine = human + rng.normal(0, 3 + 30 * sizes)
    chances = chances_by_size(sizes, 80)
    values, plain, hits = [], [], 0
    for _ in range(500):
        s = draw_with_chances(chances, rng)
        estimate = prediction_powered_mean(human[s], machine[s], machine, weights=1 / chances[s])
        values.append(estimate.value)
        plain.append(human[s].mean())
        hits += estimate.low <= human.mean() <= estimate.high
    assert np.mean(values) == pytest.approx(human.mean(), abs=0.2)
    assert abs(np.mean(plain) - human.mean()) > 2
    assert 0.92 <= hits / 500 <= 0.98
