"""What an annotation tool asks a grader: one question for each criterion of a rubric."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from qa_nlp.display.formats import clean
from qa_nlp.errors import RubricError
from qa_nlp.grade_levels import NOT_APPLICABLE
from qa_nlp.rubric import AppliesIf, Criterion, MinimumSize, Rubric

__all__ = ["COMMENT", "Answer", "Question", "may_not_apply", "rubric_questions"]

COMMENT: Final = "comment"
"""What the box for remarks is called, which stands beside the questions."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to choose.

    Parameters
    ----------
    level : str
        A level's id, or ``"N/A"``.
    description : str
        When to choose it; may be empty.
    """

    level: str
    description: str


@dataclass(frozen=True, slots=True)
class Question:
    """A criterion as a grader reads it.

    Parameters
    ----------
    name : str
        What the tool calls it; unlike the criterion's id where the tool needs that name itself.
    criterion : str
        Id of the criterion.
    section : str
        Name of its section.
    text : str
        The question.
    guidance : str
        What to look for; may be empty.
    answers : tuple of Answer
        Worst first, N/A last where the rubric allows it.
    """

    name: str
    criterion: str
    section: str
    text: str
    guidance: str
    answers: tuple[Answer, ...]


def rubric_questions(
    rubric: Rubric, taken: Collection[str], spelt: Callable[[str], str] = str
) -> tuple[Question, ...]:
    """Give the questions of a rubric under names that a tool accepts.

    Parameters
    ----------
    rubric : Rubric
        The form.
    taken : collection of str
        Names that the tool, or a task, uses itself; a criterion called so gets an underscore.
    spelt : callable, default str
        Gives an id the spelling that the tool allows.

    Returns
    -------
    tuple of Question
        In the rubric's order.

    Raises
    ------
    RubricError
        When two criteria would get one name.

    Examples
    --------
    >>> asked = rubric_questions(Rubric.load("service_excellence"), {"empathy"})
    >>> [question.name for question in asked]
    ['responsiveness', 'knowledge', 'empathy_', 'communication', 'follow_up']
    """
    found: dict[str, Question] = {}
    for section in rubric.sections:
        for criterion in section.criteria:
            name = spelt(criterion.id)
            name = f"{name}_" if name in taken else name
            if name in found:
                raise RubricError(
                    f"criteria {found[name].criterion!r} and {criterion.id!r} would both be called "
                    f"{name!r} by the annotation tool; rename one, or use the other tool"
                )
            found[name] = Question(
                name,
                criterion.id,
                clean(section.name),
                clean(criterion.question),
                clean(" ".join(_guidance(criterion))),
                tuple(_answers(criterion)),
            )
    return tuple(found.values())


def may_not_apply(criterion: Criterion) -> bool:
    """Tell whether the rubric allows a criterion to be graded N/A.

    Parameters
    ----------
    criterion : Criterion
        The criterion.

    Returns
    -------
    bool
        True where it states any condition under which it is asked, or is not.
    """
    return bool(
        criterion.not_applicable_if
        or criterion.applies_if
        or criterion.channels
        or criterion.languages
        or criterion.minimum_size != MinimumSize()
    )


def _guidance(criterion: Criterion) -> Iterator[str]:
    if criterion.guidance:
        yield criterion.guidance.strip()
    if criterion.applies_if is not None:
        yield f"Asked only where {_condition(criterion.applies_if)}; otherwise {NOT_APPLICABLE}."


def _condition(applies: AppliesIf) -> str:
    return f"'{applies.criterion}' is {' or '.join(applies.levels)}"


def _answers(criterion: Criterion) -> Iterator[Answer]:
    for level in criterion.levels:
        yield Answer(level.id, clean(level.description.strip()))
    if may_not_apply(criterion):
        yield Answer(NOT_APPLICABLE, "The question does not apply to this conversation.")
