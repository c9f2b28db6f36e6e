"""A calibrator as numbers: what is stored of it, and its fingerprint. No text, no ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.applicability import Applicability
from qa_nlp.calibration.calibrator import Calibrator, LearntCriterion
from qa_nlp.calibration.conformal import LevelSets
from qa_nlp.calibration.model import CriterionModel, Term
from qa_nlp.calibration.text_score import TextTerm
from qa_nlp.transcript import Role

__all__ = ["Stored", "fingerprint", "from_stored", "to_stored"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stored:
    """A calibrator in two parts.

    Parameters
    ----------
    structure : dict
        JSON-ready.
    tensors : dict of str to ndarray
        Long rows of numbers.
    """

    structure: dict[str, Any]
    tensors: dict[str, Array]


def to_stored(calibrator: Calibrator) -> Stored:
    """Take a calibrator apart.

    Parameters
    ----------
    calibrator : Calibrator
        Whose folds of groups are stored elsewhere.

    Returns
    -------
    Stored
        All else.
    """
    tensors: dict[str, Array] = {}
    return Stored(
        {
            "criteria": {
                name: _criterion(name, learnt, tensors)
                for name, learnt in calibrator.criteria.items()
            },
            "languages": sorted(calibrator.languages),
            "channels": sorted(calibrator.channels),
            "words": list(calibrator.words),
            "total_error": calibrator.total_error,
        },
        tensors,
    )


def from_stored(stored: Stored, fold_of: Mapping[str, int]) -> Calibrator:
    """Put a calibrator together again.

    Parameters
    ----------
    stored : Stored
        What `to_stored` gave.
    fold_of : mapping of str to int
        Fold of each graded group.

    Returns
    -------
    Calibrator
        An equal one.

    Raises
    ------
    KeyError, TypeError, ValueError
        When a part is missing or malformed.
    """
    parts = stored.structure
    least, most = parts["words"]
    return Calibrator(
        {name: _learnt(name, row, stored.tensors) for name, row in parts["criteria"].items()},
        dict(fold_of),
        frozenset(parts["languages"]),
        frozenset(parts["channels"]),
        (int(least), int(most)),
        parts["total_error"],
    )


def fingerprint(calibrator: Calibrator) -> str:
    """Hash all that a calibrator has learnt.

    Parameters
    ----------
    calibrator : Calibrator
        The calibrator.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    stored = to_stored(calibrator)
    digest = hashlib.sha256(json.dumps(stored.structure, sort_keys=True).encode())
    for name, values in sorted(stored.tensors.items()):
        digest.update(name.encode() + values.tobytes())
    digest.update(json.dumps(sorted(calibrator.fold_of.items())).encode())
    return digest.hexdigest()[:16]


def _criterion(name: str, learnt: LearntCriterion, tensors: dict[str, Array]) -> dict[str, Any]:
    models = {"model": learnt.model}
    models |= {f"fold{number}": model for number, model in enumerate(learnt.folds)}
    for number, (scores, weights, frequencies) in enumerate(
        zip(learnt.sets.scores, learnt.sets.weights, learnt.sets.frequencies, strict=True)
    ):
        tensors[f"{name}/fold{number}/scores"] = scores
        tensors[f"{name}/fold{number}/weights"] = weights
        tensors[f"{name}/fold{number}/frequencies"] = frequencies
    return {
        "models": {key: _model(f"{name}/{key}", model, tensors) for key, model in models.items()},
        "applicability": _applicability(learnt.applicability),
        "fold_applicability": [_applicability(one) for one in learnt.fold_applicability],
        "strength": learnt.strength,
        "transcripts": learnt.transcripts,
        "grades": learnt.grades,
        "not_applicable": learnt.not_applicable,
        "severities": dict(learnt.severities),
    }


def _learnt(name: str, row: Mapping[str, Any], tensors: Mapping[str, Array]) -> LearntCriterion:
    models = {
        key: _as_model(f"{name}/{key}", model, tensors) for key, model in row["models"].items()
    }
    folds = range(len(models) - 1)

    def column(what: str) -> tuple[Array, ...]:
        return tuple(tensors[f"{name}/fold{number}/{what}"] for number in folds)

    return LearntCriterion(
        models["model"],
        tuple(models[f"fold{number}"] for number in folds),
        LevelSets(column("scores"), column("weights"), column("frequencies")),
        _as_applicability(row["applicability"]),
        tuple(_as_applicability(one) for one in row["fold_applicability"]),
        row["strength"],
        row["transcripts"],
        row["grades"],
        row["not_applicable"],
        row["severities"],
    )


def _model(place: str, model: CriterionModel, tensors: dict[str, Array]) -> dict[str, Any]:
    for number, term in enumerate(model.text):
        tensors[f"{place}/text{number}"] = np.ascontiguousarray(term.coef)
    return {
        "terms": [[term.column, term.threshold, term.scale, term.weight] for term in model.terms],
        "cutpoints": list(model.cutpoints),
        "absent": dict(model.absent),
        "text": [
            {
                "name": term.name,
                "view": term.view,
                "intercept": term.intercept,
                "weight": term.weight,
                "turns_of": None if term.turns_of is None else term.turns_of.value,
                "encoder": term.encoder,
            }
            for term in model.text
        ],
    }


def _as_model(place: str, row: Mapping[str, Any], tensors: Mapping[str, Array]) -> CriterionModel:
    return CriterionModel(
        tuple(Term(*term) for term in row["terms"]),
        tuple(row["cutpoints"]),
        dict(row["absent"]),
        tuple(
            TextTerm(
                term["name"],
                term["view"],
                tensors[f"{place}/text{number}"],
                term["intercept"],
                term["weight"],
                None if term["turns_of"] is None else Role(term["turns_of"]),
                term["encoder"],
            )
            for number, term in enumerate(row["text"])
        ),
    )


def _applicability(model: Applicability) -> dict[str, Any]:
    return {
        "intercept": model.intercept,
        "rule": model.rule,
        "signals": list(model.signals),
        "absent": list(model.absent),
    }


def _as_applicability(row: Mapping[str, Any]) -> Applicability:
    return Applicability(row["intercept"], row["rule"], tuple(row["signals"]), tuple(row["absent"]))
