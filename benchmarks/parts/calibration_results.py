"""What the calibration benchmark promises, and the table that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.parts.bootstrap import Figure
from benchmarks.parts.calibration_means import SIZES
from benchmarks.parts.calibration_methods import BASELINES, OWN, PLAIN_RIDGE, RIDGE
from benchmarks.parts.calibration_sets import CORPORA
from benchmarks.record import Table, Target

__all__ = ["calibration_targets", "readme_table"]

Parts = Mapping[str, Mapping[str, Any]]

SUCCESS: Final = "task_success"
QUALITY: Final = "interaction_quality"
MAIA_GOALS: Final = {
    (SUCCESS, "rho"): ">= 0.62",
    (SUCCESS, "AUC of bad"): ">= 0.82",
    (SUCCESS, "worst tenth"): ">= 2.8",
    (SUCCESS, "QWK"): ">= 0.5",
    (QUALITY, "rho"): ">= 0.58",
}
RATIO_GOALS: Final = {
    "SGD turns": ">= 1.5",
    "MWOZ turns": ">= 1.35",
    "SGD dialogues": ">= 1.2",
    "MWOZ dialogues": ">= 1.2",
    "SGD dialogues with turns": ">= 1.2",
    "MWOZ dialogues with turns": ">= 1.2",
}
COVERAGE_GOAL: Final = ">= 0.89"
_NEAR_IDEAL: Final = "<= 0.03"


def calibration_targets(found: Parts) -> list[Target]:
    """List the figures that matter, with the goals set for them.

    Parameters
    ----------
    found : mapping of str to mapping
        What each part gave; a part may be missing.

    Returns
    -------
    list of Target
        Of the parts that are there.
    """
    makers = {
        "maia": _maia,
        "uss": _uss,
        "few": _few,
        "level_sets": _level_sets,
        "means": _means,
        "speed": _speed,
        "setfit": _setfit,
    }
    return [
        target for part, make in makers.items() if part in found for target in make(found[part])
    ]


def _maia(found: Mapping[str, Any]) -> Iterator[Target]:
    for (kind, what), goal in MAIA_GOALS.items():
        shown = found[kind]["figures"][OWN][what]
        yield Target(f"MAIA {_plain(kind)}, {what}", **shown, goal=goal)
    for baseline in BASELINES:
        lead = found[SUCCESS]["leads"][baseline]["rho"]
        name = f"MAIA task success, gain in rho over {baseline}"
        yield Target(name, **lead)
        if baseline in (RIDGE, PLAIN_RIDGE):
            yield Target(f"{name}, lower end of the interval", lead["low"], goal="> 0")
    for kind in (SUCCESS, QUALITY):
        for across, cells in found[kind]["across"].items():
            name = f"MAIA {_plain(kind)}, {across.replace(' to ', ' customers to ')} customers, rho"
            yield Target(name, **cells["figures"][OWN]["rho"])


def _uss(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, cells in found.items():
        goal = RATIO_GOALS.get(name)
        yield Target(f"USS {name}, rho ÷ rho of one human", **cells["ratios"][OWN], goal=goal)
        below = cells["figures"][OWN]["below the limit"]
        yield Target(f"USS {name}, rho below the reliability limit by", below)


def _few(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, cells in found.items():
        for what, every in cells["all"].items():
            if every > 0:
                share = round(cells["50"]["figures"][OWN][what]["value"] / every, 4)
                yield Target(f"{name}, {what} with 50 grades ÷ with all", share, goal=">= 0.85")
        for size, at in cells.items():
            if size != "all":
                yield from _leads(name, size, at["leads"])


def _leads(name: str, size: str, leads: Mapping[str, Any]) -> Iterator[Target]:
    """Give the lead over the best baseline; the others are behind it."""
    for what in leads[RIDGE]:
        least = min(BASELINES, key=lambda baseline: float(leads[baseline][what]["value"]))
        label = f"{name}, {size} grades, lead in {what} over the best baseline ({least})"
        yield Target(label, **leads[least][what], goal="> 0")


def _level_sets(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, cells in found.items():
        sets, told = cells["sets"], cells["probabilities"]
        yield Target(f"{name}, coverage of 90 % sets", **sets["coverage"], goal=COVERAGE_GOAL)
        if name.startswith("MAIA"):
            yield Target(f"{name}, levels in a set", **sets["width"], goal="<= 3")
        else:
            narrower = sets["narrower than constant sets"]
            goal = ">= 0.08" if name.endswith("turns") else ">= 0"
            yield Target(f"{name}, narrower than constant sets by", narrower, goal=goal)
        bad = sets["coverage of bad"]
        yield Target(
            f"{name}, coverage of bad grades",
            **bad,
            goal=">= 0.5" if name.endswith("turns") else None,
        )
        less = "ECE less that of drawn labels"
        yield Target(f"{name}, {less}", told[less], goal="<= 0.03")
        yield Target(f"{name}, ECE", told["ECE"])
        yield Target(f"{name}, Brier skill", **told["Brier skill"], goal="> 0")


def _means(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, cells in found.items():
        limit = "< 0.9" if name.startswith("MAIA") else "< 0.95"
        for kind, cell in cells.items():
            if not isinstance(cell, dict):
                continue
            population, _, size = kind.partition(" ")
            label = f"{name}, mean, {population}, n = {size}"
            if population == "useless":
                yield Target(f"{label}, width ratio", cell["width ratio"], goal="<= 1.03")
                continue
            yield Target(f"{label}, coverage % (at least)", cell["coverage"], goal=">= 93.5")
            yield Target(f"{label}, coverage % (at most)", cell["coverage"], goal="<= 96.5")
            yield Target(f"{label}, coverage % by people alone", cell["human only"])
            off = round(abs(cell["width ratio"] - cell["ideal"]), 4)
            yield Target(f"{label}, width ratio off the ideal by", off, goal=_NEAR_IDEAL)
            goal = limit if population == "given" else None
            yield Target(f"{label}, width ratio", cell["width ratio"], goal=goal)


def _speed(found: Mapping[str, Any]) -> Iterator[Target]:
    yield Target("learning 1,000 conversations x 12 criteria, s", found["seconds"], goal="< 10")


def _setfit(found: Mapping[str, Any]) -> Iterator[Target]:
    for name, sizes in found.items():
        for size, at in sizes.items():
            for what, lead in at["leads"]["SetFit"].items():
                yield Target(
                    f"{name}, {size} grades, lead in {what} over SetFit", **lead, goal="> 0"
                )


def readme_table(found: Parts) -> Table:
    """Draw the few rows that the README shows.

    Parameters
    ----------
    found : mapping of str to mapping
        What each part gave; all but SetFit.

    Returns
    -------
    Table
        Figure, the library's value, and what it stands beside.
    """
    rows = [
        *_maia_rows(found["maia"]),
        *_uss_rows(found["uss"]),
        *_set_rows(found["level_sets"]),
        *_mean_rows(found["means"]),
    ]
    return Table(["what", "qa_nlp (95 % interval)", "beside"], rows)


def _maia_rows(found: Mapping[str, Any]) -> Iterator[list[str | int]]:
    figures = found[SUCCESS]["figures"]
    for what in ("rho", "AUC of bad", "QWK"):
        beside = ", ".join(
            f"{name} {figures[name][what]['value']:.2f}" for name in figures if name != OWN
        )
        yield [f"MAIA, task success, {what}", _cell(figures[OWN][what]), beside]
    quality = found[QUALITY]["figures"]
    beside = f"{RIDGE} {quality[RIDGE]['rho']['value']:.2f}"
    yield ["MAIA, interaction quality, rho", _cell(quality[OWN]["rho"]), beside]


def _uss_rows(found: Mapping[str, Any]) -> Iterator[list[str | int]]:
    for corpus in CORPORA:
        for kind in ("turns", "dialogues"):
            cells = found[f"{corpus} {kind}"]
            figures = cells["figures"]
            beside = (
                f"one human {figures['one human']['rho']['value']:.2f}, "
                f"{RIDGE} {figures[RIDGE]['rho']['value']:.2f}, limit {cells['limit']:.2f}"
            )
            yield [f"USS, {corpus}, {kind}, rho", _cell(figures[OWN]["rho"]), beside]


def _set_rows(found: Mapping[str, Any]) -> Iterator[list[str | int]]:
    for name, cells in found.items():
        sets = cells["sets"]
        beside = (
            f"{sets['width']['value']:.2f} levels a set; constant sets that cover as much "
            f"{sets['constant width']['value']:.2f}"
        )
        coverage = f"{sets['coverage']['value']:.3f}"
        yield [f"{_plain(name)}, coverage of 90 % sets", coverage, beside]


def _mean_rows(found: Mapping[str, Any]) -> Iterator[list[str | int]]:
    for name, cells in found.items():
        size = max(SIZES[name.split()[0]])
        cell = cells[f"given {size}"]
        beside = f"covers {cell['coverage']:.1f} %, people alone {cell['human only']:.1f} %"
        ratio = f"{cell['width ratio']:.2f} of people alone"
        yield [f"{_plain(name)}, width of a mean's interval, {size} graded", ratio, beside]


def _cell(shown: Mapping[str, float]) -> str:
    return str(Figure(**shown))


def _plain(name: str) -> str:
    return name.replace("_", " ")
