"""A study as JSON and as tables, its figures by name, and gates for pipelines."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.user_files import replacing

__all__ = [
    "as_json",
    "check_gate",
    "find_figure",
    "study_tables",
    "without_text",
    "write_study_tables",
]

_PARTS: Final = ("machine_human", "human_human", "degradation")
_SHORT: Final = {
    "qwk": "quadratic_kappa",
    "kappa": "cohen_kappa",
    "r": "pearson",
    "rho": "spearman",
    "alpha": "krippendorff_alpha",
    "mae": "mean_absolute_error",
    "rmse": "root_mean_squared_error",
    "smd": "standardised_mean_difference",
}
_GATE: Final = re.compile(r"\s*(?:(?P<criterion>.+)\.)?(?P<name>[\w-]+)\s*=\s*(?P<least>\S+)\s*")
_SMALLER_IS_BETTER: Final = {
    "mean_absolute_error",
    "root_mean_squared_error",
    "standardised_mean_difference",
}

_FORMULA: Final = (*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text may begin with that a spreadsheet takes for a formula."""


def as_json(value: Any) -> Any:
    """Turn a study's values into those that JSON knows.

    Parameters
    ----------
    value : object
        Mappings, sequences, estimates, verdicts, numbers and texts.

    Returns
    -------
    object
        Numbers to 4 decimals; None for what is not finite.
    """
    if hasattr(value, "to_dict"):
        return as_json(value.to_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return value
    number = float(value)
    return round(number, 4) if abs(number) < float("inf") else None


def without_text(study: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out all words of conversations.

    Parameters
    ----------
    study : mapping
        JSON-ready.

    Returns
    -------
    dict
        The same, but for quotes, notes and passages of disagreements, which are None.
    """
    silent = {"quote": None, "note": None}
    criteria = [
        {
            **one,
            "disagreements": [
                {
                    **row,
                    "evidence": [{**item, **silent} for item in row["evidence"]],
                    "passages": None,
                }
                for row in one["disagreements"]
            ],
        }
        for one in study["criteria"]
    ]
    return {**study, "criteria": criteria}


def find_figure(study: Mapping[str, Any], name: str, criterion: str, part: str) -> Estimate:
    """Find a figure of a study by its names.

    Parameters
    ----------
    study : mapping
        With estimates as `Estimate`.
    name, criterion, part : str
        As `AgreementStudy.figure` takes them; short names such as ``"qwk"`` are understood.

    Returns
    -------
    Estimate
        The figure.

    Raises
    ------
    GradesError
        When there is none.
    """
    criteria = {one["criterion"]: one for one in study["criteria"]}
    if criterion not in criteria:
        raise GradesError(f"no criterion {criterion!r}{did_you_mean(criterion, criteria)}")
    if part not in _PARTS:
        raise GradesError(f"no part {part!r}{did_you_mean(part, _PARTS)}")
    figures = criteria[criterion][part]
    found = figures.get(_SHORT.get(name, name))
    if not isinstance(found, Estimate):
        raise GradesError(f"no figure {name!r}{did_you_mean(name, [*figures, *_SHORT])}")
    return found


def check_gate(study: Mapping[str, Any], gate: str) -> Iterator[str]:
    """Test the lower end of an interval.

    Parameters
    ----------
    study : mapping
        With estimates as `Estimate`.
    gate : str
        ``"FIGURE=LEAST"`` or ``"CRITERION.FIGURE=LEAST"``.

    Yields
    ------
    str
        One sentence for each criterion that fails.

    Raises
    ------
    GradesError
        When the gate cannot be read, or names a figure of which less is better.
    """
    found = _GATE.fullmatch(gate)
    try:
        least = float(found["least"]) if found else math.nan
    except ValueError:
        least = math.nan
    if found is None or not math.isfinite(least):
        raise GradesError(
            f"cannot read the gate {gate!r}; write FIGURE=LEAST, such as qwk=0.6, or "
            "CRITERION.FIGURE=LEAST"
        )
    name = _SHORT.get(found["name"], found["name"])
    if name in _SMALLER_IS_BETTER:
        raise GradesError(
            f"a gate tests that a figure is high enough, and of {name!r} less is better; use qwk, "
            "r, exact or another"
        )
    every = [one["criterion"] for one in study["criteria"]]
    for criterion in [found["criterion"]] if found["criterion"] else every:
        estimate = find_figure(study, name, criterion, "machine_human")
        if estimate.low is None:
            yield f"{criterion}: {name} has no interval ({estimate.reason}), {least:g} is needed"
        elif estimate.low < least:
            yield (
                f"{criterion}: the lower end of {name} is {estimate.low:.3f} "
                f"({estimate.value:.3f}), {least:g} is needed"
            )


def study_tables(study: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Give every table of a study, with a row for each figure.

    Parameters
    ----------
    study : mapping
        What `AgreementStudy.to_dict` gives.

    Returns
    -------
    dict of str to list of dict
        By name; tables without rows are left out.
    """
    tables: dict[str, list[dict[str, Any]]] = {"figures": list(_figures(study))}
    tables["verdicts"] = [
        {"criterion": one["criterion"], **_flat(one["verdict"])} for one in study["criteria"]
    ]
    for name in ("distribution", "selective", "groups", "disagreements"):
        tables[name] = [
            {"criterion": one["criterion"], **_flat(row)}
            for one in study["criteria"]
            for row in one[name]
        ]
    tables["reliability"] = [
        {"criterion": one["criterion"], **_flat(row)}
        for one in study["criteria"]
        for row in (one["reliability"] or {}).get("curve", ())
    ]
    tables["confusion"] = list(_confusions(study))
    for name in ("sections", "raters", "drift", "length", "fairness", "missing", "answers"):
        tables[name] = [_flat(row) for row in study[name]]
    tables["review"] = [_flat(row) for row in study["review"]["rows"]]
    tables["coverage"] = [_flat(row) for row in study["review"]["curve"]]
    tables["exclusions"] = [_flat(row) for row in study["data"]["exclusions"]]
    tables["total"] = [_flat(study["total"])]
    tables["counterfactuals"] = [
        _flat(row) for row in (study["counterfactuals"] or {}).get("kinds", ())
    ]
    return {name: rows for name, rows in tables.items() if rows}


def _figures(study: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in study["criteria"]:
        for part in _PARTS:
            for name, estimate in one[part].items():
                yield {"criterion": one["criterion"], "part": part, "figure": name, **estimate}
        for part in ("applicability", "failures", "reliability"):
            for name, estimate in (one[part] or {}).items():
                if isinstance(estimate, Mapping) and "low" in estimate:
                    yield {"criterion": one["criterion"], "part": part, "figure": name, **estimate}


def _confusions(study: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in study["criteria"]:
        for kind in ("confusion", "human_confusion"):
            found = one[kind]
            for level, row in zip(found["levels"], found["table"], strict=True) if found else ():
                for other, weight in zip(found["levels"], row, strict=True):
                    yield {
                        "criterion": one["criterion"],
                        "table": kind,
                        "human": level,
                        "machine" if kind == "confusion" else "other human": other,
                        "weight": weight,
                    }


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            found[prefix + key] = json.dumps(value, ensure_ascii=False)
        else:
            found[prefix + key] = value
    return found


def write_study_tables(study: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write each table of a study as CSV.

    Parameters
    ----------
    study : mapping
        What `AgreementStudy.to_dict` gives.
    folder : pathlib.Path
        Made where it is missing.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    written = []
    for name, rows in study_tables(study).items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
        path = folder / f"{name}.csv"
        with replacing(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8", newline="")
        written.append(path)
    return written


def _cell(value: Any) -> Any:
    """Keep spreadsheets from taking a text for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
