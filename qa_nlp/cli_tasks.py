"""The commands ``qa-nlp tasks export | import | assign``: human grading in annotation tools."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from qa_nlp.cli_errors import FINDINGS, JsonOption, check_folder, fail, usage_errors
from qa_nlp.cli_inputs import (
    DEFAULT_RUBRIC,
    RUBRIC_HELP,
    ColumnOption,
    FormatOption,
    InferRolesOption,
    RoleOption,
    open_transcripts,
    pairs,
    readable,
    tell_unread,
)

if TYPE_CHECKING:
    from qa_nlp.exchange import Annotations, Assignment
    from qa_nlp.exchange.files import Tool
    from qa_nlp.grades import Grades
    from qa_nlp.transcript import Transcript

__all__ = ["tasks_app"]

_ASSIGNMENT: Final = "assignment.csv"

tasks_app = typer.Typer(
    help="Let people grade in Label Studio or Argilla, and read their grades back.",
    no_args_is_help=True,
)

InputsArgument = Annotated[
    list[str], typer.Argument(metavar="IN…", help="Files, folders or globs of transcripts.")
]
RubricOption = Annotated[str, typer.Option("--rubric", "-r", help=RUBRIC_HELP)]
RatersOption = Annotated[
    str, typer.Option(metavar="A,B,C", help="Who grades, separated by commas.")
]
OverlapOption = Annotated[
    float, typer.Option(help="Share of the conversations that several raters grade, 0 to 1.")
]
PerItemOption = Annotated[int, typer.Option(help="How many raters grade each of those.")]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same assignment.")]
ByOption = Annotated[
    str | None,
    typer.Option(help="Share out evenly within: channel, language, or a name in the metadata."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.")]


@tasks_app.command("export")
def export(
    inputs: InputsArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write to.")],
    rubric: RubricOption = DEFAULT_RUBRIC,
    tool: Annotated[str, typer.Option(help="label_studio or argilla.")] = "label_studio",
    raters: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="Write files for each of them, and assignment.csv."),
    ] = None,
    overlap: OverlapOption = 0.2,
    per_item: PerItemOption = 2,
    seed: SeedOption = 0,
    by: ByOption = None,
    mask: Annotated[
        bool, typer.Option("--mask/--no-mask", help="Hide e-mail addresses and long numbers.")
    ] = True,
    file_format: FormatOption = None,
    role: RoleOption = None,
    infer_roles: InferRolesOption = False,
    column: ColumnOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write conversations with the rubric's questions as files that an annotation tool imports.

    With --raters each rater gets files of their own; nothing in them tells which conversations
    others grade too. That stands in assignment.csv, which is not for them.
    """
    from qa_nlp.exchange import export_tasks
    from qa_nlp.exchange.dialogue import graded_conversations

    _check_free(out, folder=True, force=force)
    with usage_errors():
        chosen = _tool(tool)
        calls = open_transcripts(inputs, file_format, role, infer_roles, column)
        transcripts = list(readable(calls))
        tell_unread(calls.errors)
        assignment = None
        if raters is not None:
            views = graded_conversations(transcripts)
            assignment = _assigned(views, raters, overlap, per_item, seed, by)
        files = export_tasks(transcripts, rubric, out, chosen, assignment=assignment, mask=mask)
        if assignment is not None:
            files.append(assignment.write(out / _ASSIGNMENT))
    if as_json:
        typer.echo(json.dumps({"files": [str(file) for file in files], **_figures(assignment)}))
    else:
        for file in files:
            typer.echo(f"written: {file}")
        _tell_assigned(assignment)
    raise typer.Exit(FINDINGS if calls.errors else 0)


@tasks_app.command("assign")
def assign(
    inputs: InputsArgument,
    raters: RatersOption,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.csv", help="Who grades what.")
    ] = Path(_ASSIGNMENT),
    overlap: OverlapOption = 0.2,
    per_item: PerItemOption = 2,
    seed: SeedOption = 0,
    by: ByOption = None,
    file_format: FormatOption = None,
    role: RoleOption = None,
    infer_roles: InferRolesOption = False,
    column: ColumnOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Share out conversations among raters who grade elsewhere, as a table."""
    from qa_nlp.exchange.dialogue import graded_conversations

    _check_free(out, folder=False, force=force)
    with usage_errors():
        calls = open_transcripts(inputs, file_format, role, infer_roles, column)
        transcripts = list(readable(calls))
        tell_unread(calls.errors)
        views = graded_conversations(transcripts)
        assignment = _assigned(views, raters, overlap, per_item, seed, by)
        assignment.write(out)
    if as_json:
        typer.echo(json.dumps({"out": str(out), **_figures(assignment)}))
    else:
        typer.echo(f"written: {out}")
        _tell_assigned(assignment)
    raise typer.Exit(FINDINGS if calls.errors else 0)


@tasks_app.command("import")
def import_grades(
    exports: Annotated[
        list[Path],
        typer.Argument(metavar="EXPORT…", help="Exports of the tool, such as one of each rater."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.csv", help="File of grades to write.")
    ] = Path("grades.csv"),
    rubric: RubricOption = DEFAULT_RUBRIC,
    tool: Annotated[
        str | None,
        typer.Option(help="label_studio or argilla.", show_default="told from the file"),
    ] = None,
    rater: Annotated[
        list[str] | None,
        typer.Option(help="Who an account is: ana@example.org=Ana or 3=Ana. Repeatable."),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read grades from what an annotation tool exported, and write them as a file of grades."""
    from qa_nlp.exchange import collect_annotations

    _check_free(out, folder=False, force=force)
    names = pairs("--rater", rater, "ACCOUNT=NAME such as 3=Ana")
    with usage_errors():
        chosen = None if tool is None else _tool(tool)
        read = [
            collect_annotations(path, chosen, rubric=rubric, raters=names)
            for path in dict.fromkeys(exports)
        ]
        _write_grades([one.grades for one in read], out)
    if as_json:
        typer.echo(json.dumps({"out": str(out), **_counts(read)}))
    else:
        _tell_read(read, out)


def _tool(name: str) -> Tool:
    from qa_nlp.errors import did_you_mean
    from qa_nlp.exchange.files import TOOLS

    match name.replace("-", "_").lower():
        case "label_studio":
            return "label_studio"
        case "argilla":
            return "argilla"
        case spelt:
            fail(f"unknown annotation tool {name!r}{did_you_mean(spelt, TOOLS)}")


def _check_free(out: Path, *, folder: bool, force: bool) -> None:
    """See that nothing is overwritten unasked, before anything is read."""
    if folder and out.is_dir():
        if any(out.iterdir()) and not force:
            fail(f"{out}: is not empty; add --force to replace the files of the same names in it")
    elif not folder and out.is_dir():
        fail(f"{out}: is a folder, not a file")
    elif out.exists() and (folder or not force):
        fail(f"{out}: is a file" if folder else f"{out} exists; add --force to replace it")
    else:
        check_folder(out)


def _assigned(
    views: Sequence[Transcript],
    raters: str,
    overlap: float,
    per_item: int,
    seed: int,
    by: str | None,
) -> Assignment:
    from qa_nlp.exchange import assign_gradings

    people = [name.strip() for name in raters.split(",") if name.strip()]
    ids = [view.id for view in views]
    strata = None if by is None else _strata(views, by)
    return assign_gradings(ids, people, overlap, per_item, seed=seed, strata=strata)


def _strata(views: Iterable[Transcript], by: str) -> Mapping[str, object]:
    from qa_nlp.errors import did_you_mean

    if by in ("channel", "language"):
        return {view.id: getattr(view, by) for view in views}
    known = {"channel", "language"}.union(*(view.metadata for view in views))
    if by not in known:
        fail(f"--by {by}: no conversation states it{did_you_mean(by, known)}")
    return {view.id: view.metadata.get(by) for view in views}


def _figures(assignment: Assignment | None) -> dict[str, Any]:
    if assignment is None:
        return {}
    return {
        "gradings": len(assignment),
        "loads": assignment.loads,
        "overlap": assignment.overlap,
        "per_item": assignment.per_item,
        "seed": assignment.seed,
        "warning": assignment.warning,
    }


def _tell_assigned(assignment: Assignment | None) -> None:
    from qa_nlp.display.formats import counted

    if assignment is None:
        return
    loads = ", ".join(f"{rater} {load:,}" for rater, load in assignment.loads.items())
    typer.echo(
        f"{counted(len(assignment), 'grading')}: {loads}; {assignment.overlap:.1%} of the "
        f"conversations are graded by {assignment.per_item}"
    )
    if assignment.warning:
        typer.echo(assignment.warning, err=True)


def _write_grades(read: Sequence[Grades], out: Path) -> None:
    from qa_nlp.errors import GradesError
    from qa_nlp.grade_columns import FIELDS
    from qa_nlp.user_files import replacing

    if not any(read):
        raise GradesError("no conversation was graded yet, so nothing is written")
    with replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        for grades in read:
            for one in grades:
                writer.writerow((one.transcript_id, one.criterion, one.rater or "", one.level))


def _counts(read: Sequence[Annotations]) -> dict[str, int]:
    return {
        "grades": sum(len(one.grades) for one in read),
        "annotations": sum(one.annotations for one in read),
        "skipped": sum(one.skipped for one in read),
        "empty": sum(one.empty for one in read),
    }


def _tell_read(read: Sequence[Annotations], out: Path) -> None:
    from qa_nlp.display.formats import counted

    counts = _counts(read)
    annotations = counted(counts["annotations"], "annotation")
    typer.echo(f"written: {out}: {counted(counts['grades'], 'grade')} from {annotations}")
    if counts["skipped"]:
        skipped = counted(counts["skipped"], "annotation")
        typer.echo(f"left out: {skipped} skipped, discarded or not submitted", err=True)
    if counts["empty"]:
        typer.echo(f"without any answer: {counted(counts['empty'], 'annotation')}", err=True)
