"""Human grades as commands take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qa_nlp.cli_errors import fail
from qa_nlp.cli_inputs import pairs
from qa_nlp.errors import GradesError

if TYPE_CHECKING:
    from qa_nlp.grades import Grades

__all__ = ["CriterionOption", "GradeColumnOption", "open_grades"]

GradeColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OURS=THEIRS",
        help="Columns of the grades: transcript_id='Call ID', rater=Analyst, level=Score; or, "
        "with a column for each criterion, empathy='Empathy (1-5)'. Repeatable.",
    ),
]
CriterionOption = Annotated[
    str | None, typer.Option(help="What all grades are of, in a file that does not say.")
]

_GRADE_OPTIONS: Final = (
    "on the command line, columns= is --grade-column OURS=THEIRS (repeatable), and criterion= is "
    "--criterion NAME"
)


def open_grades(source: str, columns: Sequence[str] | None, criterion: str | None) -> Grades:
    """Read human grades as the options of a command say, or end with exit code 2.

    Parameters
    ----------
    source : str
        File or glob.
    columns : sequence of str, optional
        ``OURS=THEIRS``.
    criterion : str, optional
        What all grades are of.

    Returns
    -------
    Grades
        In the order of the file.
    """
    from qa_nlp.grades import read_grades

    example = "OURS=THEIRS such as transcript_id='Call ID'"
    named = pairs("--grade-column", columns, example, str.partition)
    try:
        return read_grades(source, named, criterion=criterion)
    except GradesError as error:
        message = str(error)
        if "columns" in message or "criterion=" in message:
            message += f"\n{_GRADE_OPTIONS}"
        fail(message)
