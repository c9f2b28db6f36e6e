"""Transcripts in, scorecards out."""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from qa_nlp.calibration.calibrator import Calibrator
from qa_nlp.calibration.graded_views import graded_views
from qa_nlp.calibration.grading import Grader, Measured, grade_criteria
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.calibration.rollup import DECIMALS, Total, roll_up
from qa_nlp.calibration.storage import fingerprint
from qa_nlp.calibration.summary import CalibrationSummary, summarise
from qa_nlp.counterfactuals.study import Kinds, counterfactual_table
from qa_nlp.counterfactuals.table import Counterfactuals
from qa_nlp.encoding import Encoder, EncoderOffer, encoder_offers
from qa_nlp.encoding.cache import CacheCounts
from qa_nlp.encoding.offer import AUTO
from qa_nlp.encoding.tiers import TIERS
from qa_nlp.errors import ArtifactError, GradesError, TranscriptError, did_you_mean
from qa_nlp.grades import Grades, read_grades
from qa_nlp.grades_check import check_grades
from qa_nlp.importers import BadTranscript, Transcripts
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Grade, Scorecard
from qa_nlp.scorecards import Scorecards
from qa_nlp.scorer_files import (
    SavedScorer,
    check_parts,
    read_scorer,
    unseen_rows,
    write_scorer,
)
from qa_nlp.signals.answers import TextHead
from qa_nlp.signals.measure import (
    SignalMeter,
    SignalTable,
    check_signals,
    signal_specs,
)
from qa_nlp.signals.summary import Summarised
from qa_nlp.signals.timeline import timeline
from qa_nlp.text.language import language_of
from qa_nlp.transcript import Transcript, split_turn

if TYPE_CHECKING:
    from qa_nlp.calibration.learn import Graded
    from qa_nlp.calibration.learning_curve import LearningCurve

__all__ = ["Scorer", "library_version"]

SCORING_VERSION: Final = 2
"""Raised whenever the same signals give other grades; part of every fingerprint."""

_SHARD: Final = 64

Progress = Callable[[int], None]
Item = TypeVar("Item")
CalibrationProgress = Callable[[str, int, int], None]


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
    tier : {"torch", "onnx", "fast"}, default "torch"
        How the encoder runs; see `load_encoder`. Part of the fingerprint, and never changed.
    threads : int, optional
        Threads of the encoder in the tier ``onnx``; default: ``OMP_NUM_THREADS``, else all
        processors.
    quotes : bool, default True
        Whether evidence holds the (masked) words it points at.
    heads : mapping of str to TextHead, optional
        Classifiers by task in place of the shipped ones, for example an `HFClassifier`.
    cache_folder : str or pathlib.Path, optional
        Keeps the vectors of sentences on disk, for other processes and another day. It holds no
        text, but vectors tell much of it: keep it as you keep the conversations. No grade depends
        on it.

    Attributes
    ----------
    encoder_name : str or None
        With which another process opens the same encoder; None where it is an object.
    tier : str
        ``"custom"`` for an encoder of the user's own.
    cache_folder : pathlib.Path or None
        As given.

    Raises
    ------
    RubricError
        When the rubric does not make sense or names a signal that does not exist.
    ArtifactError
        When weights are missing or damaged, or there is no such tier.
    MissingExtraError
        When what the tier needs is not installed.

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
        tier: str = "torch",
        threads: int | None = None,
        quotes: bool = True,
        heads: Mapping[str, TextHead] | None = None,
        cache_folder: str | Path | None = None,
    ) -> None:
        self.rubric = Rubric.load(rubric)
        check_signals(self.rubric)
        self.encoders = encoder_offers(encoder, tier=tier, threads=threads)
        self.encoder_name = str(encoder) if isinstance(encoder, (str, Path)) else None
        self.tier = self.encoders[0].tier
        self.quotes = quotes
        self._specs = signal_specs(self.rubric)
        self._models = {c.id: CriterionModel.of(c, self._specs) for c in self.rubric.criteria}
        self.cache_folder = None if cache_folder is None else Path(cache_folder)
        self._meter = SignalMeter(self.encoders, self.rubric, heads, self.cache_folder)
        self._uses = {(signal, within) for signal, within, _ in self.rubric.signal_places()}
        self.calibrator: Calibrator | None = None
        self.summary: CalibrationSummary | None = None
        self._unseen: tuple[dict[str, Any], ...] = ()
        self.fingerprint = _hash(self.fingerprint_parts)

    def __repr__(self) -> str:
        return (
            f"Scorer(rubric={self.rubric.id!r}, "
            f"encoders={[offer.name for offer in self.encoders]}, "
            f"tier={self.tier!r}, fingerprint={self.fingerprint!r})"
        )

    @property
    def fingerprint_parts(self) -> dict[str, str]:
        """Everything that determines a grade, by part."""
        return {
            "rubric": self.rubric.fingerprint,
            "scoring": str(SCORING_VERSION),
            **self._meter.fingerprint_parts,
            **({} if self.calibrator is None else {"calibration": fingerprint(self.calibrator)}),
        }

    @property
    def cache_counts(self) -> CacheCounts:
        """How often a distinct sentence had been encoded before, since the scorer was made."""
        return self._meter.cache_counts

    @property
    def cache_trouble(self) -> tuple[str, ...]:
        """Why vectors are not kept on disk any more, where that is so."""
        return self._meter.cache_trouble

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
        seen: set[str] = set()
        done = 0
        for shard in _batched(_checked(transcripts), _SHARD):
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

    def calibrate(
        self,
        transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
        grades: Grades | str | Path | Any,
        progress: CalibrationProgress | None = None,
    ) -> Scorer:
        """Learn to grade like the average of the raters.

        What the rubric states stays the centre: few grades move it a little, many decide. A
        criterion with grades on fewer than 10 conversations keeps the rubric's own model. All folds
        are by group_id; scorecards of graded groups carry what was said of them out of fold.

        Parameters
        ----------
        transcripts : iterable of Transcript
            The graded conversations; others are passed over.
        grades : Grades, str, pathlib.Path or table
            See `read_grades`.
        progress : callable, optional
            Called with what is done (``"measured"`` or ``"fitted"``), how many, and of how many (0:
            not known).

        Returns
        -------
        Scorer
            A new one; its `summary` tells what was learnt. This one stays as it is.

        Raises
        ------
        GradesError
            When grades cannot be used, belong to none of the transcripts, or are too few.

        Examples
        --------
        >>> import qa_nlp as qa
        >>> samples = qa.load_samples()[:24]
        >>> scorer = qa.Scorer().calibrate(samples, samples.grades)
        >>> scorer.score_one(samples[0]).grades[0].calibrated
        True
        """
        from qa_nlp.calibration.learn import learn

        graded = self._graded(transcripts, grades, progress)
        found = learn(graded, _fitted(progress))
        plain, learnt = self._with(None), self._with(found)
        views, table = graded.transcripts, graded.table
        before = [plain._card(table, row, view) for row, view in enumerate(views)]
        after = [learnt._card(table, row, view) for row, view in enumerate(views)]
        summary = summarise(self.rubric, found, before, after, graded.grades, graded.warnings)
        found = replace(found, total_error=summary.total_error)
        return self._with(found, summary, unseen_rows(after))

    def counterfactuals(
        self,
        transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
        kinds: Kinds | None = None,
    ) -> Counterfactuals:
        """Tell how grades change when only names, spellings or gendered words do.

        Parameters
        ----------
        transcripts : iterable of Transcript
            A few hundred are enough; each is scored once as it is and once for each change.
        kinds : sequence of str, or mapping of str to sequence of str, optional
            ``"name"``, ``"dialect"`` and ``"gender"``, perhaps with the roles whose turns change:
            ``{"name": ["customer"]}``. Default: all, on turns of agents and customers.

        Returns
        -------
        Counterfactuals
            Ids, levels and numbers, no words; give it to `AgreementStudy`.

        Raises
        ------
        ValueError
            When a kind or a role is unknown.

        Examples
        --------
        >>> from qa_nlp.samples import load_samples
        >>> scorer = Scorer("service_excellence", encoder="en")
        >>> found = scorer.counterfactuals(load_samples()[:2], ["name"])
        >>> {row.kind for row in found.rows} <= {"name"}
        True
        """
        good = (item for item in _checked(transcripts) if isinstance(item, Transcript))
        return counterfactual_table(self.iter_scores, good, kinds, language_of)

    def learning_curve(
        self,
        transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
        grades: Grades | str | Path | Any,
        *,
        sizes: Sequence[int] | None = None,
        repeats: int = 20,
        seed: int = 0,
        progress: CalibrationProgress | None = None,
    ) -> LearningCurve:
        """Tell how agreement grows with the number of graded conversations.

        For each size, conversations are drawn at random, each criterion is learnt from their grades
        as `calibrate` does, and the other graded conversations are graded with what was learnt.

        Parameters
        ----------
        transcripts : iterable of Transcript
            The graded conversations; others are passed over.
        grades : Grades, str, pathlib.Path or table
            See `read_grades`.
        sizes : sequence of int, optional
            How many conversations to learn from; default: 0, 10, 20, 40 … up to three quarters of
            those graded. Larger ones are left out.
        repeats : int, default 20
            Draws for each size.
        seed : int, default 0
            Of the draws.
        progress : callable, optional
            Called with what is done (``"measured"`` or ``"fitted"``), how many, and of how many (0:
            not known).

        Returns
        -------
        LearningCurve
            Points with intervals, and what more grades would bring.

        Raises
        ------
        GradesError
            When grades cannot be used, belong to none of the transcripts, or are too few.
        ValueError
            When a size is no whole number from 0, or `repeats` is below 2.

        Examples
        --------
        >>> import qa_nlp as qa
        >>> samples = qa.load_samples()[:12]
        >>> curve = qa.Scorer().learning_curve(samples, samples.grades, sizes=[0], repeats=2)
        >>> {point.n for point in curve.points}
        {0}
        """
        from qa_nlp.calibration.learning_curve import LearningCurve, check_sizes

        check_sizes(sizes, repeats)
        graded = self._graded(transcripts, grades, progress)
        return LearningCurve.of(graded.criteria(), sizes, repeats, seed, _fitted(progress))

    def _graded(
        self,
        transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
        grades: Grades | str | Path | Any,
        progress: CalibrationProgress | None,
    ) -> Graded:
        """Measure the transcripts that were graded."""
        from qa_nlp.calibration.learn import Graded

        given = read_grades(grades)
        report = check_grades(given, self.rubric)
        if not report.ok:
            raise GradesError(report.error_text)
        good = (item for item in _checked(transcripts) if isinstance(item, Transcript))
        wanted = set(given.transcript_ids)
        views: list[Transcript] = []
        tables: list[SignalTable] = []
        seen: list[str] = []
        # what was said after each turn is read only beside grades of turns
        summarised: Summarised = "turns" if any(map(split_turn, wanted)) else "end"
        for shard in _batched(graded_views(_noted(good, seen), wanted), _SHARD):
            views += shard
            tables.append(self._meter.measure(shard, self._uses, summarised).for_calibration())
            if progress is not None:
                progress("measured", len(views), 0)
        if not views:
            tail = did_you_mean(min(wanted, default=""), seen)
            raise GradesError(
                f"none of the {len(wanted):,} graded ids is that of a transcript given "
                f"({len(seen):,}); check the column transcript_id{tail}"
            )
        order = sorted(range(len(views)), key=lambda row: views[row].id)
        table = SignalTable.joined(tables).rows(order)
        warnings = [str(finding) for finding in report.warnings]
        strangers = wanted.difference(view.id for view in views)
        if strangers:
            first = ", ".join(repr(name) for name in sorted(strangers)[:3])
            warnings.append(
                f"{len(strangers):,} graded ids belong to no transcript given and were left out: "
                f"{first}{' …' if len(strangers) > 3 else ''}"
            )
        graded = [views[row] for row in order]
        return Graded(self.rubric, self._models, graded, table, given, tuple(warnings))

    def save(self, path: str | Path) -> Path:
        """Save a calibrated scorer to a folder, which appears whole or not at all.

        The folder holds the rubric, what was learnt, ids and out-of-fold grades, and no words of
        any conversation.

        Parameters
        ----------
        path : str or pathlib.Path
            The folder; a scorer that lies there is replaced.

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        ArtifactError
            When the scorer is not calibrated, something else lies there, or it cannot be written.
        """
        if self.calibrator is None or self.summary is None:
            raise ArtifactError("this scorer is not calibrated; its rubric is all there is to save")
        saved = SavedScorer(
            self.rubric,
            self.encoder_name,
            self.tier,
            self.fingerprint_parts,
            self.calibrator,
            self.summary,
            self._unseen,
        )
        told = self.provenance()
        facts = {
            **{name: told[name] for name in ("library", "terms")},
            "fingerprint": self.fingerprint,
        }
        return write_scorer(Path(path), saved, facts)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        encoder: str | Path | Encoder | Any | None = None,
        tier: str | None = None,
        threads: int | None = None,
        quotes: bool = True,
        heads: Mapping[str, TextHead] | None = None,
        cache_folder: str | Path | None = None,
    ) -> Scorer:
        """Load a scorer that `save` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            The folder.
        encoder : str, pathlib.Path or object, optional
            Default: the one it was calibrated with, by name.
        tier : {"torch", "onnx", "fast"}, optional
            Default: the one it was calibrated in; it is refused in another.
        threads : int, optional
            Threads of the encoder in the tier ``onnx``.
        quotes : bool, default True
            Whether evidence holds the (masked) words it points at.
        heads : mapping of str to TextHead, optional
            The classifiers it was calibrated with, where they were not the shipped ones.
        cache_folder : str or pathlib.Path, optional
            See `Scorer`.

        Returns
        -------
        Scorer
            Gives the same scorecards as the one saved.

        Raises
        ------
        ArtifactError
            When the folder is missing or damaged, or a part of the fingerprint is another here:
            the message names it.
        """
        saved = read_scorer(Path(path))
        chosen = saved.encoder if encoder is None else encoder
        if chosen is None:
            raise ArtifactError(
                f"{path}: was calibrated with an encoder of your own; give encoder="
            )
        if tier is None:
            is_named = isinstance(chosen, (str, Path)) and saved.tier in TIERS
            tier = saved.tier if is_named else "torch"
        plain = cls(
            saved.rubric,
            encoder=chosen,
            tier=tier,
            threads=threads,
            quotes=quotes,
            heads=heads,
            cache_folder=cache_folder,
        )
        scorer = plain._with(saved.calibrator, saved.summary, saved.unseen)
        check_parts(Path(path), saved.parts, scorer.fingerprint_parts)
        return scorer

    def _with(
        self,
        calibrator: Calibrator | None,
        summary: CalibrationSummary | None = None,
        unseen: tuple[dict[str, Any], ...] = (),
    ) -> Scorer:
        """Give the same scorer, with the same open encoders, with another calibrator."""
        twin = copy.copy(self)
        twin.calibrator, twin.summary, twin._unseen = calibrator, summary, unseen
        twin.fingerprint = _hash(twin.fingerprint_parts)
        return twin

    def _score_shard(
        self, shard: Iterable[Transcript | BadTranscript], seen: set[str]
    ) -> Iterator[Scorecard]:
        cards: list[Scorecard | Transcript] = []
        for item in shard:
            if isinstance(item, BadTranscript):
                cards.append(self._error(item.id or item.source, str(item.error)))
                continue
            views = item.by_agent()
            reason = self._refusal(item, {view.id for view in views} & seen)
            seen.update(view.id for view in views)
            seen.add(item.id)
            cards.extend(views if reason is None else [self._error(item.id, reason)])
        scorable = [card for card in cards if isinstance(card, Transcript)]
        summarised: Summarised = "no" if self.calibrator is None else self.calibrator.summarised
        table = self._meter.measure(scorable, self._uses, summarised)
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
        measured = self._measured(table, row, transcript)
        grader = Grader(self.rubric, self._models, self.calibrator)
        grades = grade_criteria(grader, measured, quotes=self.quotes)
        total = roll_up(self.rubric, grades)
        fold: int | None = None
        unseen: tuple[Grade, ...] = ()
        total_unseen: float | None = None
        if self.calibrator is not None:
            fold = self.calibrator.fold_of.get(transcript.group_id)
        if fold is not None:
            unseen = grade_criteria(replace(grader, fold=fold), measured, quotes=False)
            total_unseen = roll_up(self.rubric, unseen).without_critical
        started = transcript.started_at
        return Scorecard(
            transcript.id,
            transcript.group_id,
            self.rubric.id,
            self.rubric.version,
            total=total.value,
            total_status=total.status,
            total_interval=self._interval(total),
            total_without_critical=total.without_critical,
            sections=total.sections,
            grades=grades,
            critical_failures=total.critical_failures,
            fold=fold,
            out_of_fold=unseen,
            total_out_of_fold=total_unseen,
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

    def _measured(self, table: SignalTable, row: int, transcript: Transcript) -> Measured:
        return Measured(
            transcript,
            table.languages[row],
            table.encoded[row],
            {name: float(column.values[row]) for name, column in table.columns.items()},
            {name: column.evidence[row] for name, column in table.columns.items()},
            table.summaries[row] if table.summaries else None,
        )

    def _interval(self, total: Total) -> tuple[float, float] | None:
        """Widen the interval of a total to where nine of ten people's totals lie."""
        error = None if self.calibrator is None else self.calibrator.total_error
        if error is None or total.value is None or total.critical_failures:
            return total.interval
        low, high = total.interval or (total.value, total.value)
        low, high = min(low, total.value - error), max(high, total.value + error)
        return round(max(0.0, low), DECIMALS), round(min(100.0, high), DECIMALS)


def _checked(
    transcripts: Iterable[Transcript | BadTranscript] | Transcripts,
) -> Iterator[Transcript | BadTranscript]:
    """Go through transcripts, also those that cannot be read, and refuse what is something else."""
    source = transcripts.iter_all() if isinstance(transcripts, Transcripts) else transcripts
    for item in source:
        if not isinstance(item, (Transcript, BadTranscript)):
            raise TypeError(f"expected a Transcript, not {type(item).__name__}")
        yield item


def _fitted(progress: CalibrationProgress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else functools.partial(progress, "fitted")


def _noted(transcripts: Iterable[Transcript], ids: list[str]) -> Iterator[Transcript]:
    for transcript in transcripts:
        ids.append(transcript.id)
        yield transcript


def _batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    iterator = iter(items)
    while shard := tuple(itertools.islice(iterator, size)):
        yield shard


def _hash(parts: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@functools.cache
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
