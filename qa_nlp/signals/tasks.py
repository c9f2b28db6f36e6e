"""What can be asked of a text: the tasks, their answers, and the one number each comes down to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from qa_nlp.errors import did_you_mean

__all__ = [
    "EMOTIONS",
    "EMOTION_GROUPS",
    "MECHANISMS",
    "SENTIMENTS",
    "TASKS",
    "Kind",
    "Pooling",
    "Task",
    "check_task",
    "task_values",
]

Kind = Literal["classes", "labels", "ordinal", "score"]
Pooling = Literal["mean", "strongest"]
Array = NDArray[np.float64]

SENTIMENTS: Final = ("negative", "neutral", "positive")
EMOTIONS: Final = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion"),
    *("curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment"),
    *("excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism"),
    *("pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)
"""The labels of Demszky et al. 2020, "GoEmotions: A Dataset of Fine-Grained Emotions"."""
EMOTION_GROUPS: Final = (
    *("anger", "frustration", "disappointment", "confusion"),
    *("anxiety", "gratitude", "satisfaction", "neutral"),
)
MECHANISMS: Final = ("emotional_reactions", "interpretations", "explorations")
LEVELS: Final = ("0", "1", "2")


@dataclass(frozen=True, slots=True)
class Task:
    """A question about a text.

    Parameters
    ----------
    kind : {"classes", "labels", "ordinal", "score"}
        One answer of several, any number of answers, ordered levels, or a point on a scale.
    pooling : {"mean", "strongest"}
        How the sentences of a text are put together.
    classes : tuple of str, optional
        The answers; None = whatever the head knows.
    """

    kind: Kind
    pooling: Pooling
    classes: tuple[str, ...] | None


_MECHANISM: Final = Task("ordinal", "strongest", LEVELS)

TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        "sentiment": Task("classes", "mean", SENTIMENTS),
        "emotion": Task("labels", "strongest", EMOTIONS),
        "emotion_group": Task("labels", "strongest", EMOTION_GROUPS),
        "politeness": Task("score", "mean", ("impolite", "polite")),
        **dict.fromkeys(MECHANISMS, _MECHANISM),
        "act": Task("classes", "mean", None),
    }
)


def check_task(task: str) -> Task:
    """Give a task by its name.

    Parameters
    ----------
    task : str
        One of `TASKS`.

    Returns
    -------
    Task
        What it is.

    Raises
    ------
    ValueError
        When there is no such task; with near matches.

    Examples
    --------
    >>> check_task("politeness").classes
    ('impolite', 'polite')
    """
    if not isinstance(task, str) or task not in TASKS:
        raise ValueError(f"unknown task {task!r}{did_you_mean(str(task), TASKS)}")
    return TASKS[task]


def task_values(task: str, classes: tuple[str, ...], probabilities: Array) -> Array:
    """Bring probabilities down to one number for each text.

    Parameters
    ----------
    task : str
        Which question.
    classes : tuple of str
        The columns.
    probabilities : ndarray of float64, shape (n, classes)
        Of each answer.

    Returns
    -------
    ndarray of float64, shape (n,)
        sentiment: valence, P(positive) - P(negative); politeness: P(polite); the mechanisms of
        empathy: the expected level, 0 to 2; other tasks: the highest probability.

    Examples
    --------
    >>> task_values("explorations", ("0", "1", "2"), np.array([[0.2, 0.5, 0.3]]))
    array([1.1])
    """
    column = {name: probabilities[:, index] for index, name in enumerate(classes)}
    if task == "sentiment":
        return np.asarray(column["positive"] - column["negative"])
    if task == "politeness":
        return column["polite"]
    if task in MECHANISMS:
        return np.asarray(column["1"] + 2 * column["2"])
    return np.asarray(probabilities.max(axis=1))
