"""Texts are shared out whole, evenly, and told to the graph so that it can tell them apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding.onnx_batches import FULL, batches, graph_inputs

LENGTHS = st.lists(st.integers(1, 256), max_size=200)


@given(LENGTHS, st.integers(1, 5), st.booleans())
def test_each_text_is_read_once_in_batches_that_are_not_too_large(
    lengths: list[int], threads: int, mixed: bool
) -> None:
    found = batches(lengths, threads, mixed=mixed)

    assert sorted(row for rows in found for row in rows) == list(range(len(lengths)))
    for rows in found:
        tokens = [lengths[row] for row in rows]
        # a text is put where its middle lies, so half of one may stand out on either side
        assert len(rows) == 1 or sum(tokens) <= FULL + max(tokens)


@given(LENGTHS, st.integers(1, 5))
def test_lengths_are_apart_where_they_must_be_and_alike_elsewhere(
    lengths: list[int], threads: int
) -> None:
    for rows in batches(lengths, threads, mixed=False):
        assert len({lengths[row] for row in rows}) == 1
    for rows in batches(lengths, threads):
        longest, shortest = (choose(lengths[row] for row in rows) for choose in (max, min))
        assert longest <= 16 or longest < 2.5 * shortest


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_have_equal_work_when_there_is_little(threads: int) -> None:
    lengths = [9, 12, 7, 10, 11, 8, 9, 10, 13, 6] * 3

    work = [sum(lengths[row] for row in rows) for rows in batches(lengths, threads)]

    assert len(work) % threads == 0
    assert max(work) - min(work) <= 2 * max(lengths)
    assert work == sorted(work, reverse=True)


def test_many_texts_of_one_length_fill_their_batches() -> None:
    sizes = [len(rows) for rows in batches([8] * 3200, 2)]

    assert set(sizes) == {FULL // 8}


def test_nothing_to_read_is_no_batch() -> None:
    assert batches([], 2) == []


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_graph_finds_each_token_in_its_text(lengths: list[int]) -> None:
    found = graph_inputs(lengths)
    tokens = np.arange(sum(lengths))

    seen = tokens[found["where"]]
    there = found["bias"][:, 0, 0] == 0
    np.testing.assert_array_equal(seen[there], tokens)
    np.testing.assert_array_equal(seen.ravel()[found["back"]], tokens)
    np.testing.assert_array_equal(there.sum(1), lengths)
    np.testing.assert_array_equal(found["place"], [at for size in lengths for at in range(size)])
    assert found["bias"][:, 0, 0][~there].max(initial=-1e9) < -1e8
