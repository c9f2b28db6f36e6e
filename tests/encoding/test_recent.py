"""Rows by key, of which those used last are kept."""

from __future__ import annotations

from collections import OrderedDict
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding.cache import recent
from qa_nlp.encoding.cache.recent import RecentRows

KEYS = st.integers(0, 99)


@given(
    st.integers(1, 70),
    st.lists(st.tuples(st.booleans(), st.lists(KEYS, max_size=40)), max_size=30),
)
def test_recent_rows_are_those_of_a_plain_dict_in_order_of_use(
    capacity: int, steps: list[tuple[bool, list[int]]]
) -> None:
    with patch.object(recent, "_BLOCK", 8):
        rows = RecentRows(capacity, 2)
        model: OrderedDict[int, None] = OrderedDict()
        for puts, numbers in steps:
            keys = [str(number).encode() for number in numbers]
            if puts:
                rows.put(keys, np.array([[n, 255 - n] for n in numbers], np.uint8).reshape(-1, 2))
                model.update(dict.fromkeys(numbers))
                while len(model) > capacity:
                    model.popitem(last=False)
            else:
                places, found = rows.take(keys)
                for number in numbers:
                    if number in model:
                        model.move_to_end(number)
                there = [place for place, number in enumerate(numbers) if number in model]
                assert places.tolist() == there
                assert found.tolist() == [[numbers[p], 255 - numbers[p]] for p in there]
            assert len(rows) == len(model)
            assert rows.nbytes <= 2 * capacity


def test_recent_rows_take_memory_only_as_they_are_filled() -> None:
    rows = RecentRows(capacity=100_000, size=4)
    sizes = []

    for first in range(0, 200_000, 20_000):
        keys = [number.to_bytes(4, "big") for number in range(first, first + 20_000)]
        rows.put(keys, np.zeros((20_000, 4), dtype=np.uint8))
        sizes.append(rows.nbytes)

    assert sizes[0] < 200_000
    assert sizes[-1] == sizes[5] == 400_000
    assert len(rows) == 100_000
