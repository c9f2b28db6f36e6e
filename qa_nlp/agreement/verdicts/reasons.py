"""What one check of a criterion found."""

from __future__ import annotations

from dataclasses import dataclass

from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.verdicts.more_grades import more_needed
from qa_nlp.agreement.verdicts.rules import Decision, Rules

__all__ = ["Check", "Reason", "ask", "check", "more"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Whether a criterion fulfils a rule.

    Parameters
    ----------
    rule : str
        Which, in a few words.
    met : bool, optional
        None where the grades do not tell.
    text : str
        What was found and what is asked for, in full sentences.
    """

    rule: str
    met: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """A reason and what follows from it.

    Parameters
    ----------
    reason : Reason
        What was found.
    most : Decision
        The best decision that it allows.
    needed : int, optional
        Conversations to grade before it may allow more; None where grades would not help.
    """

    reason: Reason
    most: Decision
    needed: int | None = None


def check(
    rule: str, met: bool | None, most: Decision, text: str, needed: int | None = None
) -> Check:
    """Make a check from its parts.

    Parameters
    ----------
    rule, met, text
        See `Reason`.
    most, needed
        See `Check`.

    Returns
    -------
    Check
        The check.
    """
    return Check(Reason(rule, met, text), most, needed)


def more(estimate: Estimate, line: float, rules: Rules) -> int | None:
    """Say how many more conversations would decide on which side of a line a figure is.

    Parameters
    ----------
    estimate : Estimate
        With an interval.
    line : float
        A threshold.
    rules : Rules
        Confidence and power.

    Returns
    -------
    int or None
        See `more_needed`.
    """
    return more_needed(estimate, line, power=rules.power, level=rules.level)


def ask(needed: int | None, how: str = " twice") -> str:
    """Ask for grades in a sentence.

    Parameters
    ----------
    needed : int, optional
        Conversations; None where no number that people could grade would do.
    how : str, default " twice"
        How to grade them.

    Returns
    -------
    str
        A sentence after a space.

    Examples
    --------
    >>> ask(40)
    ' Grade about 40 more conversations twice to decide.'
    """
    if needed is None:
        return " This is too close to the line for more grades to decide."
    noun = "conversation" if needed == 1 else "conversations"
    return f" Grade about {needed:,} more {noun}{how} to decide."
