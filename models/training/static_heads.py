"""The heads of a static encoder on the rows that the library computes: answers, two refits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from qa_nlp.signals.tasks import TASKS
from training.development import Answers, head_figures
from training.network import VECTOR_SCALE, pooled_logits
from training.refit import ACT_INVERSE_PENALTY, OWN_POLITENESS_WEIGHT, POLITENESS_PENALTY
from training.static_texts import Cut

Rows = NDArray[np.float32]
Tensors = Mapping[str, NDArray[Any]]


def labelled_answers(tensors: Tensors, cuts: Sequence[Cut], rows: Rows) -> Answers:
    """Give the uncalibrated logits of every head on texts.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        With ``TASK.weight`` and ``TASK.bias`` as the library reads them.
    cuts : sequence of Cut
        The texts.
    rows : ndarray of float32, shape (sentences, columns)
        Of all sentences of the corpus.
    """
    places = np.array([place for cut in cuts for place in cut.sentences])
    owner = torch.tensor([number for number, cut in enumerate(cuts) for _ in cut.sentences])
    share = torch.tensor([part for cut in cuts for part in cut.shares])
    found = {}
    for task in TASKS:
        if f"{task}.weight" not in tensors:
            continue
        weight = tensors[f"{task}.weight"].astype(np.float64)
        logits = rows[places].astype(np.float64) @ weight.T + tensors[f"{task}.bias"]
        pooled = pooled_logits(task, torch.from_numpy(logits).float(), owner, share, len(cuts))
        found[task] = pooled.numpy().astype(np.float64)
    return Answers(cuts, found)  # type: ignore[arg-type]  # a Cut has the example that is read


def refit(tensors: Tensors, cuts: Sequence[Cut], rows: Rows, width: int) -> dict[str, NDArray[Any]]:
    """Fit the heads of acts and of politeness to the end, as `training.refit` does.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Heads as the library reads them.
    cuts : sequence of Cut
        The texts that train.
    rows : ndarray of float32, shape (sentences, columns)
        Of all sentences of the corpus.
    width : int
        Columns of the sentence vector.
    """
    scale = np.ones(rows.shape[1])
    scale[:width] = VECTOR_SCALE
    acts = [cut for cut in cuts if "act" in cut.example.targets]
    model = LogisticRegression(C=ACT_INVERSE_PENALTY, max_iter=500)
    model.fit(_means(acts, rows) * scale, [cut.example.targets["act"] for cut in acts])
    weight, bias = tensors["act.weight"].copy(), tensors["act.bias"].copy()
    weight[model.classes_], bias[model.classes_] = model.coef_ * scale, model.intercept_
    texts, scores, counts = _politeness_scores(tensors, cuts, rows)
    line = Ridge(POLITENESS_PENALTY).fit(_means(texts, rows) * scale, scores, counts)
    return {
        "act.weight": weight,
        "act.bias": bias,
        "politeness.weight": (line.coef_ * scale)[None],
        "politeness.bias": np.array([line.intercept_]),
    }


def _politeness_scores(
    tensors: Tensors, cuts: Sequence[Cut], rows: Rows
) -> tuple[list[Cut], list[float], list[float]]:
    """Give texts, scores on the public scale, and how much each counts."""
    own = [cut for cut in cuts if "own_politeness" in cut.example.targets]
    public = [cut for cut in cuts if "politeness" in cut.example.targets]
    found = labelled_answers(tensors, own, rows).logits["politeness"][:, 0]
    ours = np.array([cut.example.targets["own_politeness"] for cut in own])
    slope, shift = np.polyfit(found, ours, 1)
    return (
        [*public, *own],
        [*(cut.example.targets["politeness"] for cut in public), *((ours - shift) / slope)],
        [1.0] * len(public) + [OWN_POLITENESS_WEIGHT] * len(own),
    )


def _means(cuts: Sequence[Cut], rows: Rows) -> NDArray[np.float64]:
    """Give the mean over the sentences of each text, by their length."""
    found = np.zeros((len(cuts), rows.shape[1]))
    for number, cut in enumerate(cuts):
        found[number] = np.array(cut.shares) @ rows[list(cut.sentences)].astype(np.float64)
    return found


def report(answers: Answers) -> dict[str, float]:
    """Measure every task on the texts of each source."""
    figures: dict[str, float] = {}
    for source in sorted({cut.example.source for cut in answers.items}):
        for task in answers.logits:
            name = "own_politeness" if task == "politeness" and source != "tydip" else task
            logits, labels = answers.labelled(name, source)
            if len(labels):
                for measure, value in head_figures(task, logits, labels).items():
                    figures[f"{source}/{task}/{measure}"] = round(value, 4)
    return figures
