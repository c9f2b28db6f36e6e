"""Show a person what a phrase bank is least sure of, learn from the answers, and measure the bank.

Sentences near the decision boundary teach most (Lewis & Gale 1994, "A Sequential Algorithm for
Training Text Classifiers"); of those that are nearly the same, one is enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from qa_nlp.encoding import Encoder
from qa_nlp.errors import RubricError
from qa_nlp.labelled_texts import LabelledText, read_labelled
from qa_nlp.masking import mask
from qa_nlp.phrase_bank import PhraseBankFile, comparable, filled, with_labels
from qa_nlp.signals.answers import DECIMALS
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrases import PhraseBank
from qa_nlp.text.language import language_of
from qa_nlp.text.sentences import sentence_spans
from qa_nlp.transcript import Transcript

__all__ = [
    "LabelledText",
    "Quality",
    "Suggestion",
    "Taught",
    "bank_sentences",
    "measure",
    "read_labelled",
    "reads",
    "suggest",
    "teach",
]

_ALIKE: Final = 0.9
_TOGETHER: Final = 64
_SMALLEST: Final = 1e-6
_LONGEST: Final = 1000

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A sentence that a person may accept or reject.

    Parameters
    ----------
    text : str
        The sentence, as it was said.
    probability : float
        That it says the phrase, 0 to 1.
    transcript_id : str
        Where it was said first.
    turn : int
        The turn, from 0.
    language : str, optional
        ISO 639-1 code of the conversation; None where it is not known.
    """

    text: str
    probability: float
    transcript_id: str
    turn: int
    language: str | None


def suggest(
    transcripts: Iterable[Transcript], bank: PhraseBank, n: int = 12, language: str | None = None
) -> list[Suggestion]:
    """Choose sentences whose labels would teach a bank most.

    Distinct sentences of the bank's role, in languages that its encoder reads, which are not in the
    bank yet; nearest to a probability of .5 first, without those whose cosine to one already chosen
    exceeds .9.

    Parameters
    ----------
    transcripts : iterable of Transcript
        Conversations.
    bank : PhraseBank
        The bank.
    n : int, default 12
        How many sentences at most.
    language : str, optional
        Take conversations in this language alone.

    Returns
    -------
    list of Suggestion
        The same ones, in the same order, for the same sentences.

    Raises
    ------
    ValueError
        When `n` is below 1.

    Examples
    --------
    >>> from qa_nlp.samples import load_samples
    >>> found = suggest(load_samples()[:6], PhraseBank.load("hold_request"), n=3)
    >>> len(found), found[0].language
    (3, 'en')
    """
    if n < 1:
        raise ValueError(f"n is {n}; give 1 or more")
    said = list(_distinct(transcripts, bank, language))
    matches = bank.match([one.text for one in said])
    unsure = [
        replace(one, probability=match.probability)
        for one, match in zip(said, matches, strict=True)
    ]
    unsure.sort(key=lambda one: (_distance(one.probability), one.text))
    return _spread(unsure, bank.encoder, n)


def _distinct(
    transcripts: Iterable[Transcript], bank: PhraseBank, language: str | None
) -> Iterator[Suggestion]:
    known = bank_sentences(bank.bank)
    for transcript in transcripts:
        spoken = language_of(transcript)
        if not reads(bank.encoder, spoken) or (language is not None and spoken != language):
            continue
        for number, turn in enumerate(transcript.turns):
            if turn.role is not bank.bank.role:
                continue
            for start, end in sentence_spans(turn.text):
                text = " ".join(turn.text[start:end].split())
                # masked as it would stand in the bank
                key = comparable(mask(text))
                if key not in known and _may_be_a_sample(text):
                    known.add(key)
                    yield Suggestion(text, 0.0, transcript.id, number, spoken)


def _may_be_a_sample(text: str) -> bool:
    # braces would be read as slots
    return (
        len(text) <= _LONGEST
        and not ("{" in text and "}" in text)
        and any(character.isalpha() for character in mask(text))
    )


def reads(encoder: Encoder, language: str | None) -> bool:
    """Tell whether an encoder reads a language.

    Parameters
    ----------
    encoder : Encoder
        States its languages, or none.
    language : str, optional
        ISO 639-1 code; None where it is not known.

    Returns
    -------
    bool
        True for every language where it states none.
    """
    return encoder.languages is None or language in encoder.languages


def bank_sentences(bank: PhraseBankFile) -> set[str]:
    """Give all sentences of a bank as `comparable` writes them, with their slots filled.

    Parameters
    ----------
    bank : PhraseBankFile
        The bank.

    Returns
    -------
    set of str
        Samples and look-alikes of all languages.
    """
    return {
        comparable(text)
        for field in (bank.samples, bank.look_alikes)
        for sentences in field.values()
        for sentence in sentences
        for text in (sentence, *filled(sentence, bank.slots))
    }


def _distance(probability: float) -> float:
    """Give the log-odds without their sign, rounded so that .4 is as far from .5 as .6."""
    chance = min(max(probability, _SMALLEST), 1 - _SMALLEST)
    return round(abs(math.log(chance / (1 - chance))), DECIMALS)


def _spread(ranked: Sequence[Suggestion], encoder: Encoder, most: int) -> list[Suggestion]:
    """Take the first ones, but none that is nearly the same as one already taken."""
    chosen: list[Suggestion] = []
    kept = np.zeros((0, encoder.width), dtype=np.float32)
    for start in range(0, len(ranked), _TOGETHER):
        some = ranked[start : start + _TOGETHER]
        vectors = encoder.encode([one.text for one in some])[:, : encoder.width]
        for one, vector in zip(some, vectors, strict=True):
            if (kept @ vector > _ALIKE).any():
                continue
            chosen.append(one)
            if len(chosen) == most:
                return chosen
            kept = np.vstack([kept, vector])
    return chosen


@dataclass(frozen=True, slots=True)
class Taught:
    """A bank with a person's answers, and what they changed.

    Parameters
    ----------
    bank : PhraseBankFile
        The bank with the answers.
    samples, look_alikes : int
        Sentences that are new in the bank.
    moved : int
        Sentences that stood on the other side before.
    left_out : int
        Misses in languages in which the bank has no samples to tell them from.
    """

    bank: PhraseBankFile
    samples: int
    look_alikes: int
    moved: int
    left_out: int


def teach(bank: PhraseBankFile, answers: Sequence[LabelledText], language: str = "en") -> Taught:
    """Add answers to a bank: hits to its samples, misses to its look-alikes.

    E-mail addresses and long numbers are masked; names are not.

    Parameters
    ----------
    bank : PhraseBankFile
        The bank; not changed.
    answers : sequence of LabelledText
        What a person says about sentences.
    language : str, default "en"
        ISO 639-1 code of the answers that state none.

    Returns
    -------
    Taught
        The new bank and what changed.

    Raises
    ------
    RubricError
        When a text is labelled a hit and a miss, or cannot stand in a bank.

    Examples
    --------
    >>> from qa_nlp.phrase_bank import load_bank_file
    >>> taught = teach(load_bank_file("greeting"), [LabelledText("Ahoy, it is 4471 0923!", True)])
    >>> taught.samples, taught.bank.samples["en"][-1]
    (1, 'Ahoy, it is •••••••••!')
    """
    _check_labels_agree(answers, language)
    before, taught, left_out = _sides(bank), bank, 0
    # hits first, since misses need samples in their language
    for answer in sorted(answers, key=lambda answer: not answer.label):
        code = answer.language or language
        if not answer.label and code not in taught.samples:
            left_out += 1
            continue
        try:
            taught = with_labels(taught, [mask(answer.text)], [answer.label], code)
        except ValidationError as error:
            reasons = "; ".join(
                detail["msg"].removeprefix("Value error, ") for detail in error.errors()
            )
            raise RubricError(_placed(answer, reasons)) from None
    after = _sides(taught)
    changed = [key for key, side in after.items() if before.get(key) != side]
    new = [after[key] for key in changed if key not in before]
    return Taught(
        taught, new.count("samples"), new.count("look_alikes"), len(changed) - len(new), left_out
    )


def _check_labels_agree(answers: Sequence[LabelledText], language: str) -> None:
    first: dict[tuple[str, str], LabelledText] = {}
    for answer in answers:
        key = answer.language or language, comparable(mask(answer.text))
        earlier = first.setdefault(key, answer)
        if earlier.label != answer.label:
            where = (
                "an earlier text" if earlier.line is None else f"the text of line {earlier.line}"
            )
            raise RubricError(
                _placed(answer, f"{where} reads the same and has the other label; keep one of them")
            )


def _placed(answer: LabelledText, message: str) -> str:
    return f"{answer.place}: {message}" if answer.place else message


def _sides(bank: PhraseBankFile) -> dict[tuple[str, str], str]:
    """Give for each sentence and its language whether it is a sample or a look-alike."""
    return {
        (code, comparable(sentence)): side
        for side in ("samples", "look_alikes")
        for code, sentences in getattr(bank, side).items()
        for sentence in sentences
    }


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a bank tells hits from misses.

    Parameters
    ----------
    found : int
        Hits that the bank finds, at a probability from .5.
    missed : int
        Hits that it does not find.
    false_alarms : int
        Misses that it takes for hits.
    rejected : int
        Misses that it rejects.
    precision, recall, f1, average_precision : float
        0 to 1; NaN where there is nothing to divide by.
    precision_interval, recall_interval, f1_interval : tuple of float
        Lower and upper end, at 95 %.
    probabilities : tuple of float
        For each text, in order.
    """

    found: int
    missed: int
    false_alarms: int
    rejected: int
    precision: float
    precision_interval: Interval
    recall: float
    recall_interval: Interval
    f1: float
    f1_interval: Interval
    average_precision: float
    probabilities: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the counts and figures in plain types.

        Returns
        -------
        dict
            Without the probabilities; NaN is None.
        """
        figures = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name != "probabilities"
        }
        return {name: _plain_figure(value) for name, value in figures.items()}


def _plain_figure(value: float | Interval) -> Any:
    if isinstance(value, tuple):
        return [_plain_figure(end) for end in value]
    return None if math.isnan(value) else value


def measure(bank: PhraseBank, texts: Sequence[str], labels: Sequence[Any]) -> Quality:
    """Measure a bank on labelled texts.

    The intervals of precision and recall are those of Wilson 1927, "Probable Inference, the Law of
    Succession, and Statistical Inference". F1 is 2 J / (1 + J) of J, the share of texts found
    rightly among those that are hits or taken for hits (Hand, Christen & Kirielle 2021, "F*: an
    interpretable transformation of the F-measure"); so the interval of J gives that of F1.

    Parameters
    ----------
    bank : PhraseBank
        The bank.
    texts : sequence of str
        What was said, shape (n,).
    labels : sequence of bool
        Whether each says the phrase, shape (n,).

    Returns
    -------
    Quality
        Figures with their intervals.

    Raises
    ------
    ValueError
        When there are not as many labels as texts.

    Examples
    --------
    >>> bank = PhraseBank.load("hold_request")
    >>> texts = ["Let me put you on hold for a minute.", "Hold the button down."]
    >>> measure(bank, texts, [True, False]).f1
    1.0
    """
    if isinstance(texts, str) or len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts and {len(labels)} labels; give one label for each")
    probabilities = np.array([match.probability for match in bank.match(texts)])
    hits = np.array([bool(label) for label in labels], dtype=np.bool_)
    taken = probabilities >= SAID
    found = int((hits & taken).sum())
    missed, false_alarms = int(hits.sum()) - found, int(taken.sum()) - found
    overlap, overlap_interval = _share(found, found + missed + false_alarms)
    precision, recall = _share(found, found + false_alarms), _share(found, found + missed)
    return Quality(
        found=found,
        missed=missed,
        false_alarms=false_alarms,
        rejected=len(texts) - found - missed - false_alarms,
        precision=precision[0],
        precision_interval=precision[1],
        recall=recall[0],
        recall_interval=recall[1],
        f1=_f1(overlap),
        f1_interval=(_f1(overlap_interval[0]), _f1(overlap_interval[1])),
        average_precision=_average_precision(hits.tolist(), probabilities.tolist()),
        probabilities=tuple(probabilities.tolist()),
    )


def _share(part: int, whole: int) -> tuple[float, Interval]:
    if not whole:
        return math.nan, (math.nan, math.nan)
    from scipy.stats import binomtest

    interval = binomtest(part, whole).proportion_ci(confidence_level=0.95, method="wilson")
    return part / whole, (float(interval.low), float(interval.high))


def _f1(overlap: float) -> float:
    return 2 * overlap / (1 + overlap)


def _average_precision(hits: Sequence[bool], probabilities: Sequence[float]) -> float:
    if not any(hits):
        return math.nan
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(hits, probabilities))
