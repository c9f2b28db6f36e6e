"""What a decision on a criterion is made from."""

from __future__ import annotations

from dataclasses import dataclass

from qa_nlp.agreement.estimates import Estimate

__all__ = ["CriterionFigures", "GroupFigures"]


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """How machine and people differ on the conversations of one group.

    Parameters
    ----------
    by : str
        What the groups are of, such as ``"language"``.
    group : str
        Which group.
    items : int
        Its conversations with grades of machine and people.
    clusters : int
        What of them was resampled as one.
    dsm : Estimate
        Difference of the standardised averages, machine minus people, with an interval that is not
        adjusted for the number of groups; above 0 the machine grades the group higher than people
        do, against all conversations.
    p_adjusted : float, optional
        Of a test that this is 0, adjusted by Holm's method over groups; without it intervals are
        widened by Bonferroni's.
    """

    by: str
    group: str
    items: int
    clusters: int
    dsm: Estimate
    p_adjusted: float | None = None


@dataclass(frozen=True, slots=True)
class CriterionFigures:
    """How people agree with each other and with the machine on one criterion.

    Parameters
    ----------
    items : int
        Conversations with grades of machine and people.
    double_graded : int
        Those of them that two or more people graded.
    critical : bool
        Whether its failure fails the conversation.
    human_kappa, human_exact : Estimate
        Quadratic kappa of two people, and the share on which they give the same level; `n` counts
        the conversations that two people graded, also where the machine did not.
    machine_kappa, machine_pearson : Estimate
        Quadratic kappa and correlation of machine and people.
    degradation : Estimate
        Quadratic kappa of the machine with single people minus that of two people.
    smd : Estimate
        Average of the machine minus that of people, in standard deviations.
    failure_recall : Estimate, optional
        Share of the failures people found that the machine found; its `n` counts those failures.
        None unless critical.
    groups : tuple of GroupFigures
        Of all groupings.
    machine_exact : Estimate, optional
        Share on which machine and a person give the same level; spot checks are planned by it.
    """

    items: int
    double_graded: int
    critical: bool
    human_kappa: Estimate
    human_exact: Estimate
    machine_kappa: Estimate
    machine_pearson: Estimate
    degradation: Estimate
    smd: Estimate
    failure_recall: Estimate | None = None
    groups: tuple[GroupFigures, ...] = ()
    machine_exact: Estimate | None = None
