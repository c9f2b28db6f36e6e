"""The cache of vectors in memory, alone and with a store behind it."""

from __future__ import annotations

import hashlib
import math
import threading
import tracemalloc
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding import CustomEncoder, VectorCache
from qa_nlp.encoding.cache import CacheCounts
from qa_nlp.encoding.cache.packing import packed_size
from qa_nlp.encoding.cache.store import VectorStore
from qa_nlp.encoding.encoder import Vectors
from qa_nlp.errors import ArtifactError
from tests.builders import HashEncoder

TEXTS = [f"text {number}" for number in range(10)]


class Given:
    """An encoder that gives each text the vector that a table holds for it."""

    name, tier, terms, fingerprint = "given", "custom", "any", "given"
    languages = None

    def __init__(self, vectors: dict[str, Sequence[float]], width: int) -> None:
        self.vectors = vectors
        self.width = width
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = [self.vectors[text] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(-1, self.width)


def same_bits(one: Vectors, other: Vectors) -> bool:
    return one.dtype == other.dtype == np.float32 and one.tobytes() == other.tobytes()


def test_cache_gives_the_vectors_of_the_encoder() -> None:
    encoder = CustomEncoder(HashEncoder())
    cache = VectorCache(encoder)

    first, second = cache.encode(TEXTS), cache.encode(TEXTS[::-1])

    np.testing.assert_array_equal(first, encoder.encode(TEXTS))
    np.testing.assert_array_equal(second, encoder.encode(TEXTS[::-1]))
    assert cache.encode([]).shape == (0, 8)


def test_cache_encodes_only_what_is_new_and_counts() -> None:
    model = HashEncoder()
    cache = VectorCache(CustomEncoder(model))

    cache.encode(TEXTS[:4])
    cache.encode(TEXTS[2:6])
    cache.encode(TEXTS[:6])

    assert model.calls[1:] == [TEXTS[:4], TEXTS[4:6]]  # the first call is the fingerprint's
    assert (cache.hits, cache.misses) == (2 + 6, 4 + 2)


def test_cache_keeps_at_most_its_capacity_and_drops_the_oldest() -> None:
    model = HashEncoder()
    cache = VectorCache(CustomEncoder(model), capacity=3)

    cache.encode(["a", "b", "c"])
    cache.encode(["a"])
    cache.encode(["d"])  # "b" was used longest ago
    model.calls.clear()
    cache.encode(["a", "c", "d"])
    cache.encode(["b"])

    assert model.calls == [["b"]]


def test_cache_is_right_when_one_batch_is_larger_than_its_capacity() -> None:
    encoder = CustomEncoder(HashEncoder())
    cache = VectorCache(encoder, capacity=3)

    vectors = cache.encode(TEXTS)

    np.testing.assert_array_equal(vectors, encoder.encode(TEXTS))
    assert len(cache) == 3


def test_cache_gives_every_thread_the_right_vectors() -> None:
    encoder = CustomEncoder(HashEncoder())
    cache = VectorCache(encoder, capacity=40)
    texts = [f"text {number}" for number in range(100)]
    expected = encoder.encode(texts)
    together = threading.Barrier(8)

    def work(seed: int) -> bool:
        order = np.random.default_rng(seed)
        together.wait(timeout=60)
        for _ in range(50):
            chosen = order.choice(100, size=20, replace=False)
            vectors = cache.encode([texts[index] for index in chosen])
            if not np.array_equal(vectors, expected[chosen]):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        right = list(pool.map(work, range(8)))

    assert all(right)
    assert len(cache) <= 40
    assert cache.hits + cache.misses == 8 * 50 * 20


NUMBERS = st.one_of(
    st.integers(-100_000, 100_000).map(lambda number: number / 100_000),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-5, -1e-5]),
)
ANY_NUMBERS = st.floats(width=32)


@given(
    st.lists(st.lists(NUMBERS, min_size=5, max_size=5), min_size=1, max_size=3),
    st.lists(st.lists(ANY_NUMBERS, min_size=5, max_size=5), min_size=1, max_size=3),
)
def test_cache_gives_every_bit_back_whatever_the_numbers(
    rounded: list[list[float]], arbitrary: list[list[float]]
) -> None:
    rows = [*rounded, *arbitrary]
    encoder = Given({f"text {place}": row for place, row in enumerate(rows)}, 5)
    first, rest = list(encoder.vectors)[: len(rounded)], list(encoder.vectors)[len(rounded) :]
    cache = VectorCache(encoder)

    for texts in (first, first, rest, [*rest, *first], first):
        assert same_bits(cache.encode(texts), encoder.encode(texts))


@given(
    st.integers(0, 50),
    st.lists(st.lists(st.integers(0, 79), max_size=25, unique=True), max_size=15),
)
def test_cache_keeps_what_a_plain_least_recently_used_dict_keeps(
    capacity: int, batches: list[list[int]]
) -> None:
    encoder = Given({str(number): [number / 1000] for number in range(80)}, 1)
    cache = VectorCache(encoder, capacity)
    model: OrderedDict[str, None] = OrderedDict()

    for batch in batches:
        texts = [str(number) for number in batch]
        encoder.asked.clear()
        vectors = cache.encode(texts)

        missing = [text for text in texts if text not in model]
        for text in texts:
            if text in model:
                model.move_to_end(text)
        model.update(dict.fromkeys(missing))
        while len(model) > capacity:
            model.popitem(last=False)
        assert encoder.asked == missing
        assert len(cache) == len(model)
        np.testing.assert_array_equal(
            vectors[:, 0], np.array(batch, dtype=np.float32) / np.float32(1000)
        )


def test_cache_encodes_nothing_twice_for_a_text_that_comes_twice_in_a_later_call() -> None:
    cache = VectorCache(CustomEncoder(HashEncoder()))

    vectors = cache.encode(["a", "b", "a"])

    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert len(cache) == 2


def test_cache_is_right_when_it_may_keep_nothing() -> None:
    encoder = CustomEncoder(HashEncoder())
    cache = VectorCache(encoder, capacity=0)

    for _ in range(2):
        np.testing.assert_array_equal(cache.encode(TEXTS), encoder.encode(TEXTS))
    assert (cache.hits, cache.misses, len(cache)) == (0, 20, 0)


def test_cache_refuses_a_negative_capacity() -> None:
    with pytest.raises(ValueError, match="the capacity must be 0 or more, not -1"):
        VectorCache(CustomEncoder(HashEncoder()), capacity=-1)


def test_cache_gives_arrays_that_are_the_callers_own() -> None:
    encoder = CustomEncoder(HashEncoder())
    cache = VectorCache(encoder)

    for _ in range(3):
        cache.encode(TEXTS)[:] = 7

    np.testing.assert_array_equal(cache.encode(TEXTS), encoder.encode(TEXTS))


def test_cache_lets_an_error_of_the_encoder_through_and_goes_on() -> None:
    encoder = Given({"known": [0.5]}, 1)
    cache = VectorCache(encoder)

    with pytest.raises(KeyError):
        cache.encode(["known", "unknown"])

    assert cache.encode(["known"]).tolist() == [[0.5]]
    assert (cache.hits, cache.misses) == (0, 1)


def test_cache_takes_no_more_memory_however_many_texts_it_has_seen() -> None:
    capacity, columns = 1000, 512
    row = np.linspace(-1, 1, columns).round(5).tolist()
    encoder = Given({f"text {number}": row for number in range(4000)}, columns)
    texts = list(encoder.vectors)
    cache = VectorCache(encoder, capacity)
    held = []

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for first in range(0, 4000, 500):
        cache.encode(texts[first : first + 500])
        encoder.asked.clear()
        held.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()

    assert max(held) < capacity * (packed_size(columns) + 200)
    assert held[-1] < held[2] * 1.05


def test_cache_does_not_keep_texts() -> None:
    cache = VectorCache(CustomEncoder(HashEncoder()))
    text = "".join(["my number ", "is 4711"])

    cache.encode([text])

    assert cache._recent is not None
    assert list(cache._recent._slots) == [hashlib.blake2b(text.encode(), digest_size=16).digest()]


def test_hit_rate_is_the_share_of_texts_that_were_there() -> None:
    cache = VectorCache(CustomEncoder(HashEncoder()))
    assert math.isnan(cache.hit_rate)

    cache.encode(TEXTS[:4])
    cache.encode(TEXTS[:4])
    cache.encode(TEXTS[:8])

    assert cache.hit_rate == 8 / 16


def test_counts_can_be_added_and_subtracted() -> None:
    cache = VectorCache(CustomEncoder(HashEncoder()))
    cache.encode(TEXTS[:4])
    before = cache.counts
    cache.encode(TEXTS[:6])

    assert cache.counts - before == CacheCounts(hits=4, misses=2)
    assert before + (cache.counts - before) == cache.counts == CacheCounts(4, 0, 6)


# with a store


def test_cache_takes_from_the_store_what_is_not_in_memory(tmp_path: Path) -> None:
    model = HashEncoder()
    encoder = CustomEncoder(model)
    with VectorStore(tmp_path, encoder) as store:
        VectorCache(encoder, store=store).encode(TEXTS[:6])
        cache = VectorCache(encoder, store=store)
        cache.encode(TEXTS[4:5])
        model.calls.clear()

        vectors = cache.encode(TEXTS[::-1])

        assert model.calls == [TEXTS[:5:-1]]
        assert same_bits(vectors, encoder.encode(TEXTS[::-1]))
        assert cache.counts == CacheCounts(hits=1 + 6, disk_hits=1 + 5, misses=4)
        assert store.state.vectors == len(TEXTS)


@given(st.lists(st.lists(st.integers(0, 15), max_size=10, unique=True), max_size=8))
def test_cache_with_a_store_encodes_each_text_once(batches: list[list[int]]) -> None:
    encoder = Given({str(number): [number / 100, -0.0] for number in range(16)}, 2)
    asked: list[str] = []
    store = MemoryStore()

    for batch in batches:
        texts = [str(number) for number in batch]
        encoder.asked.clear()
        vectors = VectorCache(encoder, 4, store).encode(texts)  # type: ignore[arg-type]
        asked += encoder.asked
        assert same_bits(vectors, encoder.encode(texts))

    assert sorted(asked, key=int) == sorted(set(asked), key=int)


class MemoryStore:
    """A store that keeps what it is given in a dict."""

    fingerprint, secret, path = "given", b"secret", Path("nowhere")

    def __init__(self) -> None:
        self.rows: dict[bytes, Vectors] = {}

    def read(
        self, keys: Sequence[bytes]
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Vectors]:
        places = [place for place, key in enumerate(keys) if key in self.rows][::-1]
        rows = np.array([self.rows[keys[place]] for place in places], dtype=np.float32)
        return np.array(places, dtype=np.intp), rows.reshape(-1, 2)

    def add(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        self.rows |= dict(zip(keys, vectors, strict=True))


def test_cache_refuses_the_store_of_another_encoder(tmp_path: Path) -> None:
    with (
        VectorStore(tmp_path, CustomEncoder(HashEncoder(), name="one")) as store,
        pytest.raises(ArtifactError, match=r"one-.*\.vectors: holds vectors of the encoder 'one:"),
    ):
        VectorCache(CustomEncoder(HashEncoder(), name="other"), store=store)
