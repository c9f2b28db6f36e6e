"""Transcripts in, scorecards out."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from qa_nlp.calibration.grading import Measured, grade_criteria
from qa_nlp.calibration.prior import PriorModel
from qa_nlp.calibration.rollup import roll_up
from qa_nlp.encoding import Encoder, EncoderOffer, encoder_offers
from qa_nlp.encoding.offer import AUTO
from qa_nlp.errors import TranscriptError
from qa_nlp.importers import BadTranscript, Transcripts
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import Scorecards
from qa_nlp.signals.answers import TextHead
from qa_nlp.signals.measure import SignalMeter, SignalTable, check_signals, signal_specs
from qa_nlp.signals.timeline import timeline
from qa_nlp.text.language import language_of
from qa_nlp.transcript import Transcript

__all__ = ["Scorer", "library_version"]

SCORING_VERSION: Final = 1
"""Raised whenever the same signals give other grades; part of every fingerprint."""

_SHARD: Final = 64

Progress = Callable[[int], None]


class Scorer:
    """Grades transcripts on a rubric.

    Parameters
    ----------
    rubric : str, pathlib.Path or Rubric, default "service_excellence"
        Name of a shipped rubric, path of a YAML file, or a rubric.
    encoder : str, pathlib.Path or object, default "auto"
        ``"auto"`` reads each transcript with the encoder for its language: English, and with the
        extra ``multilingual`` Romanian, Russian and Portuguese. Else see `load_encoder`; weights
        that ``"en-research"`` reads are for research only.
    quotes : bool, default True
        Whether evidence holds the (masked) words it points at.
    heads : mapping of str to TextHead, optional
        Classifiers by task in place of the shipped ones, for example an `HFClassifier`.

    Raises
    ------
    RubricError
        When the rubric does not make sense or names a signal that does not exist.
    ArtifactError
        When weights are missing or damaged.

    Examples
    --------
    >>> import qa_nlp as qa
    >>> scorer = qa.Scorer("service_excellence")
    >>> card = scorer.score_one(qa.load_samples()[0])
    >>> card.transcript_id, card.total_status.value
    ('call-en-01', 'final')
    """

    def __init__(
        self,
        rubric: str | Path | Rubric = "service_excellence",
        *,
        encoder: str | Path | Encoder | Any = AUTO,
        quotes: bool = True,
        heads: Mapping[str, TextHead] | None = None,
    ) -> None:
        self.rubric = Rubric.load(rubric)
        check_signals(self.rubric)
        self.encoders = encoder_offers(encoder)
        self.quotes = quotes
        self._specs = signal_specs(self.rubric)
        self._models = {c.id: PriorModel.of(c, self._specs) for c in self.rubric.criteria}
        self._meter = SignalMeter(self.encoders, self.rubric, heads)
        self._uses = {(signal, within) for signal, within, _ in self.rubric.signal_places()}
        self.fingerprint = _hash(self.fingerprint_parts)

    def __repr__(self) -> str:
        return (
            f"Scorer(rubric={self.rubric.id!r}, "
            f"encoders={[offer.name for offer in self.encoders]}, "
            f"tier={self.encoders[0].tier!r}, fingerprint={self.fingerprint!r})"
        )

    @property
    def fingerprint_parts(self) -> dict[str, str]:
        """Everything that determines a grade, by part."""
        return {
            "rubric": self.rubric.fingerprint,
            "scoring": str(SCORING_VERSION),
            **self._meter.fingerprint_parts,
        }

    def provenance(self, encoder: EncoderOffer | None = None) -> dict[str, str]:
        """Say where a scorecard comes from.

        Parameters
        ----------
        encoder : EncoderOffer, optional
            What read the transcript; default: the first.

        Returns
        -------
        dict of str to str
            ``library``, ``encoder``, ``tier`` and ``terms`` of the weights.
        """
        chosen = encoder or self.encoders[0]
        return {
            "library": library_version(),
            "encoder": chosen.name,
            "tier": chosen.tier,
            "terms": chosen.terms,
        }

    def score(
        self,
        transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
        progress: Progress | None = None,
    ) -> Scorecards:
        """Score transcripts.

        A transcript that cannot be scored becomes a card whose `error` says why; the others are
        scored. A conversation with several human agents gets a card for each.

        Parameters
        ----------
        transcripts : iterable of Transcript
            The conversations; what `read_transcripts` gives is read as it goes.
        progress : callable, optional
            Called with the number of transcripts done so far.

        Returns
        -------
        Scorecards
            In the order of the transcripts.
        """
        return Scorecards(self.iter_scores(transcripts, progress))

    def iter_scores(
        self,
        transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
        progress: Progress | None = None,
    ) -> Iterator[Scorecard]:
        """Score transcripts one shard after the other, in constant memory.

        Parameters
        ----------
        transcripts : iterable of Transcript
            The conversations.
        progress : callable, optional
            Called with the number of transcripts done so far.

        Yields
        ------
        Scorecard
            In the order of the transcripts.

        Raises
        ------
        TypeError
            When an item is no transcript, or a single transcript is given.
        """
        if isinstance(transcripts, Transcript):
            raise TypeError("score takes several transcripts; give one to score_one")
        source = transcripts.iter_all() if isinstance(transcripts, Transcripts) else transcripts
        seen: set[str] = set()
        done = 0
        for shard in _batched(source, _SHARD):
            yield from self._score_shard(shard, seen)
            done += len(shard)
            if progress is not None:
                progress(done)

    def score_one(self, transcript: Transcript) -> Scorecard:
        """Score one transcript.

        Parameters
        ----------
        transcript : Transcript
            With at most one human agent.

        Returns
        -------
        Scorecard
            The same card as in any batch.

        Raises
        ------
        TranscriptError
            When it cannot be scored, or holds several human agents.
        """
        cards = self.score([transcript])
        if len(cards) > 1:
            raise TranscriptError(
                f"{len(cards)} human agents; use score([transcript]), which gives a card for each",
                transcript_id=transcript.id,
            )
        if cards[0].error is not None:
            raise TranscriptError(cards[0].error, transcript_id=transcript.id)
        return cards[0]

    def signals(self, transcripts: Iterable[Transcript]) -> SignalTable:
        """Measure every signal, before any grade.

        Parameters
        ----------
        transcripts : iterable of Transcript
            The conversations.

        Returns
        -------
        SignalTable
            A column for each signal on the whole conversation, and for each scope of the rubric; a
            row for each human agent of a conversation with several.
        """
        everything = {(name, "anywhere") for name in self._specs}
        views = [view for transcript in transcripts for view in transcript.by_agent()]
        return self._meter.measure(views, everything | self._uses)

    def timeline(self, transcript: Transcript, library: str = "pandas") -> Any:
        """Tell what was measured on each turn of a transcript, without its words.

        Parameters
        ----------
        transcript : Transcript
            The conversation.
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row for each turn: ``turn`` (from 0, as in evidence), ``role``, ``start_seconds``,
            ``sentiment`` (valence), ``emotion`` (the strongest group shown), ``negative_emotion``
            (probability of the strongest negative group), ``politeness`` and, on turns of the
            agent, the three mechanisms of empathy. NaN where nothing could be measured.
        """
        return timeline(self._meter.batch([transcript]), library)

    def _score_shard(
        self, shard: Iterable[Transcript | BadTranscript], seen: set[str]
    ) -> Iterator[Scorecard]:
        cards: list[Scorecard | Transcript] = []
        for item in shard:
            if isinstance(item, BadTranscript):
                cards.append(self._error(item.id or item.source, str(item.error)))
                continue
            if not isinstance(item, Transcript):
                raise TypeError(f"expected a Transcript, not {type(item).__name__}")
            views = item.by_agent()
            reason = self._refusal(item, {view.id for view in views} & seen)
            seen.update(view.id for view in views)
            seen.add(item.id)
            cards.extend(views if reason is None else [self._error(item.id, reason)])
        scorable = [card for card in cards if isinstance(card, Transcript)]
        table = self._meter.measure(scorable, self._uses)
        scored = iter([self._card(table, row, view) for row, view in enumerate(scorable)])
        for card in cards:
            yield next(scored) if isinstance(card, Transcript) else card

    def _refusal(self, transcript: Transcript, doubled: set[str]) -> str | None:
        """Give the reason why a transcript cannot be scored, or None."""
        if doubled:
            return "a transcript with this id came earlier in the batch; ids must be unique"
        if not any(turn.text.strip() for turn in transcript.turns):
            return "the transcript has no words"
        channels = self.rubric.channels
        if channels and transcript.channel is not None and transcript.channel not in channels:
            return (
                f"rubric {self.rubric.id!r} is for {' and '.join(channels)}, this is "
                f"{transcript.channel}; choose another rubric"
            )
        languages = self.rubric.languages
        language = language_of(transcript) if languages else None
        if language is not None and language not in languages:
            return (
                f"rubric {self.rubric.id!r} is for {' and '.join(languages)}, this is {language}; "
                "choose another rubric"
            )
        return None

    def _error(self, identifier: str, reason: str) -> Scorecard:
        # What cannot be scored may not even have an id that can be written.
        identifier = identifier.encode(errors="backslashreplace").decode()
        return Scorecard(
            identifier,
            identifier,
            self.rubric.id,
            self.rubric.version,
            fingerprint=self.fingerprint,
            provenance=self.provenance(),
            error=reason,
        )

    def _card(self, table: SignalTable, row: int, transcript: Transcript) -> Scorecard:
        measured = Measured(
            transcript,
            table.languages[row],
            table.encoded[row],
            {name: float(column.values[row]) for name, column in table.columns.items()},
            {name: column.evidence[row] for name, column in table.columns.items()},
        )
        grades = grade_criteria(self.rubric, self._models, measured, quotes=self.quotes)
        total = roll_up(self.rubric, grades)
        started = transcript.started_at
        return Scorecard(
            transcript.id,
            transcript.group_id,
            self.rubric.id,
            self.rubric.version,
            total=total.value,
            total_status=total.status,
            total_interval=total.interval,
            total_without_critical=total.without_critical,
            sections=total.sections,
            grades=grades,
            critical_failures=total.critical_failures,
            fingerprint=self.fingerprint,
            provenance=self.provenance(table.encoders[row]),
            metadata=transcript.metadata,
            channel=transcript.channel,
            language=measured.language,
            started_at=started.isoformat() if started else None,
            turn_count=len(transcript.turns),
            word_count=transcript.word_count,
            transcript=transcript if self.quotes else None,
        )


def _batched(
    items: Iterable[Transcript | BadTranscript], size: int
) -> Iterator[tuple[Transcript | BadTranscript, ...]]:
    iterator = iter(items)
    while shard := tuple(itertools.islice(iterator, size)):
        yield shard


def _hash(parts: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def library_version() -> str:
    """Give the installed version of this library.

    Returns
    -------
    str
        ``"unknown"`` where it is not installed as a package.
    """
    try:
        return version("qa_nlp")
    except PackageNotFoundError:
        return "unknown"
