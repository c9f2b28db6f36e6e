"""Vectors in 18 bits a number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from qa_nlp.encoding.cache.packing import packed, packed_size, plain, plain_size, unpacked
from qa_nlp.encoding.encoder import unit_rows


def test_packing_gives_back_every_number_of_five_decimals() -> None:
    whole = np.arange(-100_000, 100_001)
    for rounded in (np.round(whole / 100_000, 5), np.round(np.float32(whole / 100_000), 5)):
        vectors = np.append(rounded, -0.0).astype(np.float32).reshape(2, -1)

        rows = packed(vectors)

        assert rows.shape == (2, packed_size(vectors.shape[1]))
        assert unpacked(rows, vectors.shape[1]).tobytes() == vectors.tobytes()


@pytest.mark.parametrize("columns", range(1, 10))
@pytest.mark.parametrize("count", [0, 1, 255, 256, 257])
def test_packing_gives_back_unit_rows_of_any_shape(columns: int, count: int) -> None:
    random = np.random.default_rng(columns)
    vectors = unit_rows(random.normal(size=(count, columns)).astype(np.float32))

    rows = packed(vectors)

    assert rows.shape == (count, packed_size(columns))
    assert unpacked(rows, columns).tobytes() == vectors.tobytes()


@given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6),
        elements=st.floats(width=32),
    )
)
def test_packing_gives_back_any_numbers_at_all(
    vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    columns = vectors.shape[1]

    for rows in (packed(vectors), plain(vectors)):
        assert unpacked(rows, columns).tobytes() == vectors.tobytes()


@pytest.mark.parametrize("number", [0.123456, 1.00001, -2.0, np.nan, np.inf, -np.inf, 1e-6, 1e-45])
def test_vectors_that_are_not_rounded_stay_32_bit_floats(number: float) -> None:
    vectors = np.array([[0.5, 0.25], [0.5, number]], dtype=np.float32)

    assert packed(vectors).shape == (2, plain_size(2))


def test_packing_reads_vectors_and_rows_that_are_not_contiguous() -> None:
    vectors = unit_rows(np.random.default_rng(0).normal(size=(9, 14)).astype(np.float32))
    rows = np.zeros((9, 40), dtype=np.uint8)
    rows[:, 3 : 3 + packed_size(7)] = packed(vectors[:, ::2])

    again = unpacked(rows[:, 3 : 3 + packed_size(7)], 7)

    np.testing.assert_array_equal(again, vectors[:, ::2])
