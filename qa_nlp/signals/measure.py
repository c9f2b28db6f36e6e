"""Measure every signal of a batch on one encoding of its distinct sentences."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from qa_nlp.encoding import Encoder, EncoderOffer, VectorCache
from qa_nlp.encoding.cache import CacheCounts
from qa_nlp.errors import RubricError, did_you_mean
from qa_nlp.phrase_bank import PhraseBankFile
from qa_nlp.rubric import Rubric, column_name
from qa_nlp.scorecards import to_library
from qa_nlp.signals.answers import TextHead, check_head
from qa_nlp.signals.base import Batch, Column, SignalSpec, Span
from qa_nlp.signals.blas import one_blas_thread
from qa_nlp.signals.conduct import CONDUCT, measure_conduct
from qa_nlp.signals.emotion import EMOTION, measure_emotion
from qa_nlp.signals.empathy import EMPATHY, measure_empathy
from qa_nlp.signals.heads import heads_of
from qa_nlp.signals.phrases import (
    PhraseHits,
    matcher_for,
    measure_phrases,
    phrase_specs,
    phrase_weights_fingerprint,
    shipped_banks_fingerprint,
)
from qa_nlp.signals.required import (
    check_requirements,
    measure_required,
    named_signals,
    required_specs,
)
from qa_nlp.signals.rules import CompiledRules, RuleHits, check_rules, rule_specs
from qa_nlp.signals.sentiment import SENTIMENT, measure_sentiment
from qa_nlp.signals.summary import Summarised, Summary, summaries
from qa_nlp.signals.tone import TONE, measure_tone
from qa_nlp.signals.turns import answers_on_turns, turns_of
from qa_nlp.text.language import language_of
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Transcript, split_turn

__all__ = [
    "SIGNALS_VERSION",
    "SignalMeter",
    "SignalTable",
    "check_signals",
    "signal_specs",
]

SIGNALS_VERSION: Final = 3
"""Raised whenever the definition of a signal changes; part of every fingerprint."""

VECTORS_KEPT: Final = 200_000
"""Vectors in memory at most, shared by the encoders of a scorer."""

_FAMILIES: Final[Mapping[str, Callable[[Batch], dict[str, Column]]]] = MappingProxyType(
    {
        "customer_sentiment.": measure_sentiment,
        "customer_emotion.": measure_emotion,
        "empathy.": measure_empathy,
        "tone.": measure_tone,
    }
)
"""Signals of the classifiers, each family measured as one."""


def signal_specs(rubric: Rubric | None = None) -> dict[str, SignalSpec]:
    """Describe every signal that can be measured.

    Parameters
    ----------
    rubric : Rubric, optional
        Adds the rubric's own phrase banks, rules and requirements.

    Returns
    -------
    dict of str to SignalSpec
        By name.

    Examples
    --------
    >>> signal_specs()["customer_sentiment.worst"].unit
    'valence'
    """
    own = (*rule_specs(rubric.rules), *required_specs(rubric)) if rubric is not None else ()
    read = (*SENTIMENT, *EMOTION, *EMPATHY, *TONE)
    fixed = {spec.name: spec for spec in (*read, *CONDUCT, *own)}
    return {**phrase_specs(() if rubric is None else rubric.phrase_banks), **fixed}


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
    check_requirements(rubric, [name for name in specs if name.startswith(("phrase.", "rule."))])
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
    encoders : tuple of EncoderOffer
        What encoded each, or would have.
    columns : mapping of str to Column
        By column name.
    summaries : tuple of Summary, default ()
        Of each transcript's text, where asked for.
    """

    transcript_ids: tuple[str, ...]
    languages: tuple[str | None, ...]
    encoded: tuple[bool, ...]
    encoders: tuple[EncoderOffer, ...]
    columns: Mapping[str, Column]
    summaries: tuple[Summary, ...] = ()

    def for_calibration(self) -> SignalTable:
        """Give the same values without what only a scorecard shows.

        Returns
        -------
        SignalTable
            Without evidence; summaries of conversations up to a turn hold only their end.
        """
        nothing: list[tuple[Span, ...]] = [()] * len(self.transcript_ids)
        columns = {name: Column(column.values, nothing) for name, column in self.columns.items()}
        told = tuple(
            summary if split_turn(name) is None else summary.at_end()
            for name, summary in zip(self.transcript_ids, self.summaries, strict=True)
        )
        return replace(self, columns=columns, summaries=told)

    def rows(self, order: Sequence[int]) -> SignalTable:
        """Give some rows, in another order.

        Parameters
        ----------
        order : sequence of int
            Which.

        Returns
        -------
        SignalTable
            Those rows.
        """
        return SignalTable(
            tuple(self.transcript_ids[row] for row in order),
            tuple(self.languages[row] for row in order),
            tuple(self.encoded[row] for row in order),
            tuple(self.encoders[row] for row in order),
            {
                name: Column(column.values[list(order)], [column.evidence[row] for row in order])
                for name, column in self.columns.items()
            },
            tuple(self.summaries[row] for row in order) if self.summaries else (),
        )

    @classmethod
    def joined(cls, tables: Sequence[SignalTable]) -> SignalTable:
        """Put tables of the same signals one below the other.

        Parameters
        ----------
        tables : sequence of SignalTable
            At least one.

        Returns
        -------
        SignalTable
            All rows, in order.
        """
        columns = {
            name: Column(
                np.concatenate([table.columns[name].values for table in tables]),
                [spans for table in tables for spans in table.columns[name].evidence],
            )
            for name in tables[0].columns
        }
        return cls(
            tuple(row for table in tables for row in table.transcript_ids),
            tuple(row for table in tables for row in table.languages),
            tuple(row for table in tables for row in table.encoded),
            tuple(row for table in tables for row in table.encoders),
            columns,
            tuple(row for table in tables for row in table.summaries),
        )

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
    """Measures signals for one rubric, each transcript with the encoder that reads its language.

    Parameters
    ----------
    offers : sequence of EncoderOffer
        Encoders; each is opened when the first transcript needs it.
    rubric : Rubric
        Whose rules to look for.
    heads : mapping of str to TextHead, optional
        Classifiers by task, in place of the shipped ones.
    cache_folder : pathlib.Path, optional
        Where vectors are kept on disk; default: nowhere.
    """

    def __init__(
        self,
        offers: Sequence[EncoderOffer],
        rubric: Rubric,
        heads: Mapping[str, TextHead] | None = None,
        cache_folder: Path | None = None,
    ) -> None:
        for task, head in (heads or {}).items():
            check_head(head, task)
        self.offers = tuple(offers)
        self._rubric = rubric
        self._rules = CompiledRules(rubric.rules)
        self._heads = dict(heads or {})
        self._cache_folder = cache_folder
        self._readers: dict[EncoderOffer, Reader] = {}
        self._lock = threading.Lock()

    @property
    def fingerprint_parts(self) -> dict[str, str]:
        """What determines a signal's value, by part."""
        weights = [phrase_weights_fingerprint(offer.fingerprint) for offer in self.offers]
        return {
            "encoder": "+".join(offer.fingerprint for offer in self.offers),
            "signals": str(SIGNALS_VERSION),
            "phrases": shipped_banks_fingerprint(),
            "phrase_weights": "+".join(weights),
            **{f"head.{task}": head.fingerprint for task, head in sorted(self._heads.items())},
        }

    def reader(self, offer: EncoderOffer) -> Reader:
        """Give the reader of one of the encoders, opened at the first call.

        Parameters
        ----------
        offer : EncoderOffer
            One of `offers`.

        Returns
        -------
        Reader
            Encodes and classifies.
        """
        with self._lock:
            if offer not in self._readers:
                encoder = offer.open()
                self._readers[offer] = Reader(
                    encoder, self._heads, self._rubric.phrase_banks, self._cache(encoder)
                )
            return self._readers[offer]

    @property
    def cache_counts(self) -> CacheCounts:
        """How often a distinct sentence had been encoded before, over all encoders."""
        return sum((reader.cache.counts for reader in self._readers.values()), CacheCounts())

    @property
    def cache_trouble(self) -> tuple[str, ...]:
        """Why vectors are not kept on disk any more, where that is so."""
        stores = [reader.cache.store for reader in self._readers.values()]
        return tuple(store.state.trouble for store in stores if store and store.state.trouble)

    def _cache(self, encoder: Encoder) -> VectorCache:
        store = None
        if self._cache_folder is not None and encoder.tier != "fast":
            from qa_nlp.encoding.cache.store import VectorStore

            store = VectorStore(self._cache_folder, encoder)
        return VectorCache(encoder, VECTORS_KEPT // len(self.offers), store)

    def measure(
        self,
        transcripts: Sequence[Transcript],
        uses: Collection[tuple[str, str]],
        summarised: Summarised = "no",
    ) -> SignalTable:
        """Measure signals within scopes.

        Parameters
        ----------
        transcripts : sequence of Transcript
            The conversations.
        uses : collection of (str, str)
            Signal and scope.
        summarised : {"no", "end", "turns"}, default "no"
            Whether to summarise each text: not at all, at its end, or after each turn too.

        Returns
        -------
        SignalTable
            One column for each use, in the order of their names.
        """
        wanted = sorted(column_name(signal, within) for signal, within in uses)
        languages = tuple(language_of(transcript) for transcript in transcripts)
        encoders = tuple(self._offer(language) for language in languages)
        values = {name: np.full(len(transcripts), np.nan) for name in wanted}
        evidence: dict[str, list[tuple[Span, ...]]] = {
            name: [()] * len(transcripts) for name in wanted
        }
        told: list[Summary | None] = [None] * len(transcripts)
        for offer in dict.fromkeys(encoders):
            rows = [row for row, chosen in enumerate(encoders) if chosen is offer]
            batch = self._batch(
                tuple(transcripts[row] for row in rows),
                tuple(languages[row] for row in rows),
                offer,
            )
            with one_blas_thread():
                columns = self._columns(batch, self.reader(offer), uses)
            for name in wanted:
                values[name][rows] = columns[name].values
                for row, spans in zip(rows, columns[name].evidence, strict=True):
                    evidence[name][row] = spans
            if summarised != "no":
                found = summaries(batch, every_turn=summarised == "turns")
                for row, summary in zip(rows, found, strict=True):
                    told[row] = replace(summary, encoder=offer.fingerprint)
        return SignalTable(
            tuple(transcript.id for transcript in transcripts),
            languages,
            tuple(map(EncoderOffer.reads, encoders, languages)),
            encoders,
            {name: Column(values[name], evidence[name]) for name in wanted},
            tuple(summary for summary in told if summary is not None),
        )

    def batch(self, transcripts: Sequence[Transcript]) -> Batch:
        """Read transcripts with the encoder for the first, so that signals can be measured on them.

        Parameters
        ----------
        transcripts : sequence of Transcript
            The conversations.

        Returns
        -------
        Batch
            Their sentences, each distinct one encoded and classified once, and their turns.
        """
        languages = tuple(language_of(transcript) for transcript in transcripts)
        offer = self._offer(next(iter(languages), None))
        return self._batch(tuple(transcripts), languages, offer)

    def _batch(
        self,
        transcripts: tuple[Transcript, ...],
        languages: tuple[str | None, ...],
        offer: EncoderOffer,
    ) -> Batch:
        encoded = np.array([offer.reads(language) for language in languages], dtype=np.bool_)
        table = sentence_table(transcripts, included=encoded.tolist())
        reader = self.reader(offer)
        with one_blas_thread():
            rows = reader.cache.encode(table.texts)
            logits = {task: head.logits(table.texts, rows) for task, head in reader.heads.items()}
        return Batch(
            transcripts,
            languages,
            encoded,
            table,
            rows[:, : reader.encoder.width],
            {task: reader.heads[task].probabilities(found) for task, found in logits.items()},
            turns_of(table),
            answers_on_turns(table, reader.heads, logits),
            rows[:, reader.encoder.width :],
        )

    def _offer(self, language: str | None) -> EncoderOffer:
        """Choose the encoder for a language; where none reads it, the first is named."""
        return next((offer for offer in self.offers if offer.reads(language)), self.offers[0])

    def _columns(
        self, batch: Batch, reader: Reader, uses: Collection[tuple[str, str]]
    ) -> dict[str, Column]:
        columns: dict[str, Column] = {}
        names = {signal for signal, _ in uses}
        phrases, rules = (
            {use for use in uses if use[0].startswith(family)} for family in ("phrase.", "rule.")
        )
        said = {name for name, _ in phrases} | named_signals(self._rubric, "phrase.")
        matched = {name for name, _ in rules} | named_signals(self._rubric, "rule.")
        phrase_hits = PhraseHits(
            batch, reader.matcher, {name.removeprefix("phrase.") for name in said}
        )
        rule_hits = RuleHits(batch, self._rules, matched)
        columns |= measure_phrases(
            phrase_hits, {(name.removeprefix("phrase."), within) for name, within in phrases}
        )
        columns |= rule_hits.columns(rules)
        columns |= measure_required(self._rubric, phrase_hits, rule_hits, names)
        columns |= measure_conduct(batch, {name for name in names if name.startswith("conduct.")})
        for family, measure in _FAMILIES.items():
            if any(name.startswith(family) for name in names):
                columns |= measure(batch)
        return columns


class Reader:
    """One open encoder with its cache, its phrase banks and its classifiers.

    Parameters
    ----------
    encoder : Encoder
        Gives the rows.
    heads : mapping of str to TextHead
        Classifiers by task, in place of the shipped ones.
    banks : sequence of PhraseBankFile
        The rubric's own phrase banks.
    cache : VectorCache
        Asks the encoder for what it does not hold.
    """

    def __init__(
        self,
        encoder: Encoder,
        heads: Mapping[str, TextHead],
        banks: Sequence[PhraseBankFile],
        cache: VectorCache,
    ) -> None:
        self.encoder = encoder
        self.cache = cache
        self.matcher = matcher_for(banks, encoder)
        self.heads: Mapping[str, TextHead] = {**heads_of(encoder), **heads}
