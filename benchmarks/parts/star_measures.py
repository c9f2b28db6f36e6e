"""The figures of the phrases on STAR: banks as written, banks taught with examples, SetFit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts import setfit
from benchmarks.parts.phrase_draws import draw_examples, enough_hits, few_shot_scores
from benchmarks.parts.phrase_figures import Answer, best_said, phrase_figures
from benchmarks.parts.phrase_methods import Finder, answers_of, zero_shot_scores
from benchmarks.parts.star_phrases import (
    NAMED,
    PHRASES,
    SAME_AS_FAREWELL,
    Phrase,
    Typed,
    read_banks,
    read_star,
)
from benchmarks.parts.texts import Array, Remembering
from qa_nlp.encoding import load_encoder

__all__ = ["DRAWS", "ENCODERS", "SIZES", "measure_few_shot", "measure_setfit", "measure_zero_shot"]

Flags = NDArray[np.bool_]

ENCODERS: Final = ("en", "minilm")
"""The shipped encoder, and what it was before it was adapted."""
SIZES: Final = (5, 20)
MANY: Final = 100
LEAST_FOR_MANY: Final = 200
"""Texts of a label, in both parts, from which it is also taught with `MANY` examples."""
DRAWS: Final = 20
FEWER_DRAWS: Final = 5
"""For the phrases that no target is about, and for the encoder that is not shipped."""
SEEDS: Final = 3
FAREWELL: Final = "farewell"


def measure_zero_shot(folder: Path) -> dict[str, Any]:
    """Measure the banks as they were written.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    dict
        Counts, and for each encoder the mean of the named phrases, every phrase, and the same on
        texts that nobody of the training part typed, on texts of one word, and with the farewells
        of other tasks counted as hits too.
    """
    star, banks = read_star(folder), read_banks()
    size = len(star.test.texts)
    result: dict[str, Any] = {
        "texts": size,
        "wizards": len(set(star.test.wizards)),
        "new texts": int(star.is_new.sum()),
        "texts of one word": len(star.shorthand.texts),
    }
    for name in ENCODERS:
        encoder = Remembering(load_encoder(name))
        both = Finder([*star.test.texts, *star.shorthand.texts], encoder)
        every = zero_shot_scores(both, PHRASES, banks)
        scores = {method: values[:, :size] for method, values in every.items()}
        short = {method: values[:, size:] for method, values in every.items()}
        found = _of_phrases(star.test, PHRASES, scores)
        new = {method: values[:, star.is_new] for method, values in scores.items()}
        result[name] = {
            **found,
            "new texts": _of_phrases(star.test.where(star.is_new), PHRASES, new),
            "one word": _of_phrases(star.shorthand, PHRASES, short),
            "farewell in every task": _every_farewell(star.test, scores),
        }
        print(f"zero-shot, {name}: {_line(found['mean'])}", flush=True)
    return result


def measure_few_shot(folder: Path, most_draws: int = DRAWS) -> dict[str, Any]:
    """Measure the banks taught with labelled examples of the training part.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    most_draws : int, default 20
        Draws at most.

    Returns
    -------
    dict
        For each encoder and number of examples the mean of the named phrases and every phrase; the
        number of draws; and which phrases had too few hits.
    """
    star, banks = read_star(folder), read_banks()
    few = min(FEWER_DRAWS, most_draws)
    result: dict[str, Any] = {
        "draws": {"named": most_draws, "others": few, "unadapted encoder": few},
        "left out": {},
    }
    for name in ENCODERS:
        shipped = name == ENCODERS[0]
        finder = Finder(star.test.texts, Remembering(load_encoder(name)))
        result[name] = {}
        for size in (*SIZES, MANY) if shipped else SIZES:
            wanted = _wanted(star.training, star.test, size, all_phrases=shipped)
            enough = [phrase for phrase in wanted if enough_hits(star.training, phrase, size)]
            result["left out"][str(size)] = [
                phrase.bank for phrase in wanted if phrase not in enough
            ]
            parts = []
            for is_named in (True, False):
                phrases = [phrase for phrase in enough if phrase.is_named is is_named]
                if phrases:
                    draws = most_draws if shipped and is_named else few
                    scores = few_shot_scores(
                        finder, phrases, banks, star.training, size=size, draws=draws
                    )
                    parts.append(_of_phrases(star.test, phrases, scores))
            if parts:
                result[name][str(size)] = _joined(parts)
                print(f"{size} examples, {name}: {_line(parts[0].get('mean', {}))}", flush=True)
    return result


def _wanted(training: Typed, test: Typed, size: int, *, all_phrases: bool) -> tuple[Phrase, ...]:
    phrases = PHRASES if all_phrases else NAMED
    if size < MANY:
        return phrases
    return tuple(
        phrase
        for phrase in phrases
        if sum(int(part.hits(phrase.label).sum()) for part in (training, test)) >= LEAST_FOR_MANY
    )


def measure_setfit(folder: Path, most_draws: int = SEEDS) -> dict[str, Any]:
    """Measure SetFit on the same examples as the banks are taught with, for the named phrases.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    most_draws : int, default 3
        Draws at most, each with a seed of its own; never more than three.

    Returns
    -------
    dict
        For each number of examples the mean and every phrase; number of seeds; minutes taken.
    """
    started = time.monotonic()
    star = read_star(folder)
    hits = star.test.all_hits(NAMED)
    seeds = min(SEEDS, most_draws)
    result: dict[str, Any] = {"seeds": seeds}
    for size in SIZES:
        scores = np.zeros((seeds, *hits.shape))
        for column, phrase in enumerate(NAMED):
            for seed in range(seeds):
                draw = draw_examples(star.training, phrase, size, seed)
                scores[seed, :, column] = setfit.probabilities(
                    draw.texts, draw.labels, star.test.texts, seed=seed
                )
            took = time.monotonic() - started
            print(f"SetFit, {size} examples, {phrase.bank}: {took:.0f} s", flush=True)
        best = np.array([best_said(hits, draw) for draw in scores])
        result[str(size)] = _measured(
            star.test,
            NAMED,
            {
                "SetFit": Answer(scores, scores >= setfit.THRESHOLD),
                "SetFit at its best": Answer(None, best),
            },
        )
        print(f"SetFit, {size} examples: {_line(result[str(size)]['mean'], 'SetFit')}", flush=True)
    result["minutes"] = round((time.monotonic() - started) / 60, 1)
    return result


def _of_phrases(
    typed: Typed, phrases: Sequence[Phrase], scores: Mapping[str, Array]
) -> dict[str, Any]:
    return _measured(typed, phrases, answers_of(scores, typed.all_hits(phrases)))


def _measured(
    typed: Typed, phrases: Sequence[Phrase], answers: Mapping[str, Answer]
) -> dict[str, Any]:
    """Give the mean of the named phrases and each phrase, leaving out those without a hit."""
    hits = typed.all_hits(phrases)
    met = [column for column in range(len(phrases)) if hits[:, column].any()]
    named = [column for column in met if phrases[column].is_named]
    result: dict[str, Any] = {}
    if named:
        result["mean"] = _figures(typed.wizards, hits, answers, named)
        result["mean of"] = [phrases[column].bank for column in named]
    result["phrases"] = {
        phrases[column].bank: {
            "label": phrases[column].label,
            "hits": int(hits[:, column].sum()),
            "wizards with a hit": len(set(typed.where(hits[:, column]).wizards)),
            **_figures(typed.wizards, hits, answers, [column]),
        }
        for column in met
    }
    return result


def _every_farewell(typed: Typed, scores: Mapping[str, Array]) -> dict[str, Any]:
    column = next(place for place, phrase in enumerate(PHRASES) if phrase.bank == FAREWELL)
    hits = typed.hits(PHRASES[column].label, *SAME_AS_FAREWELL)[:, None]
    own = {method: values[:, :, [column]] for method, values in scores.items()}
    found = _figures(typed.wizards, hits, answers_of(own, hits), [0])
    return {"hits": int(hits.sum()), **found}


def _figures(
    wizards: Sequence[str], hits: Flags, answers: Mapping[str, Answer], columns: list[int]
) -> dict[str, Any]:
    chosen = {method: answer.of(columns) for method, answer in answers.items()}
    found = phrase_figures(wizards, hits[:, columns], chosen)
    return {name: one.to_dict() for name, one in found.items()}


def _joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined = dict(parts[0])
    for part in parts[1:]:
        joined["phrases"] = {**joined["phrases"], **part["phrases"]}
    return joined


def _line(mean: Mapping[str, Any], method: str = "qa_nlp") -> str:
    names = [name for name in mean if name.startswith(f"{method} ")]
    return ", ".join(f"{name} {mean[name]['value']:.3f}" for name in names)
