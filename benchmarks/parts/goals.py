"""The goals set for the shipped classifiers, and the figures that they are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.parts.evaluation import Measures, Result
from benchmarks.parts.head_calibration import TASK
from benchmarks.parts.shipped import ARTIFACTS
from benchmarks.record import Target
from qa_nlp.signals.tasks import MECHANISMS

__all__ = ["EPITOME", "Goal", "reached", "unmeasured"]

EPITOME: Final = "EPITOME, test part"
_EMPATHY: Final = {
    "emotional_reactions": (0.73, 0.77, 0.50),
    "interpretations": (0.61, 0.67, 0.45),
    "explorations": (0.71, 0.75, 0.60),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal.

    Parameters
    ----------
    method : str
        The shipped classifier.
    data, task, figure : str
        Which figure of it.
    goal : str
        A comparison such as ``">= 0.8"``.
    over : str, optional
        Another method: the goal is about the lead over it.
    bound : {"value", "low"}
        Whether the estimate or the lower end of its interval is compared.
    note : str
        Added to the name of the target.
    """

    method: str
    data: str
    task: str
    figure: str
    goal: str
    over: str | None = None
    bound: str = "value"
    note: str = ""

    @property
    def name(self) -> str:
        """What the target is called."""
        over = f", lead over {self.over}" if self.over else ""
        low = ", lower end" if self.bound == "low" else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.method}: {self.task} on {self.data}, {self.figure}{over}{low}{note}"

    def target(self, results: Sequence[Result]) -> Target | None:
        """Find the figure.

        Parameters
        ----------
        results : sequence of Result
            Everything that was measured.

        Returns
        -------
        Target or None
            None where it was not measured.
        """
        for result in results:
            if (result.data, result.task) == (self.data, self.task):
                found = self._measures(result).get(self.figure)
                if found is not None:
                    value = found[self.bound]
                    assert value is not None
                    return Target(self.name, value, found["low"], found["high"], self.goal)
        return None

    def _measures(self, result: Result) -> Measures:
        if self.over is None:
            return result.figures.get(self.method, {})
        return result.leads.get(self.method, {}).get(self.over, {})


def _goals() -> Iterator[Goal]:
    for mechanism, (macro, stretch, kappa) in _EMPATHY.items():
        research = ("en-research", EPITOME, mechanism, "macro-F1")
        yield Goal(*research, f">= {macro}")
        yield Goal(*research, ">= -0.01", over="single-task")
        yield Goal(*research, f">= {stretch}", note="stretch")
        yield Goal("en", EPITOME, mechanism, "QWK", f">= {kappa}")
    yield Goal("en", "GoEmotions, dev", "emotion", "macro-F1", ">= 0.46")
    yield Goal("en", "GoEmotions, dev", "emotion", "macro-F1", ">= 0.5", note="stretch")
    yield Goal("en", "GoEmotions, dev", "sentiment", "macro-F1", ">= 0.72")
    yield Goal("en", "SST-2, train and dev", "sentiment", "accuracy", ">= 0.82")
    yield Goal("en", "airline tweets", "sentiment", "macro-F1", ">= 0.68")
    yield Goal("en", "TyDiP, test part", "politeness", "r", ">= 0.7")
    empathy, upset = "MAIA agents, both files: empathy", "MAIA customers, both files: upset"
    yield Goal("en", empathy, "empathy", "AP / prevalence", ">= 3")
    yield Goal("en", upset, "emotion_group", "AUC", ">= 0.82")
    yield Goal("en", "STS-B, English dev", "similarity", "rho", ">= -0.01", over="minilm")
    yield Goal("multilingual", "SART, development fold", "sentiment", "macro-F1", ">= 0.7")
    yield Goal("multilingual", "SentiRuEval-2015", "sentiment", "macro-F1", ">= 0.52")
    yield Goal("multilingual", "UMSAB, train and val", "sentiment", "macro-F1", ">= 0.58")
    translated = "MAIA agents, translated: empathy"
    yield Goal("multilingual", translated, "empathy", "AP / prevalence", ">= 2.5")
    heads = ("sentiment", "emotion", "emotion_group", "politeness", *MECHANISMS, "act")
    for name in ARTIFACTS:
        for head in heads:
            own = (name, "own test part", f"{TASK}{head}")
            yield Goal(*own, "ECE less that of drawn labels", "<= 0.03")
            yield Goal(*own, "Brier skill", "> 0", bound="low")


def reached(results: Sequence[Result]) -> list[Target]:
    """Compare what was measured with the goals.

    Parameters
    ----------
    results : sequence of Result
        Everything that was measured.

    Returns
    -------
    list of Target
        Of every goal whose figure was measured.
    """
    found = [goal.target(results) for goal in _goals()]
    return [*(target for target in found if target is not None), *_costs(results)]


def unmeasured(results: Sequence[Result]) -> list[str]:
    """Name the goals whose figures were not measured.

    Parameters
    ----------
    results : sequence of Result
        Everything that was measured.

    Returns
    -------
    list of str
        Names of targets.
    """
    return [goal.name for goal in _goals() if goal.target(results) is None]


def _costs(results: Sequence[Result]) -> Iterator[Target]:
    goals = {"heads / encoding": "< 0.05", "artefact, MB": "<= 10"}
    for result in results:
        if result.task == "cost":
            for method, measures in result.figures.items():
                for figure, goal in goals.items():
                    value = measures[figure]["value"]
                    assert value is not None
                    yield Target(f"{method}: {figure}", value, goal=goal)
