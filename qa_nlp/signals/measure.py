"""Measure every signal of a batch on one encoding of its distinct sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qa_nlp.encoding import Encoder, VectorCache
from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.rubric import Rubric, column_name
from qa_nlp.scorecards import to_library
from qa_nlp.signals.base import Batch, Column, SignalSpec
from qa_nlp.signals.conduct import CONDUCT, measure_conduct
from qa_nlp.signals.empathy import EMPATHY, measure_empathy
from qa_nlp.signals.heads import load_artifact, load_heads
from qa_nlp.signals.phrases import ARTIFACT as PHRASES
from qa_nlp.signals.phrases import measure_phrases, phrase_specs, shipped_matcher
from qa_nlp.signals.rules import CompiledRules, check_rules, measure_rules, rule_specs
from qa_nlp.signals.sentiment import SENTIMENT, measure_sentiment
from qa_nlp.text.language import language_of
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Transcript

__all__ = ["SIGNALS_VERSION", "SignalMeter", "SignalTable", "check_signals", "signal_specs"]

SIGNALS_VERSION: Final = 1
"""Raised whenever the definition of a signal changes; part of every fingerprint."""

HEADS: Final = ("sentiment-en", "empathy-en")
ARTIFACTS: Final = (*HEADS, PHRASES)
"""The shipped weights that signals read."""


def signal_specs(rubric: Rubric | None = None) -> dict[str, SignalSpec]:
    """Describe every signal that can be measured.

    Parameters
    ----------
    rubric : Rubric, optional
        Adds the rubric's own rules.

    Returns
    -------
    dict of str to SignalSpec
        By name.

    Examples
    --------
    >>> signal_specs()["customer_sentiment.worst"].unit
    'valence'
    """
    rules = rule_specs(rubric.rules) if rubric is not None else ()
    fixed = {spec.name: spec for spec in (*SENTIMENT, *EMPATHY, *CONDUCT, *rules)}
    return {**phrase_specs(), **fixed}


def check_signals(rubric: Rubric) -> None:
    """Check that every signal a rubric names exists, and that its rules make sense.

    Parameters
    ----------
    rubric : Rubric
        The rubric.

    Raises
    ------
    RubricError
        One line for each signal that does not exist, with its place and near matches.
    """
    check_rules(rubric.rules)
    specs = signal_specs(rubric)
    findings = []
    for signal, within, where in rubric.signal_places():
        if signal not in specs:
            findings.append(f"{where}: there is no signal {signal!r}{did_you_mean(signal, specs)}")
        elif within != "anywhere" and not specs[signal].scoped:
            findings.append(
                f"{where}: {signal!r} is measured on the whole conversation; drop within"
            )
    if findings:
        raise RubricError("\n".join(findings))


@dataclass(frozen=True, slots=True)
class SignalTable:
    """Signals measured on transcripts.

    Parameters
    ----------
    transcript_ids : tuple of str
        One row each.
    languages : tuple of (str or None)
        Stated or detected language of each.
    encoded : tuple of bool
        Whether text signals could be measured in that language.
    columns : mapping of str to Column
        By column name.
    """

    transcript_ids: tuple[str, ...]
    languages: tuple[str | None, ...]
    encoded: tuple[bool, ...]
    columns: Mapping[str, Column]

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the values as a table, NaN where there was nothing to measure.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            ``transcript_id``, ``language`` and one column for each signal.
        """
        rows = [
            {
                "transcript_id": identifier,
                "language": language,
                **{name: float(column.values[row]) for name, column in self.columns.items()},
            }
            for row, (identifier, language) in enumerate(
                zip(self.transcript_ids, self.languages, strict=True)
            )
        ]
        return to_library(rows, library, ["transcript_id", "language", *self.columns])


class SignalMeter:
    """Measures signals with one encoder for one rubric.

    Parameters
    ----------
    encoder : Encoder
        Gives the sentence vectors.
    rubric : Rubric
        Whose rules to look for.

    Attributes
    ----------
    cache : VectorCache
        Vectors of the sentences met last.
    """

    def __init__(self, encoder: Encoder, rubric: Rubric) -> None:
        self.encoder = encoder
        self.cache = VectorCache(encoder)
        self._rubric = rubric
        self._rules = CompiledRules(rubric.rules)
        self._matcher = shipped_matcher(encoder)
        self._heads = {
            head.task: head
            for name in HEADS
            if load_artifact(name).manifest["encoder"] == encoder.fingerprint
            for head in load_heads(name)
        }

    @property
    def fingerprint_parts(self) -> dict[str, str]:
        """What determines a signal's value, by part."""
        heads = {name: load_artifact(name).sha256[:16] for name in HEADS} if self._heads else {}
        return {
            "encoder": self.encoder.fingerprint,
            "signals": str(SIGNALS_VERSION),
            "phrases": self._matcher.fingerprint,
            "phrase_weights": load_artifact(PHRASES).sha256[:16],
            **heads,
        }

    def measure(
        self, transcripts: Sequence[Transcript], uses: Collection[tuple[str, str]]
    ) -> SignalTable:
        """Measure signals within scopes.

        Parameters
        ----------
        transcripts : sequence of Transcript
            The conversations.
        uses : collection of (str, str)
            Signal and scope.

        Returns
        -------
        SignalTable
            One column for each use, in the order of their names.
        """
        batch = self._batch(transcripts)
        columns: dict[str, Column] = {}
        phrases = {
            (signal.removeprefix("phrase."), within)
            for signal, within in uses
            if signal.startswith("phrase.")
        }
        columns |= measure_phrases(batch, self._matcher, phrases)
        rules = {use for use in uses if use[0].startswith("rule.")}
        columns |= measure_rules(batch, self._rules, rules)
        names = {signal for signal, _ in uses}
        columns |= measure_conduct(batch, {name for name in names if name.startswith("conduct.")})
        if any(name.startswith(("customer_sentiment.", "empathy.")) for name in names):
            columns |= self._measure_heads(batch)
        wanted = sorted(column_name(signal, within) for signal, within in uses)
        return SignalTable(
            tuple(transcript.id for transcript in transcripts),
            batch.languages,
            tuple(bool(flag) for flag in batch.encoded),
            {name: columns[name] for name in wanted},
        )

    def _batch(self, transcripts: Sequence[Transcript]) -> Batch:
        languages = tuple(language_of(transcript) for transcript in transcripts)
        readable = self.encoder.languages
        encoded = np.array(
            [readable is None or language in readable for language in languages], dtype=np.bool_
        )
        table = sentence_table(transcripts, included=encoded.tolist())
        vectors = self.cache.encode(table.texts)
        heads = {task: head.probabilities(vectors) for task, head in self._heads.items()}
        return Batch(tuple(transcripts), languages, encoded, table, vectors, heads)

    def _measure_heads(self, batch: Batch) -> dict[str, Column]:
        if self._heads:
            return {**measure_sentiment(batch), **measure_empathy(batch)}
        size = len(batch.transcripts)
        nothing = Column(np.full(size, np.nan), [()] * size)
        return {spec.name: nothing for spec in (*SENTIMENT, *EMPATHY)}
