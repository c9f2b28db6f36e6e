"""Tell whether the agent said a standard phrase, in whatever words.

Each bank has a logistic regression on sentence vectors: its samples against its look-alikes, the
sentences of the other banks, and a background of ordinary agent sentences. All banks together are
one matrix product on the vectors of a batch. The weights of the shipped banks travel with the
library (``models/phrases-en``); a bank of the user's own, or one that was edited, is fitted when it
is loaded.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.artifacts import Artifact, load_artifact, shipped_artifacts
from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.errors import ArtifactError, RubricError, did_you_mean
from qa_nlp.resources import resource_folder
from qa_nlp.rubric import column_name
from qa_nlp.scope import Scope
from qa_nlp.signals.answers import DECIMALS
from qa_nlp.signals.base import Array, Batch, Column, SignalSpec, Span
from qa_nlp.signals.phrase_bank import PhraseBankFile, load_bank_file, shipped_banks
from qa_nlp.text.sentences import SentenceTable, sentence_spans
from qa_nlp.transcript import Role
from qa_nlp.yaml_files import YamlFile

__all__ = [
    "PhraseBank",
    "PhraseMatch",
    "PhraseMatcher",
    "background_sentences",
    "fit_banks",
    "measure_phrases",
    "phrase_specs",
    "phrase_weights_fingerprint",
    "shipped_banks_fingerprint",
    "shipped_matcher",
]

ARTIFACTS: Final = ("phrases-en", "phrases-multilingual")
"""Weights of the shipped banks, each for one encoder."""
SAID: Final = 0.5
"""Probability from which a sentence is shown as evidence that a phrase was said."""

_INVERSE_PENALTY: Final = 10.0
_LOG_RARITY: Final = {"standard": 0.0, "forbidden": math.log(4)}
_MOST_QUOTES: Final = 3


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
        The matching sentence, ``text[start:end]``.
    """

    probability: float
    sample: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PhraseMatcher:
    """Several banks ready to be matched against sentence vectors.

    Parameters
    ----------
    banks : tuple of PhraseBankFile
        The banks, in the order of the columns.
    weight : ndarray of float64, shape (banks, width)
        Weights of each bank's logistic regression.
    bias : ndarray of float64, shape (banks,)
        Its intercept.
    """

    banks: tuple[PhraseBankFile, ...]
    weight: Array
    bias: Array

    @property
    def ids(self) -> tuple[str, ...]:
        """Bank ids, in the order of the columns."""
        return tuple(bank.id for bank in self.banks)

    @property
    def fingerprint(self) -> str:
        """Hash of the banks' sentences."""
        return banks_fingerprint(self.banks)

    def probabilities(self, vectors: NDArray[np.float32]) -> Array:
        """Give the probability that each sentence says each phrase.

        Parameters
        ----------
        vectors : ndarray, shape (n, width)
            Unit vectors of sentences.

        Returns
        -------
        ndarray of float64, shape (n, banks)
            0 to 1.
        """
        logits = vectors.astype(np.float64) @ self.weight.T + self.bias
        return np.round(1 / (1 + np.exp(-logits)), DECIMALS)


def background_sentences(language: str = "en") -> tuple[str, ...]:
    """Give ordinary agent sentences that say none of the standard phrases.

    Parameters
    ----------
    language : str, default "en"
        ISO 639-1 code.

    Returns
    -------
    tuple of str
        Written for this project; empty where the language has none.
    """
    return tuple(_background().get(language, ()))


@functools.lru_cache(maxsize=1)
def _background() -> Mapping[str, list[str]]:
    document = YamlFile.read(resource_folder("rubric_prompts") / "background.yaml")
    sentences: dict[str, list[str]] = document.data["sentences"]
    return sentences


def banks_fingerprint(banks: Sequence[PhraseBankFile]) -> str:
    """Hash the sentences of banks and of the background they are fitted against.

    Parameters
    ----------
    banks : sequence of PhraseBankFile
        In order.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    content = [bank.model_dump(mode="json") for bank in banks]
    text = json.dumps([content, _background()], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fit_banks(
    banks: Sequence[PhraseBankFile], encoder: Encoder, *, only: Collection[str] | None = None
) -> PhraseMatcher:
    """Fit the logistic regression of each bank.

    Positive: the bank's samples. Negative: its look-alikes, the sentences of all other banks and
    the background; of each the languages that the encoder states, English where it states none.
    Both sides weigh the same; vectors are centred and scaled to a mean square of 1,
    and the penalty is fixed (C = 10). Since forbidden
    statements are rarer than standard phrases, their odds are divided by 4 (chosen on the phrase
    marks of the bundled samples).

    Parameters
    ----------
    banks : sequence of PhraseBankFile
        All banks, since they serve each other as negatives.
    encoder : Encoder
        Gives the vectors.
    only : collection of str, optional
        Fit just these banks.

    Returns
    -------
    PhraseMatcher
        Of the banks asked for, in order.

    Raises
    ------
    RubricError
        When a bank has no samples in the encoder's languages.
    """
    from sklearn.linear_model import LogisticRegression

    languages = _languages(encoder)
    for bank in banks:
        if not bank.samples.keys() & set(languages):
            raise RubricError(
                f"phrase bank {bank.id!r} has no samples that {encoder.name} reads; add some "
                f"under {' or '.join(languages)}"
            )
    sentences = list(_read(_background(), languages))
    for bank in banks:
        sentences += [*_read(bank.samples, languages), *_read(bank.look_alikes, languages)]
    rows = {text: row for row, text in enumerate(dict.fromkeys(sentences))}
    # in one call, since an encoder fills up its batches
    vectors = encoder.encode(list(rows))[:, : encoder.width].astype(np.float64)
    # centred and scaled, so that the penalty means the same where an encoder keeps all vectors near
    centre = vectors.mean(axis=0)
    spread = float(np.sqrt(((vectors - centre) ** 2).sum(axis=1).mean()))
    vectors = (vectors - centre) / spread

    def encoded(texts: Sequence[str]) -> Array:
        chosen: Array = vectors[np.array([rows[text] for text in texts], dtype=np.int64)]
        return chosen

    background = encoded(_read(_background(), languages))
    samples = {bank.id: encoded(_read(bank.samples, languages)) for bank in banks}
    others = {bank.id: encoded(_read(bank.look_alikes, languages)) for bank in banks}
    chosen = tuple(bank for bank in banks if only is None or bank.id in only)
    weights, biases = [], []
    for bank in chosen:
        positive = samples[bank.id]
        rest = [own for name, own in samples.items() if name != bank.id]
        negative = np.concatenate([*others.values(), *rest, background])
        model = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=1000)
        model.fit(
            np.concatenate([positive, negative]),
            np.repeat([1, 0], [len(positive), len(negative)]),
        )
        weight = model.coef_[0] / spread
        weights.append(weight)
        bias = float(model.intercept_[0]) - float(weight @ centre)
        biases.append(bias - _LOG_RARITY[bank.kind])
    return PhraseMatcher(chosen, np.array(weights), np.array(biases))


def _languages(encoder: Encoder) -> list[str]:
    return sorted(encoder.languages or {"en"})


def _read(sentences: Mapping[str, Sequence[str]], languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for code in languages for text in sentences.get(code, ()))


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
            if artifact.manifest["encoder"] == encoder:
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
        With another encoder than the shipped ones, the banks are fitted anew.

    Returns
    -------
    PhraseMatcher
        All shipped banks.
    """
    stored = _stored_weights(encoder.fingerprint)
    if stored is None:
        return fit_banks(_shipped_files(), encoder)
    return PhraseMatcher(
        _shipped_files(),
        stored.tensors["weight"].astype(np.float64),
        stored.tensors["bias"].astype(np.float64),
    )


class PhraseBank:
    """One phrase bank, to be tried on texts.

    Parameters
    ----------
    bank : PhraseBankFile
        The sentences.
    matcher : PhraseMatcher
        Holds just this bank.
    encoder : Encoder
        Gives the vectors.

    Examples
    --------
    >>> bank = PhraseBank.load("hold_request")
    >>> yes, no = bank.match(["Let me put you on hold for a minute.", "Hold the button down."])
    >>> yes.probability > 0.5 > no.probability
    True
    """

    def __init__(self, bank: PhraseBankFile, matcher: PhraseMatcher, encoder: Encoder) -> None:
        self.bank = bank
        self._matcher = matcher
        self._encoder = encoder
        self._samples = _read(bank.samples, _languages(encoder))

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
        file = load_bank_file(bank)
        opened = load_encoder(encoder)
        shipped = shipped_banks()
        if shipped.get(file.id) and load_bank_file(shipped[file.id]) == file:
            matcher = _pick(shipped_matcher(opened), file.id)
        else:
            rest = [load_bank_file(path) for name, path in shipped.items() if name != file.id]
            matcher = fit_banks([*rest, file], opened, only={file.id})
        return cls(file, matcher, opened)

    def match(self, texts: Sequence[str]) -> list[PhraseMatch]:
        """Match texts; of a text with several sentences the best one counts.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        list of PhraseMatch
            One for each text; a text without words has probability 0.
        """
        spans = [sentence_spans(text) for text in texts]
        pieces = [text[a:b] for text, cuts in zip(texts, spans, strict=True) for a, b in cuts]
        samples = self._samples
        if not pieces:
            return [PhraseMatch(0.0, samples[0], 0, 0) for _ in texts]
        vectors = self._vectors(pieces)
        probabilities = self._matcher.probabilities(vectors)[:, 0]
        nearest = (vectors @ self._vectors(samples).T).argmax(axis=1)
        matches = []
        row = 0
        for cuts in spans:
            rows = range(row, row + len(cuts))
            row += len(cuts)
            best = max(rows, key=lambda index: float(probabilities[index]), default=None)
            if best is None:
                matches.append(PhraseMatch(0.0, samples[0], 0, 0))
            else:
                start, end = cuts[best - rows.start]
                matches.append(
                    PhraseMatch(float(probabilities[best]), samples[nearest[best]], start, end)
                )
        return matches

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encoder.encode(texts)[:, : self._encoder.width]


def _pick(matcher: PhraseMatcher, bank: str) -> PhraseMatcher:
    index = matcher.ids.index(bank)
    here = slice(index, index + 1)
    return PhraseMatcher(matcher.banks[here], matcher.weight[here], matcher.bias[here])


def phrase_specs() -> dict[str, SignalSpec]:
    """Describe one signal for each shipped bank.

    Returns
    -------
    dict of str to SignalSpec
        By signal name, ``phrase.BANK``.
    """
    specs = {}
    for bank in _shipped_files():
        name = f"phrase.{bank.id}"
        specs[name] = SignalSpec(
            name, f"{bank.purpose} Probability of the best sentence.",
            "probability", 0, 1, 0, 1, scoped=True, source="Own method.",
        )  # fmt: skip
    return specs


def measure_phrases(
    batch: Batch, matcher: PhraseMatcher, uses: Collection[tuple[str, str]]
) -> Mapping[str, Column]:
    """Measure phrases within scopes.

    Parameters
    ----------
    batch : Batch
        With vectors of the encoder that `matcher` is for.
    matcher : PhraseMatcher
        The banks.
    uses : collection of (str, str)
        Bank id and scope.

    Returns
    -------
    dict of str to Column
        By column name; NaN where the agent says nothing within the scope.
    """
    known = {bank: index for index, bank in enumerate(matcher.ids)}
    probabilities = matcher.probabilities(batch.vectors)
    columns: dict[str, Column] = {}
    rows: dict[tuple[str, Role], list[list[int]]] = {}
    for bank, scope in sorted(uses):
        if bank not in known:
            raise ArtifactError(f"no phrase bank {bank!r}{did_you_mean(bank, known)}")
        role = matcher.banks[known[bank]].role
        if (scope, role) not in rows:
            rows[scope, role] = _rows_in_scope(batch, Scope.parse(scope), role)
        column = _column(batch, rows[scope, role], probabilities[:, known[bank]], scope, role)
        columns[column_name(f"phrase.{bank}", scope)] = column
    return columns


def _rows_in_scope(batch: Batch, scope: Scope, role: Role) -> list[list[int]]:
    """For each transcript, the rows of the sentence table spoken by a role within a scope."""
    table = batch.sentences
    found = []
    for position, transcript in enumerate(batch.transcripts):
        rows = range(int(table.offsets[position]), int(table.offsets[position + 1]))
        inside = set(scope.turns(transcript)) if rows and scope.side else None
        found.append(
            [
                row
                for row in rows
                if transcript.turns[table.turn[row]].role is role
                and (inside is None or int(table.turn[row]) in inside)
            ]
        )
    return found


def _column(batch: Batch, rows: list[list[int]], scores: Array, scope: str, role: Role) -> Column:
    table = batch.sentences
    values = np.full(len(rows), np.nan)
    evidence: list[tuple[Span, ...]] = [()] * len(rows)
    for position, own in enumerate(rows):
        if not own:
            continue
        ranked = sorted(own, key=lambda row: (-scores[table.text[row]], row))
        best = float(scores[table.text[ranked[0]]])
        values[position] = best
        evidence[position] = _spans(table, ranked, scores, f"{role.value} ({scope})")
    return Column(values, evidence)


def _spans(table: SentenceTable, ranked: list[int], scores: Array, where: str) -> tuple[Span, ...]:
    """Give the sentences that speak for the phrase, and what there is to say against it."""
    best = float(scores[table.text[ranked[0]]])
    said = [row for row in ranked[:_MOST_QUOTES] if scores[table.text[row]] >= SAID] or ranked[:1]
    weights = [float(scores[table.text[row]]) for row in said]
    total = sum(weights) or 1.0
    verb = "said" if best >= SAID else "perhaps said"
    quotes = [
        Span(
            weight / total,
            int(table.turn[row]),
            int(table.start[row]),
            int(table.end[row]),
            f"{verb} with probability {weight:.2f}",
            raises=True,
        )
        for row, weight in zip(said, weights, strict=True)
    ]
    count = f"{len(ranked)} sentence{'s' if len(ranked) > 1 else ''}"
    note = f"no clear instance in {count} of the {where}; nearest {best:.2f}"
    return (*quotes, Span(1.0, note=note, raises=False))
