"""One thread for small products while a conversation is measured, and as many as before after."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info

from qa_nlp.signals.blas import one_blas_thread


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    np.ones((2, 2)) @ np.ones((2, 2))
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        yield


def threads() -> set[int]:
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


def test_threads_are_given_back() -> None:
    with one_blas_thread():
        assert threads() == {1}

    assert threads() == {2}


def test_threads_are_given_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError

    assert threads() == {2}


def test_a_second_thread_changes_nothing() -> None:
    seen: list[set[int]] = []

    def pass_through() -> None:
        with one_blas_thread():
            seen.append(threads())

    with one_blas_thread():
        other = threading.Thread(target=pass_through)
        other.start()
        other.join()
        seen.append(threads())

    assert seen == [{1}, {1}]
    assert threads() == {2}


def test_it_can_be_entered_again_inside() -> None:
    with one_blas_thread():
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == {1}

    assert threads() == {2}
