"""The command ``qa-nlp calibrate``: learn from human grades, and tell what that changed."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa_nlp.cli_errors import FINDINGS, JsonOption, check_folder, fail, usage_errors
from qa_nlp.cli_grades import CriterionOption, GradeColumnOption, open_grades
from qa_nlp.cli_inputs import (
    DEFAULT_ENCODER,
    DEFAULT_RUBRIC,
    DEFAULT_TIER,
    ENCODER_HELP,
    RUBRIC_HELP,
    ColumnOption,
    FormatOption,
    InferRolesOption,
    RoleOption,
    TierOption,
    open_transcripts,
    readable,
    tell_unread,
)
from qa_nlp.cli_models import make_ready

if TYPE_CHECKING:
    from qa_nlp.grades import Grades
    from qa_nlp.grades_check import GradesReport
    from qa_nlp.importers import BadTranscript, Transcripts
    from qa_nlp.rubric import Rubric
    from qa_nlp.scorer import Scorer
    from qa_nlp.transcript import Transcript

    Collection = Iterable[Transcript | BadTranscript] | Transcripts

__all__ = ["calibrate", "check_place", "learnt", "tell_learnt"]


def calibrate(
    transcripts: Annotated[
        str, typer.Argument(metavar="TRANSCRIPTS", help="File, folder or glob of transcripts.")
    ],
    grades: Annotated[
        str, typer.Argument(metavar="GRADES", help="Human grades: .csv, .tsv, .parquet or .jsonl.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder to write, such as support_call.scorer.")
    ],
    rubric: Annotated[str, typer.Option("--rubric", "-r", help=RUBRIC_HELP)] = DEFAULT_RUBRIC,
    more: Annotated[
        list[str] | None,
        typer.Option("--transcripts", metavar="IN", help="More transcripts. Repeatable."),
    ] = None,
    grade_column: GradeColumnOption = None,
    criterion: CriterionOption = None,
    file_format: FormatOption = None,
    role: RoleOption = None,
    infer_roles: InferRolesOption = False,
    column: ColumnOption = None,
    encoder: Annotated[str, typer.Option(help=ENCODER_HELP)] = DEFAULT_ENCODER,
    tier: TierOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from human grades, show what that changed, and save a scorer.

    The folder holds what was learnt, ids and grades, and no words of any conversation. Exit code 1
    where a transcript could not be read; the scorer is written from the others.
    """
    from qa_nlp.rubric import Rubric
    from qa_nlp.scorer import Scorer

    with usage_errors():
        form = Rubric.load(rubric)
        check_place(out)
        calls = open_transcripts(
            [transcripts, *(more or ())], file_format, role, infer_roles, column
        )
        given = open_grades(grades, grade_column, criterion)
        report = _checked(given, form, calls, quiet=as_json)
        bad = calls.errors
        in_tier = DEFAULT_TIER if tier is None else tier
        make_ready(encoder, in_tier)
        make_scorer = partial(Scorer, form, encoder=encoder, tier=in_tier)
        scorer = learnt(calls, given, make_scorer, quiet=as_json)
        scorer.save(out)
    if as_json:
        typer.echo(json.dumps(_as_json(scorer, report, bad, out), ensure_ascii=False))
    else:
        tell_learnt(scorer)
        typer.echo(f"\nwritten: {out}")
        typer.echo(f"next: qa-nlp score IN… --scorer {shlex.quote(str(out))}")
    raise typer.Exit(FINDINGS if bad else 0)


def check_place(out: Path) -> None:
    """See that a scorer can be written to a folder, before any work; else end with exit code 2.

    Parameters
    ----------
    out : pathlib.Path
        A new folder, or one with a saved scorer, which will be replaced.
    """
    from qa_nlp.scorer_files import SCORER_FILES
    from qa_nlp.user_files import holds

    if os.path.lexists(out) and not holds(out, SCORER_FILES):
        fail(f"{out}: something else than a saved scorer lies there; choose another --out")
    check_folder(out)


def _checked(grades: Grades, rubric: Rubric, calls: Transcripts, *, quiet: bool) -> GradesReport:
    """Check grades before anything is measured; the transcripts are read for their ids only."""
    from qa_nlp.grades_check import check_grades
    from qa_nlp.terminal import plain

    report = check_grades(grades, rubric, readable(calls))
    if not quiet or not report.ok:
        tell_unread(calls.errors)
    if not report.ok:
        fail(report.error_text)
    if not quiet:
        typer.echo(plain(report.summary), err=True)
        for finding in report.warnings:
            typer.echo(plain(finding), err=True)
    return report


def learnt(
    calls: Collection, grades: object, make_scorer: Callable[[], Scorer], *, quiet: bool
) -> Scorer:
    """Calibrate a new scorer, with a progress bar on standard error.

    Parameters
    ----------
    calls : Transcripts or iterable of Transcript
        The graded conversations.
    grades : object
        What `read_grades` takes.
    make_scorer : callable
        Gives what is calibrated; loading its encoder takes seconds.
    quiet : bool
        Whether to leave the bar out.

    Returns
    -------
    Scorer
        Calibrated.

    Raises
    ------
    QaNlpError
        When the weights are missing, or the grades cannot be used.
    """
    from qa_nlp.terminal import progress_bar

    if quiet:
        return make_scorer().calibrate(calls, grades)
    with progress_bar() as bar:
        task = bar.add_task("loading the encoder", total=None)
        scorer = make_scorer()
        bar.update(task, description="measuring graded conversations")

        def step(what: str, done: int, total: int) -> None:
            words = "learning from grades" if what == "fitted" else None
            bar.update(task, description=words, completed=done, total=total or None)

        return scorer.calibrate(calls, grades, step)


def tell_learnt(scorer: Scorer) -> None:
    """Print what calibration changed: a table, what it means, and how strict each rater is.

    Parameters
    ----------
    scorer : Scorer
        A calibrated one.
    """
    from qa_nlp.terminal import calibration_view, console

    if scorer.summary is None:
        return
    console().print(calibration_view(scorer.summary))


def _as_json(
    scorer: Scorer, report: GradesReport, bad: Sequence[BadTranscript], out: Path
) -> dict[str, object]:
    findings = report.to_dict()["findings"]
    return {
        "out": str(out),
        "fingerprint": scorer.fingerprint,
        "summary": None if scorer.summary is None else scorer.summary.to_dict(),
        "warnings": [found for found in findings if found["severity"] == "warning"],
        "not_read": [{"where": item.source, "problem": str(item.error)} for item in bad],
    }
