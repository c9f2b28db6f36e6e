"""What a criterion must fulfil before the machine may grade it: decisions and their thresholds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

__all__ = ["Decision", "Rules"]


class Decision(StrEnum):
    """What to do with a criterion, from worst to best."""

    FIX = "fix the criterion"
    HUMAN = "human only"
    HYBRID = "hybrid"
    AUTOMATIC = "automatic"

    @property
    def rank(self) -> int:
        """Place from worst to best, from 0."""
        return list(Decision).index(self)


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of the decision on a criterion.

    The values that `automatic` needs, and the exact agreement of two people, are those of
    Williamson, Xi & Breyer (2012), "A framework for evaluation and use of automated scoring", as
    RSMTool 11.2 flags them; below .40, agreement beyond chance is called poor (Fleiss, Levin & Paik
    2003, "Statistical methods for rates and proportions", ch. 18). The ends of intervals, the
    numbers of conversations, the recall of failures and the line between `hybrid` and `human only`
    are this project's choice.

    The machine is held to the line at which people are sent back to the rubric: below a quadratic
    kappa of .40 its grades are poor company even for spot checks. Its interval must also lie above
    0, which is chance, on 30 conversations at least. The line does not follow how well people
    agree: else the same machine would be barred where people are better, and let in where they are
    worse.

    Parameters
    ----------
    human_items : int, default 30
        Conversations graded twice below which nothing is said about how people agree.
    human_kappa : float, default 0.40
        Quadratic kappa of two people below which the criterion needs fixing; where only its
        interval reaches below, `hybrid` is the most.
    human_exact : float, default 0.50
        Share of conversations on which two people give the same level, below which the criterion
        needs fixing; 0 to 1.
    double_graded : int, default 50
        Conversations graded twice that `automatic` needs.
    machine_items : int, default 30
        Conversations with grades of machine and people that `hybrid` needs.
    hybrid_kappa : float, default 0.40
        Quadratic kappa of machine and people that `hybrid` needs.
    machine_kappa, machine_pearson : float, default 0.70
        Quadratic kappa and correlation of machine and people that `automatic` needs.
    degradation : float, default -0.10
        What `automatic` needs of the interval of the machine's quadratic kappa with single people
        minus that of two people: all of it must lie at or above; at most 0.
    smd : float, default 0.15
        Difference of the averages of machine and people in standard deviations that `automatic`
        allows either way.
    group_items : int, default 30
        Conversations below which a group is not judged.
    dsm : float, default 0.10
        Difference of the standardised averages of machine and people in a group that `automatic`
        allows either way.
    failure_recall, failure_recall_low : float, defaults 0.90 and 0.80
        Share of people's failures that the machine must find on a critical criterion for
        `automatic`, and the least end of its interval; 0 to 1.
    spot_check_drop : float, default 0.10
        Loss of exact agreement that a month of spot checks must find; 0 to 1.
    conversations_a_month : int, default 1000
        How many the machine grades; the rate of spot checks follows from it.
    power : float, default 0.80
        Chance to settle a question with the number of grades that is asked for; 0.5 to 1.
    level : float, default 0.95
        Confidence of the intervals; 0.5 to 1.

    Raises
    ------
    ValueError
        When a threshold is out of its range, or two contradict each other.

    Examples
    --------
    >>> Rules(machine_kappa=0.8).machine_kappa
    0.8
    >>> Rules(power=8)
    Traceback (most recent call last):
    ValueError: the rule 'power' is 8; give a number from 0.5 to 1, below 1
    """

    human_items: int = 30
    human_kappa: float = 0.40
    human_exact: float = 0.50
    double_graded: int = 50
    machine_items: int = 30
    hybrid_kappa: float = 0.40
    machine_kappa: float = 0.70
    machine_pearson: float = 0.70
    degradation: float = -0.10
    smd: float = 0.15
    group_items: int = 30
    dsm: float = 0.10
    failure_recall: float = 0.90
    failure_recall_low: float = 0.80
    spot_check_drop: float = 0.10
    conversations_a_month: int = 1000
    power: float = 0.80
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if not ((number := getattr(self, name)) >= 1 and number == number // 1):
                raise ValueError(f"the rule {name!r} is {number}; give a whole number from 1")
        for name, (low, high) in _RANGES.items():
            if not low <= (number := getattr(self, name)) <= high:
                raise ValueError(f"the rule {name!r} is {number}; give a number {low} to {high}")
        for name in _CHANCES:
            if not 0.5 <= (number := getattr(self, name)) < 1:
                raise ValueError(
                    f"the rule {name!r} is {number}; give a number from 0.5 to 1, below 1"
                )
        for lower, upper in _ORDERED:
            if getattr(self, lower) > getattr(self, upper):
                raise ValueError(
                    f"the rule {lower!r} ({getattr(self, lower)}) is above {upper!r} "
                    f"({getattr(self, upper)}); lower the first or raise the second"
                )

    def to_dict(self) -> dict[str, Any]:
        """Give the thresholds as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return asdict(self)


_COUNTS: Final = (
    "human_items",
    "double_graded",
    "machine_items",
    "group_items",
    "conversations_a_month",
)
_RANGES: Final = {
    "human_kappa": (-1, 1),
    "human_exact": (0, 1),
    "hybrid_kappa": (0, 1),
    "machine_kappa": (0, 1),
    "machine_pearson": (0, 1),
    "degradation": (-2, 0),
    "smd": (0, 10),
    "dsm": (0, 10),
    "failure_recall": (0, 1),
    "failure_recall_low": (0, 1),
    "spot_check_drop": (0.01, 1),
}
_CHANCES: Final = ("power", "level")
_ORDERED: Final = (
    ("human_items", "double_graded"),
    ("hybrid_kappa", "machine_kappa"),
    ("failure_recall_low", "failure_recall"),
)
