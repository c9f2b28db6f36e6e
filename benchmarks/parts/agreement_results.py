"""What the benchmark of agreement promises, and the table that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.parts.bootstrap import Figure
from benchmarks.record import Table, Target

__all__ = ["agreement_targets", "readme_table"]

Parts = Mapping[str, Mapping[str, Any]]

KNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "SGD dialogues": {"exact": "0.550", "quadratic kappa": "0.230", "ordinal alpha": "0.228"},
    "SGD turns": {"exact": "0.631", "quadratic kappa": "0.241", "ordinal alpha": "0.262"},
    "MWOZ dialogues": {"exact": "0.571", "quadratic kappa": "0.213", "ordinal alpha": "0.193"},
    "MWOZ turns": {"exact": "0.664", "quadratic kappa": "0.187", "ordinal alpha": "0.210"},
}
"""Figures of USS that were reckoned by other code before this benchmark was written."""

COVERAGE_GOALS: Final = {"at least": ">= 0.93", "at most": "<= 0.97"}
SECONDS_GOAL: Final = "< 10"

_CORRELATION: Final = "Pearson's r"
_KAPPA: Final = "quadratic kappa"
_PAIR: Final = "machine and person"
_NONE: Final = "–"


def agreement_targets(found: Parts) -> list[Target]:
    """List the figures that matter, with the goals set for them.

    Parameters
    ----------
    found : mapping of str to mapping
        What each part gave; a part may be missing.

    Returns
    -------
    list of Target
        Of the parts that are there; without figures that are undefined.
    """
    makers = {"people": _people, "machine": _machine, "speed": _speed, "coverage": _coverage}
    return [
        target for part, make in makers.items() if part in found for target in make(found[part])
    ]


def _people(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, cells in found.items():
        for figure, shown in cells["figures"].items():
            known = KNOWN.get(name, {}).get(figure)
            goal = None if known is None else f"== {known}"
            value = cells["third decimal"][figure]
            if value is not None:
                label = f"people, {name}, {figure}"
                yield Target(label, value, shown["low"], shown["high"], goal)


def _machine(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, cells in found.items():
        rows = {f"machine and person, {key}": one for key, one in cells[_PAIR].items()}
        rows |= {f"degradation, {key}": one for key, one in cells.get("degradation", {}).items()}
        if "PRMSE" in cells:
            rows["PRMSE"] = cells["PRMSE"]
        for label, shown in rows.items():
            if shown["value"] is not None:
                ends = (shown["value"], shown["low"], shown["high"])
                yield Target(f"{_plain(name)}, {label}", *ends)


def _speed(found: Mapping[str, Any]) -> Iterator[Target]:
    size = f"{found['conversations']:,} conversations x {found['criteria']} criteria"
    yield Target(f"a study of {size}, s", found["seconds"], goal=SECONDS_GOAL)
    yield Target(f"a study of {size}, with teams and languages, s", found["seconds with groups"])
    label = f"a study of {size}, times as fast as a loop of one kappa a criterion and resample"
    yield Target(label, found["times as fast"])


def _coverage(found: Mapping[str, Any]) -> Iterator[Target]:
    for clusters, figures in found["clusters"].items():
        for figure, cell in figures.items():
            for side, goal in COVERAGE_GOALS.items():
                label = f"coverage of 95 % intervals, {figure}, {clusters} clusters ({side})"
                yield Target(label, **cell["coverage"], goal=goal)


def readme_table(found: Parts) -> Table:
    """Draw the few rows that the README shows.

    Parameters
    ----------
    found : mapping of str to mapping
        What the parts gave; people and machine.

    Returns
    -------
    Table
        By set: kappa of two people, of machine and person, and what is lost on the same items, of
        kappa and of the correlation. A machine that mostly gives the middle level has little kappa
        whatever its expected values are worth.
    """
    columns = [
        "agreement (95 % interval)",
        "kappa of two people",
        "kappa of machine and person",
        "degradation, kappa",
        "degradation, r",
    ]
    names = dict.fromkeys([*found["people"], *found["machine"]])
    return Table(columns, [_row(name, found) for name in names])


def _row(name: str, found: Parts) -> list[str | int]:
    people = found["people"].get(name, {}).get("figures", {})
    machine = found["machine"].get(name, {})
    lost = machine.get("degradation", {})
    cells = (people.get(_KAPPA), machine.get(_PAIR, {}).get(_KAPPA))
    return [_plain(name), *map(_cell, (*cells, lost.get(_KAPPA), lost.get(_CORRELATION)))]


def _cell(shown: Mapping[str, Any] | None) -> str:
    if shown is None or None in (shown["value"], shown["low"], shown["high"]):
        return _NONE
    # 0 added, so that what rounds to 0 has no sign
    return str(Figure(*(round(shown[end], 2) + 0.0 for end in ("value", "low", "high"))))


def _plain(name: str) -> str:
    return name.replace("_", " ")
