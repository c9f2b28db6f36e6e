"""Which methods answer on which data set, and whom the shipped classifiers are compared with."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.baselines import majority, single_task, vader, vader_classes
from benchmarks.parts.shipped import (
    Answers,
    Classifier,
    Shipped,
    available,
    columns_for,
    measured_languages,
)
from benchmarks.parts.task_sets import RESEARCH, TaskSet, sources_for
from benchmarks.parts.trained import Family, Frozen, Trained, Words, cross_validated
from benchmarks.record import ROOT

__all__ = ["COMPARED", "IF_TRAINED", "Methods"]

BASELINES: Final = ("majority", "TF-IDF", "VADER", "single-task")
COMPARED: Final = {
    "en": (*BASELINES, "frozen", "TF-IDF without EPITOME", "frozen without EPITOME", "en-research"),
    "en-research": (*BASELINES, "frozen"),
    "multilingual": (*BASELINES, "frozen multilingual"),
}
"""Methods whose figures are taken off those of each shipped classifier."""
IF_TRAINED: Final = " if trained on it"
MOST_FROZEN: Final = 300
"""Texts of a source that a frozen baseline is trained on, to save time."""

Answered = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Methods:
    """The shipped classifiers and the baselines, each trained once.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    most : int
        Texts of a source that a baseline is trained on at most.
    """

    folder: Path
    most: int

    def answers(self, data: TaskSet) -> Answered:
        """Ask every method that can answer.

        Parameters
        ----------
        data : TaskSet
            The texts.

        Returns
        -------
        dict of str to ndarray
            By method, in the form of the set's truth; of a ranking, scores.
        """
        shipped = [one for one in available() if serves(one, data)]
        found = {"majority": majority(data)}
        for one in shipped:
            found |= _asked(one.name, one, data)
        for name, trained in self._trained(data, shipped).items():
            found |= _asked(name, trained, data, first=True)
        found |= _lexicon(data)
        if data.source is None:
            found |= self._if_trained(data, shipped)
        else:
            path = ROOT / "build" / "single_task" / f"{data.source}.npz"
            tuned = single_task(data, path)
            found |= {} if tuned is None else {"single-task": tuned}
        return found

    def _trained(self, data: TaskSet, shipped: Sequence[Shipped]) -> Mapping[str, Trained]:
        names = {one.name for one in shipped}
        english = "minilm" if data.language == "en" else None
        if data.source == RESEARCH:
            trained = {
                "TF-IDF": self._words(RESEARCH),
                "frozen": self._frozen("minilm", RESEARCH),
                "TF-IDF without EPITOME": self._words("en"),
                "frozen without EPITOME": self._frozen("minilm", "en"),
            }
        else:
            trained = {"TF-IDF": self._words(data.language)}
            if english:
                trained["frozen"] = self._frozen(english, "en")
        if "multilingual" in names:
            trained["frozen multilingual"] = self._frozen("multilingual-base", None)
        return {name: one for name, one in trained.items() if all(map(one.sources, _tasks(data)))}

    @functools.cache  # noqa: B019 - lives as long as the benchmark
    def _words(self, where: str) -> Trained:
        return Trained(Words(), self._sources(where), self.folder, self.most)

    @functools.cache  # noqa: B019
    def _frozen(self, encoder: str, where: str | None) -> Trained:
        most = min(self.most, MOST_FROZEN)
        return Trained(Frozen(encoder), self._sources(where), self.folder, most)

    def _sources(self, where: str | None) -> Any:
        def sources(task: str) -> list[str]:
            return [RESEARCH] if where == RESEARCH else sources_for(task, self.folder, where)

        return sources

    def _if_trained(self, data: TaskSet, shipped: Sequence[Shipped]) -> Answered:
        families: dict[str, Family] = {"TF-IDF": Words()}
        families |= {one.name: Frozen(one.name) for one in shipped}
        found = {}
        for name, family in families.items():
            answers = cross_validated(family, data)
            if answers is not None:
                form = answers.probabilities[:, 1] if data.kind == "ranking" else answers.answer
                found[name + IF_TRAINED] = form
        return found


def serves(shipped: Shipped, data: TaskSet) -> bool:
    """Tell whether a shipped classifier is measured on a data set.

    Parameters
    ----------
    shipped : Shipped
        The classifier.
    data : TaskSet
        The texts.

    Returns
    -------
    bool
        False where it lacks a head, or is not measured in the language.
    """
    if not set(_tasks(data)) - {"own_politeness"} <= set(shipped.heads):
        return False
    return data.language in measured_languages(shipped)


def _tasks(data: TaskSet) -> tuple[str, ...]:
    """Heads, or targets of training, that the answers on a data set come from."""
    if data.kind != "ranking":
        return (data.task,)
    if data.task == "empathy":
        return ("emotional_reactions", "interpretations")
    extra = {"sentiment"} if "valence" in data.scorers else set()
    return tuple(sorted({data.task} | extra))


def _asked(name: str, classifier: Classifier, data: TaskSet, *, first: bool = False) -> Answered:
    if data.kind != "ranking":
        task = data.head if isinstance(classifier, Shipped) else data.task
        return {name: _form(classifier.answers(data.texts, task), data)}
    scorers = data.scorers[:1] if first else data.scorers
    return {
        name if scorer == data.scorers[0] else f"{name}, {scorer}": columns_for(
            scorer, classifier, data.texts
        )
        for scorer in scorers
    }


def _form(found: Answers, data: TaskSet) -> NDArray[Any]:
    """Choose among the classes of the data set alone."""
    if data.kind != "classes" or found.classes == data.classes:
        return found.answer
    columns = [found.classes.index(name) for name in data.classes]
    return np.asarray(found.probabilities[:, columns].argmax(axis=1))


def _lexicon(data: TaskSet) -> Answered:
    if data.language != "en":
        return {}
    if data.task == "sentiment" and data.kind == "classes":
        return {"VADER": vader_classes(vader(data.texts), data)}
    if data.kind == "ranking" and "valence" in data.scorers:
        return {"VADER": -vader(data.texts)}
    return {}
