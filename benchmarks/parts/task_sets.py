"""Labelled texts that a classifier is measured on, and the test parts of what trained it.

Texts, labels, groups and the split are those of ``models/training/examples.py``, which is loaded
as the training scripts load it: with ``models`` on the path.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import ROOT
from qa_nlp.signals.tasks import MECHANISMS

__all__ = [
    "RESEARCH",
    "Kind",
    "TaskSet",
    "examples_of",
    "language_of",
    "measured_part",
    "part_of",
    "sources_for",
    "tasks_of",
    "trained_sets",
]

Kind = Literal["classes", "levels", "labels", "score", "ranking"]

RESEARCH: Final = "epitome"
"""The source whose terms are for research."""
LEVELS: Final = ("0", "1", "2")
_KINDS: Final[Mapping[str, Kind]] = {
    "sentiment": "classes",
    "act": "classes",
    "emotion": "labels",
    "emotion_group": "labels",
    "politeness": "score",
    "own_politeness": "score",
    **dict.fromkeys(MECHANISMS, "levels"),
}
_NAMES: Final = {
    "goemotions": "GoEmotions, dev",
    "tydip": "TyDiP, test part",
    "star": "STAR, test part",
    "epitome": "EPITOME, test part",
    "sart": "SART, development fold",
}
_MEASURED_PART: Final = {"sart": "development"}
"""Where the fixed split leaves no test part; calibration has seen the labels of this fold."""


@dataclass(frozen=True, slots=True)
class TaskSet:
    """Texts of one data set with what is true of them for one task.

    Parameters
    ----------
    name : str
        Of the data set.
    language : str
        Code of the texts' language.
    task : str
        What is asked: a head, or for a ranking what ranks.
    kind : {"classes", "levels", "labels", "score", "ranking"}
        One class, a level 0 to 2, any number of labels, a number, or whether a text is meant.
    classes : tuple of str
        Names of the columns of an answer.
    texts, groups : tuple of str
        The texts, and what they share.
    truth : ndarray
        int64 of shape (texts,); labels: bool of shape (texts, classes); score: float64; ranking:
        bool.
    source : str, optional
        The source whose test part this is; None for a set that nothing was trained on.
    positions : tuple of int
        Of each text in the test part of its source.
    scorers : tuple of str
        ranking: names of what ranks, the first of them under the classifier's own name.
    """

    name: str
    language: str
    task: str
    kind: Kind
    classes: tuple[str, ...]
    texts: tuple[str, ...]
    groups: tuple[str, ...]
    truth: NDArray[Any]
    source: str | None = None
    positions: tuple[int, ...] = ()
    scorers: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The head that answers; own politeness is on a scale of its own."""
        return "politeness" if self.task == "own_politeness" else self.task

    def limited(self, most: int) -> TaskSet:
        """Keep some of the texts, always the same ones.

        Parameters
        ----------
        most : int
            How many at most.

        Returns
        -------
        TaskSet
            With the texts of the lowest hashes, in their order.
        """
        if len(self.texts) <= most:
            return self
        keys = [hashlib.sha1(text.encode()).hexdigest() for text in self.texts]
        kept = sorted(sorted(range(len(keys)), key=keys.__getitem__)[:most])
        return replace(
            self,
            texts=tuple(self.texts[row] for row in kept),
            groups=tuple(self.groups[row] for row in kept),
            truth=self.truth[kept],
            positions=tuple(self.positions[row] for row in kept) if self.positions else (),
        )


def trained_sets(folder: Path) -> list[TaskSet]:
    """Read the test part of every source and task.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of TaskSet
        In the order of the sources.
    """
    return [
        part_of(source, task, folder, measured_part(source))
        for source in _training().SOURCES
        for task in tasks_of(source, folder)
    ]


def measured_part(source: str) -> str:
    """Tell which part of a source is measured, and must train no baseline.

    Parameters
    ----------
    source : str
        Its name.

    Returns
    -------
    str
        ``test``, or ``development`` where the fixed split leaves no test part.

    Examples
    --------
    >>> measured_part("tydip"), measured_part("sart")
    ('test', 'development')
    """
    return _MEASURED_PART.get(source, "test")


def part_of(source: str, task: str, folder: Path, part: str) -> TaskSet:
    """Read the labelled texts of one part of a source.

    Parameters
    ----------
    source : str
        Its name.
    task : str
        Target of the examples.
    folder : pathlib.Path
        The folder of data sets.
    part : {"train", "development", "test"}
        Of the fixed split.

    Returns
    -------
    TaskSet
        In the order of the source.
    """
    members = [example for example in examples_of(source, folder) if example.part == part]
    rows = [row for row, example in enumerate(members) if task in example.targets]
    kind, classes = _KINDS[task], _classes(task, folder)
    return TaskSet(
        name=_NAMES.get(source, f"own {source}, test part"),
        language=language_of(source),
        task=task,
        kind=kind,
        classes=classes,
        texts=tuple(members[row].text for row in rows),
        groups=tuple(members[row].group for row in rows),
        truth=_truth(kind, len(classes), [members[row].targets[task] for row in rows]),
        source=source,
        positions=tuple(rows),
    )


def tasks_of(source: str, folder: Path) -> list[str]:
    """List what the examples of a source are labelled for.

    Parameters
    ----------
    source : str
        Its name.
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of str
        Targets of the examples.
    """
    labelled = {task for example in examples_of(source, folder) for task in example.targets}
    return [task for task in _KINDS if task in labelled]


def sources_for(task: str, folder: Path, language: str | None = None) -> list[str]:
    """List the sources that the shipped weights for any use may learn a task from.

    Parameters
    ----------
    task : str
        Target of the examples.
    folder : pathlib.Path
        The folder of data sets.
    language : str, optional
        Only sources in this language.

    Returns
    -------
    list of str
        Without EPITOME, whose terms are for research.
    """
    return [
        source
        for source in _training().SOURCES
        if source != RESEARCH
        and language in (None, language_of(source))
        and task in tasks_of(source, folder)
    ]


def language_of(source: str) -> str:
    """Give the language of a source.

    Parameters
    ----------
    source : str
        Its name.

    Returns
    -------
    str
        Language code.

    Examples
    --------
    >>> language_of("posts-ru"), language_of("goemotions")
    ('ru', 'en')
    """
    return str(_training().language_of(source))


@functools.cache
def examples_of(source: str, folder: Path) -> tuple[Any, ...]:
    """Read all examples of a source, once.

    Parameters
    ----------
    source : str
        Its name.
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    tuple of Example
        As ``models/training/examples.py`` gives them.
    """
    return tuple(_training().SOURCES[source](folder))


def _classes(task: str, folder: Path) -> tuple[str, ...]:
    training = _training()
    if task == "act":
        return tuple(training.star_acts(folder))
    fixed: dict[str, tuple[str, ...]] = {
        "sentiment": training.SENTIMENTS,
        "emotion": training.EMOTIONS,
        "emotion_group": training.EMOTION_GROUPS,
    }
    return fixed.get(task, LEVELS if task in MECHANISMS else ())


def _truth(kind: Kind, classes: int, targets: Sequence[Any]) -> NDArray[Any]:
    if kind == "labels":
        held = np.zeros((len(targets), classes), dtype=bool)
        for row, numbers in enumerate(targets):
            held[row, list(numbers)] = True
        return held
    return np.array(targets, dtype=np.float64 if kind == "score" else np.int64)


@functools.cache
def _training() -> Any:
    models = str(ROOT / "models")
    if models not in sys.path:
        sys.path.append(models)
    return importlib.import_module("training.examples")
