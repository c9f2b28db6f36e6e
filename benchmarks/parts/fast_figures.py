"""What the fast tier costs in accuracy: classifiers, similarity, standard phrases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts import maia_sets, star_phrases, unseen_sets
from benchmarks.parts.bootstrap import average_precision, cluster_bootstrap, f1
from benchmarks.parts.evaluation import Measures, draws_of
from benchmarks.parts.fast_tiers import ENGLISH, Compared, Pair, compared
from benchmarks.parts.frozen_phrases import FOLDER
from benchmarks.parts.measures import rank_correlation
from benchmarks.parts.negated_pairs import PAIRS
from benchmarks.parts.phrase_methods import Finder
from benchmarks.parts.resampling import Resampler
from benchmarks.parts.shipped import Shipped, columns_for
from benchmarks.parts.similarity import FILES as STS
from benchmarks.parts.similarity import SETS, linked_groups, similar_pairs
from benchmarks.parts.task_sets import TaskSet, trained_sets
from benchmarks.parts.texts import Array
from benchmarks.record import ROOT
from models.sentences import normalised
from qa_nlp.encoding import Encoder
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrase_fit import fit_banks
from qa_nlp.signals.phrase_matcher import background_sentences
from qa_nlp.signals.phrases import shipped_matcher

__all__ = [
    "FILES",
    "classifier_figures",
    "denial_figures",
    "phrase_figures",
    "similarity_figures",
]

Flags = NDArray[np.bool_]

FILES: Final = (
    *unseen_sets.FILES,
    *maia_sets.FILES,
    *("goemotions/dev.tsv.gz", "goemotions/train.tsv.gz", "epitome/epitome.tsv.gz"),
    *("tydip/en_train.tsv.gz", "sart_ro/sart.tsv.gz", star_phrases.FILE, *STS),
)
"""What is read, below the folder of data sets."""

FEWEST: Final = 20
_FIGURES: Final = {
    "classes": "macro-F1",
    "labels": "macro-F1",
    "levels": "QWK",
    "score": "r",
    "ranking": "AUC",
}


def classifier_figures(pair: Pair, folder: Path, *, most: int, rounds: int) -> list[Compared]:
    """Measure every head on every set of the classifiers' benchmark in the pair's languages.

    Parameters
    ----------
    pair : Pair
        The encoders.
    folder : pathlib.Path
        The folder of data sets.
    most : int
        Texts of a set at most.
    rounds : int
        Resamples.

    Returns
    -------
    list of Compared
        Test parts of what both encoders learnt from, then sets that neither has seen.
    """
    every = [
        *trained_sets(folder),
        *unseen_sets.unseen_sets(folder),
        *maia_sets.maia_sets(folder),
    ]
    found = []
    for data in (one.limited(most) for one in every if one.language in pair.languages):
        if len(data.texts) < FEWEST or len(np.unique(data.truth)) < 2:
            continue
        resampler, name = Resampler(data.groups, rounds=rounds), _FIGURES[data.kind]
        encoder, fast = (
            draws_of(resampler, data, _answers(one, data))[name]
            for one in pair.classifiers().values()
        )
        task = data.task.replace("_", " ")
        found.append(compared(f"{data.name}: {task}", name, len(data.texts), encoder, fast))
        print(f"  {found[-1].data}: {found[-1].values['difference']}", flush=True)
    return found


def _answers(classifier: Shipped, data: TaskSet) -> NDArray[Any]:
    if data.kind == "ranking":
        return columns_for(data.scorers[0], classifier, data.texts)
    answers = classifier.answers(data.texts, data.head)
    if data.kind != "classes" or answers.classes == data.classes:
        return answers.answer
    # among the classes of the data set alone
    columns = [answers.classes.index(name) for name in data.classes]
    return np.asarray(answers.probabilities[:, columns].argmax(axis=1))


def denial_figures(pair: Pair) -> list[Compared]:
    """Measure whether praise is read as such, and denied praise is not.

    Parameters
    ----------
    pair : Pair
        The encoders.

    Returns
    -------
    list of Compared
        Shares of `PAIRS` in each language.
    """
    return [figure for code in pair.languages for figure in _denials(pair, code)]


def _denials(pair: Pair, language: str) -> list[Compared]:
    pairs = PAIRS[language]
    groups = [plain for plain, _ in pairs]
    right: dict[str, tuple[Flags, Flags]] = {}
    for name, one in pair.classifiers().items():
        told = [one.answers(texts, "sentiment") for texts in zip(*pairs, strict=True)]
        positive = told[0].classes.index("positive")
        right[name] = (told[0].answer == positive, told[1].answer != positive)

    def share(which: int, weights: Array) -> dict[str, float]:
        return _with_difference(
            {
                name: float(np.average(flags[which], weights=weights))
                for name, flags in right.items()
            }
        )

    own = "own praise" if language == "en" else f"own praise, {language}"
    return [
        _resampled(f"{own}: sentiment", "read as positive", groups, partial(share, 0)),
        _resampled(f"{own}, denied: sentiment", "not read as positive", groups, partial(share, 1)),
    ]


def similarity_figures(pair: Pair, folder: Path, *, most: int, rounds: int) -> list[Compared]:
    """Measure Spearman's correlation of cosine and human score.

    Parameters
    ----------
    pair : Pair
        The encoders.
    folder : pathlib.Path
        The folder of data sets.
    most : int
        Pairs at most.
    rounds : int
        Resamples.

    Returns
    -------
    list of Compared
        One a language: development pairs of the STS benchmark.
    """
    return [_similarity(pair, code, folder, most, rounds) for code in pair.languages]


def _similarity(pair: Pair, language: str, folder: Path, most: int, rounds: int) -> Compared:
    pairs = similar_pairs(language, folder).iloc[:most]
    first, second = pairs["sentence1"].tolist(), pairs["sentence2"].tolist()
    resampler = Resampler(linked_groups(first, second), rounds=rounds)
    score = pairs["score"].to_numpy(dtype=np.float64)
    draws = []
    for one in pair.encoders().values():
        both = one.encode(first + second)[:, : one.width].astype(np.float64)
        cosine = (both[: len(first)] * both[len(first) :]).sum(axis=1)
        draws.append(rank_correlation(resampler, score, cosine))
    return compared(SETS[language][0], "rho", len(pairs), *draws)


def phrase_figures(pair: Pair, folder: Path) -> list[Compared]:
    """Measure standard phrases in sentences written apart from the banks and in what STAR typed.

    Parameters
    ----------
    pair : Pair
        The encoders.
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Compared
        F1 in each language; on STAR, which is English, average precision too.
    """
    frozen = [_frozen(pair, code) for code in pair.languages]
    return [*frozen, *_star(folder)] if pair is ENGLISH else frozen


def _frozen(pair: Pair, language: str) -> Compared:
    lines = (ROOT / FOLDER / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    matchers = {name: shipped_matcher(one) for name, one in pair.encoders().items()}
    banks = next(iter(matchers.values())).banks
    known = {normalised(text) for text in background_sentences(language)}
    for bank in banks:
        for sentences in (bank.samples, bank.look_alikes):
            known |= {normalised(text) for text in sentences.get(language, ())}
    rows = [row for row in map(json.loads, lines) if normalised(row["text"]) not in known]
    hits = np.array([row["hit"] for row in rows])
    own = {bank.id: np.flatnonzero([row["bank"] == bank.id for row in rows]) for bank in banks}
    said = {}
    for name, one in pair.encoders().items():
        chances = Finder([row["text"] for row in rows], one).chances(matchers[name])
        column = [matchers[name].ids.index(row["bank"]) for row in rows]
        said[name] = chances[np.arange(len(rows)), column] >= SAID

    def measure(weights: Array) -> dict[str, float]:
        return _with_difference(
            {
                name: float(np.mean([f1(hits[at], flags[at], weights[at]) for at in own.values()]))
                for name, flags in said.items()
            }
        )

    groups = [str(row) for row in range(len(rows))]
    name = "sentences written for the phrase banks"
    return _resampled(name if pair is ENGLISH else f"{name}, {language}", "F1", groups, measure)


def _star(folder: Path) -> list[Compared]:
    star, banks = star_phrases.read_star(folder).test, star_phrases.read_banks()
    named = star_phrases.NAMED
    hits = star.all_hits(named)
    chances = {}
    for name, one in ENGLISH.encoders().items():
        finder = Finder(star.texts, one)
        columns = [_chances(finder, one, phrase, banks) for phrase in named]
        chances[name] = np.stack(columns, axis=1)
    each = range(len(named))

    def found(weights: Array) -> dict[str, float]:
        return _with_difference(
            {
                name: float(np.mean([f1(hits[:, k], own[:, k] >= SAID, weights) for k in each]))
                for name, own in chances.items()
            }
        )

    def ranked(weights: Array) -> dict[str, float]:
        return _with_difference(
            {
                name: float(
                    np.mean([average_precision(hits[:, k], own[:, k], weights) for k in each])
                )
                for name, own in chances.items()
            }
        )

    return [
        _resampled("what STAR's agents typed: phrases", "F1", star.wizards, found),
        _resampled("what STAR's agents typed: phrases", "AP", star.wizards, ranked),
    ]


def _chances(
    finder: Finder, encoder: Encoder, phrase: star_phrases.Phrase, banks: Sequence[Any]
) -> Array:
    seen = [bank for bank in banks if bank.id not in phrase.more_general]
    matcher = fit_banks(seen, encoder, only={phrase.bank})
    return np.asarray(finder.chances(matcher)[:, 0])


def _with_difference(values: Mapping[str, float]) -> dict[str, float]:
    return {**values, "difference": values["fast"] - values["encoder"]}


def _resampled(data: str, figure: str, groups: Sequence[str], measure: Any) -> Compared:
    found = cluster_bootstrap(groups, measure)
    values: Measures = {name: dict(one.to_dict()) for name, one in found.items()}
    print(f"  {data}: {values['difference']}", flush=True)
    return Compared(data, figure, len(groups), values)
