"""Tell whether the agent said a standard phrase, in whatever words.

Each bank has a logistic regression on sentence vectors (see `qa_nlp.signals.phrase_fit`); all
banks together are one matrix product on the vectors of a batch. A phrase may be spread over two
neighbouring sentences of a turn. The weights of the shipped banks travel with the library
(``models/phrases-en``); a bank of the user's own, or one that was edited, is fitted when it is
loaded.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.artifacts import Artifact, load_artifact, shipped_artifacts
from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.encoding.tiers import space_of
from qa_nlp.errors import ArtifactError, did_you_mean
from qa_nlp.phrase_bank import (
    PhraseBankFile,
    filled,
    load_bank_file,
    save_bank_file,
    shipped_banks,
    with_labels,
)
from qa_nlp.rubric import column_name
from qa_nlp.scope import Scope
from qa_nlp.signals.base import Batch, Column, SignalSpec, Span
from qa_nlp.signals.events import SAID, Event
from qa_nlp.signals.phrase_fit import fit_banks, languages_of
from qa_nlp.signals.phrase_matcher import (
    PhraseMatcher,
    banks_fingerprint,
    join,
    neighbours,
)
from qa_nlp.text.sentences import sentence_spans
from qa_nlp.transcript import Role

__all__ = [
    "PhraseBank",
    "PhraseHits",
    "PhraseMatch",
    "matcher_for",
    "measure_phrases",
    "phrase_specs",
    "phrase_weights_fingerprint",
    "shipped_banks_fingerprint",
    "shipped_matcher",
]

ARTIFACTS: Final = (
    *("phrases-en", "phrases-fast-en"),
    *("phrases-multilingual", "phrases-fast-multilingual"),
)
"""Weights of the shipped banks, each for one encoder."""

_MOST_QUOTES: Final = 3
_MOST_FITTED: Final = 4
_FITTED: Final[dict[tuple[str, frozenset[str] | None], PhraseMatcher]] = {}
"""The shipped banks as fitted for encoders of the user's, by fingerprint and languages."""


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """How well one text matches a bank.

    Parameters
    ----------
    probability : float
        That the text says the phrase, 0 to 1.
    sample : str
        The bank's nearest sample.
    start, end : int
        The matching sentence, or two neighbouring ones, ``text[start:end]``.
    """

    probability: float
    sample: str
    start: int
    end: int


@functools.lru_cache(maxsize=1)
def _shipped_files() -> tuple[PhraseBankFile, ...]:
    return tuple(load_bank_file(path) for path in shipped_banks().values())


@functools.lru_cache(maxsize=1)
def shipped_banks_fingerprint() -> str:
    """Hash the sentences of the shipped banks.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return banks_fingerprint(_shipped_files())


@functools.cache
def _stored_weights(encoder: str) -> Artifact | None:
    """Give the shipped weights for an encoder, or None where banks were edited since."""
    for name in ARTIFACTS:
        if name in shipped_artifacts():
            artifact = load_artifact(name)
            if artifact.manifest["encoder"] == space_of(encoder):
                fresh = artifact.manifest["banks"] == shipped_banks_fingerprint()
                return artifact if fresh else None
    return None


def phrase_weights_fingerprint(encoder: str) -> str:
    """Tell which weights of the shipped banks an encoder reads with.

    Parameters
    ----------
    encoder : str
        Fingerprint of the encoder.

    Returns
    -------
    str
        Start of their hash, or ``fitted`` where they are fitted when the encoder is opened.
    """
    stored = _stored_weights(encoder)
    return "fitted" if stored is None else stored.sha256[:16]


def shipped_matcher(encoder: Encoder) -> PhraseMatcher:
    """Give the shipped banks, ready for an encoder.

    Parameters
    ----------
    encoder : Encoder
        With another encoder than the shipped ones, the banks are fitted anew, once in a process
        for each of the last few fingerprints.

    Returns
    -------
    PhraseMatcher
        All shipped banks.
    """
    stored = _stored_weights(encoder.fingerprint)
    if stored is None:
        return _fitted_shipped(encoder)
    return PhraseMatcher(
        _shipped_files(),
        stored.tensors["weight"].astype(np.float64),
        stored.tensors["bias"].astype(np.float64),
    )


def _fitted_shipped(encoder: Encoder) -> PhraseMatcher:
    """Fit the shipped banks, which takes seconds, unless that is done."""
    key = (encoder.fingerprint, encoder.languages)
    matcher = _FITTED.get(key)
    if matcher is None:
        matcher = fit_banks(_shipped_files(), encoder)
        for oldest in list(_FITTED)[::-1][_MOST_FITTED - 1 :]:
            _FITTED.pop(oldest, None)
        _FITTED[key] = matcher
    return matcher


def matcher_for(banks: Sequence[PhraseBankFile], encoder: Encoder) -> PhraseMatcher:
    """Give the shipped banks and a user's own, ready for an encoder.

    Parameters
    ----------
    banks : sequence of PhraseBankFile
        Of the user; one with the id of a shipped bank takes its place.
    encoder : Encoder
        Gives the vectors.

    Returns
    -------
    PhraseMatcher
        All of them; the shipped ones are the same whatever is added.
    """
    shipped = shipped_matcher(encoder)
    changed = [bank for bank in banks if bank not in shipped.banks]
    return join(shipped, _fitted(changed, encoder)) if changed else shipped


def _fitted(banks: Sequence[PhraseBankFile], encoder: Encoder) -> PhraseMatcher:
    """Fit some banks against each other and the shipped ones, and no others."""
    ids = {bank.id for bank in banks}
    rest = [bank for bank in _shipped_files() if bank.id not in ids]
    return fit_banks([*rest, *banks], encoder, only=ids)


class PhraseBank:
    """One phrase bank, to be tried on texts and to be taught.

    Parameters
    ----------
    bank : PhraseBankFile
        The sentences.
    encoder : str, path or object, default "en"
        See `load_encoder`.

    Raises
    ------
    RubricError
        When the bank has no samples in the encoder's languages.
    ArtifactError
        When there is no such encoder.

    Examples
    --------
    >>> bank = PhraseBank.load("hold_request")
    >>> yes, no = bank.match(["Let me put you on hold for a minute.", "Hold the button down."])
    >>> yes.probability > 0.5 > no.probability
    True
    """

    def __init__(self, bank: PhraseBankFile, encoder: Any = "en") -> None:
        self.bank = bank
        self._encoder: Encoder = load_encoder(encoder)
        stored = bank in _shipped_files() and _stored_weights(self._encoder.fingerprint)
        self._matcher = (
            shipped_matcher(self._encoder).pick([bank.id])
            if stored
            else _fitted([bank], self._encoder)
        )
        languages = languages_of(self._encoder)
        self._samples = [text for code in languages for text in bank.samples.get(code, ())]

    @property
    def encoder(self) -> Encoder:
        """What gives the vectors of sentences."""
        return self._encoder

    def __repr__(self) -> str:
        sizes = {code: len(texts) for code, texts in self.bank.samples.items()}
        return f"PhraseBank({self.bank.id!r}, samples={sizes}, encoder={self._encoder.name!r})"

    @classmethod
    def load(cls, bank: str | Path, encoder: Any = "en") -> Self:
        """Load a bank by shipped name or path.

        Parameters
        ----------
        bank : str or pathlib.Path
            ``"greeting"``, or the path of a YAML file.
        encoder : str, path or object, default "en"
            See `load_encoder`.

        Returns
        -------
        PhraseBank
            Ready to match.

        Raises
        ------
        RubricError
            When there is no such bank or its file does not make sense.
        ArtifactError
            When there is no such encoder.
        """
        return cls(load_bank_file(bank), encoder)

    def fit(self, texts: Sequence[str], labels: Sequence[Any], language: str = "en") -> Self:
        """Teach the bank with texts of which a person says whether they are hits.

        Hits become samples, misses look-alikes, and the regression and its threshold are fitted
        anew. A dozen is a good number, and five help already.

        Parameters
        ----------
        texts : sequence of str
            What was said, shape (n,).
        labels : sequence of bool
            Whether each says the phrase, shape (n,).
        language : str, default "en"
            ISO 639-1 code of the texts.

        Returns
        -------
        PhraseBank
            A new one; `save` writes it to a file.

        Raises
        ------
        ValueError
            When there are not as many labels as texts, or a text is both.
        RubricError
            When look-alikes are given in a language without samples.

        Examples
        --------
        >>> bank = PhraseBank.load("hold_request")
        >>> taught = bank.fit(["Bear with me a tick.", "Who bears the cost?"], [True, False])
        >>> taught.match(["Bear with me a tick."])[0].sample
        'Bear with me a tick.'
        """
        return type(self)(with_labels(self.bank, texts, labels, language), self._encoder)

    def save(self, path: str | Path) -> None:
        """Write the bank's sentences to a YAML file.

        Parameters
        ----------
        path : str or pathlib.Path
            Called ``ID.yaml``.

        Raises
        ------
        RubricError
            When the file is not called ``ID.yaml``.
        """
        save_bank_file(self.bank, path)

    def match(self, texts: Sequence[str]) -> list[PhraseMatch]:
        """Match texts; of a text the best sentence, or the best two neighbours, count.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        list of PhraseMatch
            One for each text; a text without words has probability 0.

        Raises
        ------
        TypeError
            When a single text is given.
        """
        if isinstance(texts, str):
            raise TypeError("match takes a list of texts; give [text]")
        nothing = PhraseMatch(0.0, self._samples[0], 0, 0)
        spans = [sentence_spans(text) for text in texts]
        pieces = [
            " ".join(text[start:end].split())
            for text, cuts in zip(texts, spans, strict=True)
            for start, end in cuts
        ]
        if not pieces:
            return [nothing for _ in texts]
        vectors = self._vectors(pieces)
        turn = np.repeat(np.arange(len(texts)), [len(cuts) for cuts in spans])
        pairs = neighbours(turn)
        alone, together = self._matcher.with_neighbours(pieces, vectors, pairs)
        sample = self._nearest(vectors)
        best: dict[int, tuple[float, int, int]] = {}
        for row, chance in enumerate(alone[:, 0].tolist()):
            _keep_greater(best, int(turn[row]), chance, row, row)
        for (first, second), chance in zip(pairs.tolist(), together[:, 0].tolist(), strict=True):
            _keep_greater(best, int(turn[first]), chance, first, second)
        flat = [cut for cuts in spans for cut in cuts]
        return [
            PhraseMatch(
                best[row][0], sample[best[row][1]], flat[best[row][1]][0], flat[best[row][2]][1]
            )
            if row in best
            else nothing
            for row in range(len(texts))
        ]

    def _nearest(self, vectors: NDArray[np.float32]) -> list[str]:
        variants = [
            (text, sample) for sample in self._samples for text in filled(sample, self.bank.slots)
        ]
        rows = (vectors @ self._vectors([text for text, _ in variants]).T).argmax(axis=1)
        return [variants[row][1] for row in rows]

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encoder.encode(texts)[:, : self._encoder.width]


def _keep_greater(
    best: dict[int, tuple[float, int, int]], text: int, chance: float, first: int, last: int
) -> None:
    if text not in best or chance > best[text][0]:
        best[text] = (chance, first, last)


def phrase_specs(banks: Sequence[PhraseBankFile] = ()) -> dict[str, SignalSpec]:
    """Describe one signal for each bank.

    Parameters
    ----------
    banks : sequence of PhraseBankFile, optional
        Banks beside the shipped ones, or in place of them.

    Returns
    -------
    dict of str to SignalSpec
        By signal name, ``phrase.BANK``.
    """
    specs = {}
    for bank in (*_shipped_files(), *banks):
        name = f"phrase.{bank.id}"
        specs[name] = SignalSpec(
            name, f"{bank.purpose} Probability of the best sentence.",
            "probability", 0, 1, 0, 1, scoped=True, source="Own method.",
        )  # fmt: skip
    return specs


class PhraseHits:
    """Where in a batch some banks' phrases are said, and how surely.

    Parameters
    ----------
    batch : Batch
        With vectors of the encoder that `matcher` is for.
    matcher : PhraseMatcher
        The banks.
    banks : collection of str
        Ids of the banks that are asked about.

    Raises
    ------
    ArtifactError
        When there is no such bank.
    """

    def __init__(self, batch: Batch, matcher: PhraseMatcher, banks: Collection[str]) -> None:
        for bank in banks:
            if bank not in matcher.ids:
                raise ArtifactError(f"no phrase bank {bank!r}{did_you_mean(bank, matcher.ids)}")
        self.batch = batch
        chosen = matcher.pick(sorted(banks))
        table = batch.sentences
        self._rows: dict[Role, NDArray[np.int64]] = {}
        self._banks = {bank.id: (column, bank) for column, bank in enumerate(chosen.banks)}
        self._events: dict[str, list[list[Event] | None]] = {}
        # a number for each turn of the batch, in the order of the table
        self._pairs = neighbours(table.transcript * (1 << 32) + table.turn)
        self._alone, self._together = chosen.with_neighbours(
            table.texts, batch.vectors, table.text[self._pairs]
        )

    def bank(self, identifier: str) -> PhraseBankFile:
        """Give a bank by its id.

        Parameters
        ----------
        identifier : str
            One of the banks that are asked about.

        Returns
        -------
        PhraseBankFile
            The bank.
        """
        return self._banks[identifier][1]

    def events(self, bank: str) -> list[list[Event] | None]:
        """Give what a role says, sentence by sentence, with the probability of being the phrase.

        Parameters
        ----------
        bank : str
            One of the banks that are asked about.

        Returns
        -------
        list of (list of Event or None)
            For each transcript, in the order of the conversation; None where the role says
            nothing that the encoder reads. Two neighbouring sentences are an event where they say
            it together and neither says it alone.
        """
        if bank not in self._events:
            self._events[bank] = self._found(*self._banks[bank])
        return self._events[bank]

    def _found(self, column: int, file: PhraseBankFile) -> list[list[Event] | None]:
        found: list[list[Event] | None] = [None] * len(self.batch.transcripts)
        rows = self._spoken(file.role)
        for transcript, event in self._events_of(rows, column):
            own = found[transcript]
            if own is None:
                found[transcript] = [event]
            else:
                own.append(event)
        for transcript, event in self._windows(column, file.role):
            own = found[transcript]
            if own is not None:
                own.append(event)
        return found

    def ranked(self, bank: str, inside: NDArray[np.bool_] | None) -> list[tuple[int, list[Event]]]:
        """Give the places where a phrase is most surely said.

        Parameters
        ----------
        bank : str
            One of the banks that are asked about.
        inside : ndarray of bool, shape (sentences,), optional
            Which sentences count; default: all.

        Returns
        -------
        list of (int, list of Event)
            For each transcript the number of its events, as `events` gives them, and those that
            are likely, or else the surest; the surest first.
        """
        column, file = self._banks[bank]
        table, size = self.batch.sentences, len(self.batch.transcripts)
        rows = self._spoken(file.role)
        if inside is not None:
            rows = rows[inside[rows]]
        chances, owner = self._alone[table.text[rows], column], table.transcript[rows]
        counts = np.bincount(owner, minlength=size)
        begins = np.flatnonzero(np.diff(owner, prepend=-1))
        surest = np.repeat(np.maximum.reduceat(chances, begins), counts[counts > 0])
        found: list[list[Event]] = [[] for _ in range(size)]
        likely = rows[(chances >= SAID) | (chances == surest)]
        for transcript, event in self._events_of(likely, column):
            found[transcript].append(event)
        for transcript, event in self._windows(column, file.role, inside):
            found[transcript].append(event)
            counts[transcript] += 1
        for events in found:
            events.sort(key=lambda event: (-event.probability, event))
        return list(zip(counts.tolist(), found, strict=True))

    def _spoken(self, role: Role) -> NDArray[np.int64]:
        """Give the rows of a role's sentences."""
        if role not in self._rows:
            self._rows[role] = np.flatnonzero(self.batch.sentences.said_by(role))
        return self._rows[role]

    def _events_of(self, rows: NDArray[np.int64], column: int) -> Iterator[tuple[int, Event]]:
        table = self.batch.sentences
        columns = (table.transcript, table.turn, table.start, table.end)
        chances = self._alone[table.text[rows], column].tolist()
        for transcript, turn, start, end, chance in zip(
            *(own[rows].tolist() for own in columns), chances, strict=True
        ):
            yield transcript, Event(turn, start, end, chance)

    def _windows(
        self, column: int, role: Role, inside: NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[int, Event]]:
        table = self.batch.sentences
        together = self._together[:, column]
        taken: set[int] = set()
        # of pairs that share a sentence the surest counts, or one phrase would be said twice
        for pair in sorted(np.flatnonzero(together), key=lambda pair: (-together[pair], pair)):
            first, second = self._pairs[pair].tolist()
            transcript, turn = int(table.transcript[first]), int(table.turn[first])
            if self.batch.transcripts[transcript].turns[turn].role is not role:
                continue
            if taken.isdisjoint((first, second)):
                taken |= {first, second}
                if inside is not None and not inside[first]:
                    continue
                yield (
                    transcript,
                    Event(
                        turn,
                        int(table.start[first]),
                        int(table.end[second]),
                        float(together[pair]),
                        second=int(table.start[second]),
                    ),
                )


def measure_phrases(hits: PhraseHits, uses: Collection[tuple[str, str]]) -> Mapping[str, Column]:
    """Measure phrases within scopes.

    Parameters
    ----------
    hits : PhraseHits
        Where phrases are said.
    uses : collection of (str, str)
        Bank id and scope.

    Returns
    -------
    dict of str to Column
        By column name; NaN where the agent says nothing within the scope.
    """
    columns: dict[str, Column] = {}
    scopes: dict[str, NDArray[np.bool_] | None] = {}
    for bank, within in sorted(uses):
        if within not in scopes:
            scopes[within] = _sentences_in_scope(hits.batch, Scope.parse(within))
        columns[column_name(f"phrase.{bank}", within)] = _column(
            hits, hits.bank(bank), scopes[within], within
        )
    return columns


def _sentences_in_scope(batch: Batch, scope: Scope) -> NDArray[np.bool_] | None:
    """Tell which sentences are within a scope; None = all."""
    if scope.side is None:
        return None
    table = batch.sentences
    first = np.cumsum([0, *(len(transcript.turns) for transcript in batch.transcripts)])
    inside = np.zeros(first[-1], dtype=np.bool_)
    for begin, transcript in zip(first.tolist(), batch.transcripts, strict=False):
        inside[[begin + turn for turn in scope.turns(transcript)]] = True
    return np.asarray(inside[first[table.transcript] + table.turn])


def _column(
    hits: PhraseHits, bank: PhraseBankFile, inside: NDArray[np.bool_] | None, within: str
) -> Column:
    ranked = hits.ranked(bank.id, inside)
    values = np.full(len(ranked), np.nan)
    evidence: list[tuple[Span, ...]] = [()] * len(ranked)
    for position, (count, events) in enumerate(ranked):
        if events:
            values[position] = events[0].probability
            where = f"{bank.role.value} ({within})"
            read = foreign_samples(bank, hits.batch.languages[position])
            evidence[position] = _spans(events, count, where, read)
    return Column(values, evidence)


def foreign_samples(bank: PhraseBankFile, language: str | None) -> str:
    """Say where a bank has no samples in a conversation's language.

    Parameters
    ----------
    bank : PhraseBankFile
        The bank.
    language : str, optional
        Of the conversation.

    Returns
    -------
    str
        A remark for the evidence; empty where it has such samples or the language is not known.

    Examples
    --------
    >>> foreign_samples(load_bank_file("greeting"), "ro")
    ''
    """
    if language is None or language in bank.samples:
        return ""
    return f" (no samples in {language}: matched across languages from {', '.join(bank.samples)})"


def _spans(ranked: Sequence[Event], events: int, where: str, read: str) -> tuple[Span, ...]:
    """Give the sentences that speak for the phrase, and what there is to say against it."""
    best = ranked[0].probability
    said = [e for e in ranked[:_MOST_QUOTES] if e.probability >= SAID] or [ranked[0]]
    total = sum(event.probability for event in said) or 1.0
    verb = "said" if best >= SAID else "perhaps said"
    quotes = [
        Span(
            event.probability / total,
            event.turn,
            event.start,
            event.end,
            f"{verb} with probability {event.probability:.2f}{read}",
            raises=True,
        )
        for event in said
    ]
    count = f"{events} sentence{'s' if events > 1 else ''}"
    note = f"no clear instance in {count} of the {where}; nearest {best:.2f}{read}"
    return (*quotes, Span(1.0, note=note, raises=False))
