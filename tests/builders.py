"""Small values that several tests build by hand: transcripts, batches, scorecards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard, SectionScore, TotalStatus
from qa_nlp.signals.answers import class_names, pool_logits
from qa_nlp.signals.base import Array, Batch
from qa_nlp.signals.tasks import TASKS, task_values
from qa_nlp.signals.turns import answers_on_turns, turns_of
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Role, Transcript, Turn


def chat(identifier: str, *said: str, **fields: Any) -> Transcript:
    """Build a transcript from lines such as ``"agent: Hello!"``; English unless stated."""
    turns = []
    for line in said:
        role, _, text = line.partition(": ")
        turns.append(Turn(Role(role), text))
    return Transcript(identifier, tuple(turns), **{"language": "en", **fields})


def batch_of(
    transcripts: Sequence[Transcript],
    heads: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    vectors: Mapping[str, Sequence[float]] | None = None,
) -> Batch:
    """Build a batch whose head probabilities and vectors are stated for each sentence.

    Turns are answered by what is stated of their sentences, put together as the task asks for.
    """
    table = sentence_table(transcripts)
    rows = [vectors[text] if vectors else (0.0,) for text in table.texts]
    width = len(rows[0]) if rows else 1
    answering = {task: StatedHead(task, stated) for task, stated in (heads or {}).items()}
    logits = {task: head.logits(table.texts, None) for task, head in answering.items()}
    return Batch(
        tuple(transcripts),
        tuple(transcript.language for transcript in transcripts),
        np.ones(len(transcripts), dtype=np.bool_),
        table,
        np.array(rows, dtype=np.float32).reshape(-1, width),
        {task: head.probabilities(logits[task]) for task, head in answering.items()},
        turns_of(table),
        answers_on_turns(table, answering, logits),
    )


class StatedHead:
    """A head whose answers on sentences are stated, as probabilities.

    They are put together without logits, so that the answers on turns are easy to tell by hand; of
    ordered levels, it is those of reaching a level.
    """

    reads_vectors = False
    fingerprint = "stated"

    def __init__(self, task: str, stated: Mapping[str, Sequence[float]]) -> None:
        self.task = task
        self.classes = TASKS[task].classes or ()
        self._ordinal = TASKS[task].kind == "ordinal"
        self._stated = stated

    def logits(self, sentences: Sequence[str], rows: NDArray[np.float32] | None) -> Array:
        stated = np.array([self._stated[text] for text in sentences], dtype=np.float64)
        columns = stated.reshape(-1, len(self.classes))
        if not self._ordinal:
            return columns
        return np.column_stack([columns[:, 1] + columns[:, 2], columns[:, 2]])

    def pool(self, logits: Array, owner: NDArray[np.int64], share: Array, texts: int) -> Array:
        return pool_logits(TASKS[self.task].pooling, logits, owner, share, texts)

    def probabilities(self, pooled: Array) -> Array:
        if not self._ordinal:
            return pooled
        first, second = pooled.T
        return np.column_stack([1 - first, first - second, second])

    def values(self, pooled: Array) -> Array:
        return task_values(self.task, self.classes, self.probabilities(pooled))

    def labels(self, pooled: Array) -> NDArray[np.object_]:
        chances = self.probabilities(pooled)
        return class_names(self.classes, chances, chances.argmax(axis=1))


class HashEncoder:
    """A sentence encoder of one's own: any text gets an arbitrary vector, always the same."""

    def __init__(self, width: int = 8) -> None:
        self.width = width
        self.calls: list[list[str]] = []

    def encode(self, texts: list[str]) -> list[list[float]]:
        self.calls.append(list(texts))
        digests = [hashlib.sha256(text.encode()).digest()[: self.width] for text in texts]
        return [[byte - 127.5 for byte in digest] for digest in digests]


def full_card() -> Scorecard:
    """Build a scorecard that sets every stored field but the error."""
    evidence = (
        Evidence("phrase.greeting", 1.25, 0, 0, 5, "Hello", "said with probability 0.97"),
        Evidence("conduct.turns", -0.5, note="2 turns"),
    )
    grades = (
        Grade(
            "opening",
            GradeStatus.GRADED,
            "good",
            {"poor": 0.125, "good": 0.875},
            1.875,
            0.875,
            1.0,
            contributions={"phrase.greeting": 1.25, "conduct.turns": -0.5},
            evidence=evidence,
        ),
        Grade(
            "identity",
            GradeStatus.ABSTAINED,
            None,
            {"no": 0.5, "yes": 0.5},
            0.5,
            1.0,
            2.0,
            critical=True,
            calibrated=True,
            reason="none of its signals could be measured",
        ),
        Grade("hold", GradeStatus.NOT_APPLICABLE, reason="asked only on voice; this is chat"),
    )
    return Scorecard(
        "c1",
        "g1",
        "demo",
        "1.0",
        total=62.5,
        total_status=TotalStatus.PROVISIONAL,
        total_interval=(29.1667, 95.8333),
        total_without_critical=62.5,
        sections=(SectionScore("start", 62.5, 1.875, 3.0), SectionScore("end", None, 0.0, 0.0)),
        grades=grades,
        critical_failures=("identity",),
        fingerprint="0123456789abcdef",
        provenance={"library": "0.1.0", "tier": "torch"},
        metadata={"agent_id": "A1", "team": "north", "tags": ["a", {"b": None}]},
        channel="chat",
        language="en",
        started_at="2026-03-02T09:12:00+00:00",
        turn_count=2,
        word_count=7,
    )


texts = st.text(st.characters(codec="utf-8"), max_size=30)
"""Any text that can be written as UTF-8, control characters and emoji included."""

_numbers = st.floats(allow_nan=False, allow_infinity=False)
_plain = st.none() | st.booleans() | st.integers() | _numbers | texts
metadata = st.dictionaries(
    texts,
    st.recursive(
        _plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
"""Anything that JSON can hold."""

_counts = st.integers(0, 2**62)
_evidence = st.builds(
    Evidence,
    texts,
    _numbers,
    turn=st.none() | _counts,
    start=st.none() | _counts,
    end=st.none() | _counts,
    quote=st.none() | texts,
    note=st.none() | texts,
)
_grades = st.builds(
    Grade,
    texts,
    st.sampled_from(GradeStatus),
    level=st.none() | texts,
    probabilities=st.dictionaries(texts, _numbers, max_size=3),
    expected=st.none() | _numbers,
    points=st.none() | _numbers,
    possible=st.none() | _numbers,
    critical=st.booleans(),
    calibrated=st.booleans(),
    reason=st.none() | texts,
    contributions=st.dictionaries(texts, _numbers, max_size=3),
    evidence=st.lists(_evidence, max_size=2).map(tuple),
)
scorecards = st.builds(
    Scorecard,
    texts,
    texts,
    texts,
    texts,
    total=st.none() | _numbers,
    total_status=st.sampled_from(TotalStatus),
    total_interval=st.none() | st.tuples(_numbers, _numbers),
    total_without_critical=st.none() | _numbers,
    sections=st.lists(
        st.builds(SectionScore, texts, st.none() | _numbers, _numbers, _numbers), max_size=2
    ).map(tuple),
    grades=st.lists(_grades, max_size=2).map(tuple),
    critical_failures=st.lists(texts, max_size=2).map(tuple),
    fingerprint=texts,
    provenance=st.dictionaries(texts, texts, max_size=3),
    metadata=metadata,
    channel=st.none() | texts,
    language=st.none() | texts,
    started_at=st.none() | texts,
    turn_count=_counts,
    word_count=_counts,
    error=st.none() | texts,
)
"""Scorecards whose fields are as odd as their types allow."""


def unread_batch(transcripts: Sequence[Transcript]) -> Batch:
    """Give a batch without sentences, for signals that need no encoder."""
    return Batch(
        transcripts=tuple(transcripts),
        languages=tuple(transcript.language for transcript in transcripts),
        encoded=np.zeros(len(transcripts), dtype=np.bool_),
        sentences=sentence_table(()),
        vectors=np.zeros((0, 4), dtype=np.float32),
        heads={},
    )
