"""The command ``qa-nlp report``: how far machine and people agree, as a page, files and a gate."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa_nlp.cli_errors import FINDINGS, JsonOption, check_folder, fail, usage_errors
from qa_nlp.cli_grades import CriterionOption, GradeColumnOption, open_grades
from qa_nlp.cli_inputs import FormatOption, open_transcripts, readable, tell_unread

if TYPE_CHECKING:
    from qa_nlp.agreement.study import AgreementStudy
    from qa_nlp.scorecards import Scorecards

__all__ = ["report"]


def report(
    scores: Annotated[
        str,
        typer.Argument(metavar="SCORES", help="Scorecards: .jsonl, .parquet, or a batch folder."),
    ],
    grades: Annotated[
        str, typer.Argument(metavar="GRADES", help="Human grades: .csv, .tsv, .parquet or .jsonl.")
    ],
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            help="What to write: .html for the page, .json for all figures, or a folder for tables "
            "as CSV. Repeatable.",
        ),
    ] = None,
    transcripts: Annotated[
        list[str] | None,
        typer.Option("--transcripts", metavar="IN", help="For passages beside disagreements."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Groups to compare: team, language, channel, length … Repeatable."),
    ] = None,
    reference: Annotated[
        str, typer.Option(help="mean of the people who graded, each of them, or a rater's name.")
    ] = "mean",
    cluster: Annotated[
        str, typer.Option(help="What is resampled as one: group_id, or a metadata key.")
    ] = "group_id",
    rubric: Annotated[
        str | None, typer.Option(help="For names and sections of a rubric of your own.")
    ] = None,
    counterfactuals: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Flips, from Scorer.counterfactuals.")
    ] = None,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="SCORES is a plain table of grades, from any other system."),
    ] = False,
    levels: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[CRITERION=]LEVELS",
            help="With --plain: the levels, worst first, between commas, unless they are numbers: "
            "poor,fair,good or tone=poor,good. Repeatable.",
        ),
    ] = None,
    metadata: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --plain: a table (.csv, .parquet or .jsonl) of transcript_id and what to "
            "group by; group_id and started_at are understood.",
        ),
    ] = None,
    text: Annotated[
        bool,
        typer.Option(
            "--text/--no-text", help="Whether what is written holds words of transcripts."
        ),
    ] = True,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIGURE=LEAST",
            help="Exit with 1 where the lower end of an interval is below: qwk=0.6, or "
            "empathy.exact=0.5. Repeatable.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Of the page.")] = "Agreement study",
    file_format: FormatOption = None,
    grade_column: GradeColumnOption = None,
    criterion: CriterionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare scorecards with human grades, and say where the machine can be trusted.

    Exit code 1 where a gate of --fail-under is not reached.
    """
    from qa_nlp.agreement.study import AgreementStudy

    for path in out or ():
        _check_place(path)
    if (levels or metadata) and not plain:
        fail("--levels and --metadata go with --plain: scorecards hold both themselves")
    with usage_errors():
        given = open_grades(grades, grade_column, criterion)
        calls = None
        if transcripts:
            calls = open_transcripts(transcripts, file_format, None, False, None)
        options: dict[str, Any] = {
            "by": by or (),
            "reference": reference,
            "cluster": cluster,
            "rubric": rubric,
            "counterfactuals": _counterfactuals(counterfactuals),
            "transcripts": None if calls is None else list(readable(calls)),
            "title": title,
        }
        if plain:
            options |= {"metadata": None if metadata is None else _table(metadata)}
            machine = open_grades(scores, None, None)
            study = AgreementStudy.from_tables(machine, given, _levels(levels), **options)
        else:
            study = AgreementStudy(_scorecards(scores), given, **options)
        failed = study.failed_gates(fail_under or ())
        for path in out or ():
            write_report(study, path, text)
    if calls is not None:
        tell_unread(calls.errors)
    _tell(study, out or (), failed, as_json, text)
    raise typer.Exit(FINDINGS if failed else 0)


def write_report(study: AgreementStudy, path: Path, text: bool = True) -> None:
    """Write a study in the form that a name asks for.

    Parameters
    ----------
    study : AgreementStudy
        The study.
    path : pathlib.Path
        ``.html``, ``.json``, or a folder.
    text : bool, default True
        Whether words of transcripts are written.
    """
    if path.suffix == ".html":
        study.write_html(path, include_text=text)
    elif path.suffix == ".json":
        study.write_json(path, include_text=text)
    else:
        study.write_tables(path, include_text=text)


def _check_place(path: Path) -> None:
    if path.suffix in (".html", ".json"):
        if path.is_dir():
            fail(f"{path}: a folder lies there; choose another --out")
    elif path.suffix or (os.path.lexists(path) and not path.is_dir()):
        fail(f"--out {path}: give a name that ends in .html or .json, or a folder")
    check_folder(path)


def _scorecards(scores: str) -> Scorecards:
    from qa_nlp.scorecards import read_scorecards

    return read_scorecards(scores)


def _levels(given: Sequence[str] | None) -> Any:
    """Read levels for all criteria, or by criterion."""
    if not given:
        return None
    named = [line.rpartition("=") for line in given]
    if len(given) == 1 and not named[0][1]:
        return given[0].split(",")
    for name, _, own in named:
        if not name or not own:
            fail("--levels takes poor,fair,good once, or tone=poor,good for each criterion")
    return {name: own.split(",") for name, _, own in named}


def _table(path: Path) -> Any:
    import pandas as pd

    readers = {
        ".csv": lambda: pd.read_csv(path, dtype=str),
        ".parquet": lambda: pd.read_parquet(path),
        ".jsonl": lambda: pd.read_json(path, lines=True, dtype=False),
    }
    if path.suffix not in readers:
        fail(f"--metadata {path}: give a .csv, .parquet or .jsonl file")
    try:
        return readers[path.suffix]()
    except (OSError, ValueError) as error:
        fail(f"--metadata {path}: cannot be read ({type(error).__name__})")


def _counterfactuals(path: Path | None) -> object | None:
    if path is None:
        return None
    from qa_nlp.counterfactuals.table import Counterfactuals

    return Counterfactuals.read(path)


def _tell(
    study: AgreementStudy, written: Sequence[Path], failed: Sequence[str], as_json: bool, text: bool
) -> None:
    from qa_nlp.terminal import plain

    if as_json:
        found = {"failed": list(failed), "written": [str(path) for path in written]}
        typer.echo(json.dumps(study.to_dict(text) | found, ensure_ascii=False, allow_nan=False))
        return
    for line in repr(study).splitlines():
        typer.echo(plain(line))
    for line in failed:
        typer.echo(f"not reached: {plain(line)}", err=True)
    for path in written:
        typer.echo(f"written: {path}")
