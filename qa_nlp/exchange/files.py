"""Task files for annotation tools, and the grades in what these tools export."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from qa_nlp.errors import ArtifactError, GradesError, did_you_mean
from qa_nlp.exchange.annotations import LINES, Annotations, read_json, read_text
from qa_nlp.exchange.argilla import argilla_dataset, argilla_records, argilla_settings
from qa_nlp.exchange.argilla_export import RECORDS_FILE, argilla_annotations, is_argilla
from qa_nlp.exchange.assignment import Assignment
from qa_nlp.exchange.dialogue import graded_conversations
from qa_nlp.exchange.label_studio import label_studio_config, label_studio_tasks
from qa_nlp.exchange.label_studio_export import is_label_studio, label_studio_annotations
from qa_nlp.grades import Grades
from qa_nlp.rubric import Rubric
from qa_nlp.transcript import Transcript
from qa_nlp.user_files import replacing

__all__ = ["TOOLS", "Tool", "collect_annotations", "export_tasks", "read_annotations"]

Tool = Literal["label_studio", "argilla"]

TOOLS: Final = ("label_studio", "argilla")
"""The annotation tools that are known."""

_NOT_IN_NAMES: Final = re.compile(r"[^\w-]+")


def export_tasks(
    transcripts: Iterable[Transcript],
    rubric: str | Rubric,
    path: str | Path,
    tool: Tool = "label_studio",
    *,
    assignment: Assignment | None = None,
    mask: bool = True,
) -> list[Path]:
    """Write conversations with a rubric's questions as files that an annotation tool imports.

    For Label Studio these are ``labelling_config.xml`` and ``tasks.json``; for Argilla the folder
    ``dataset``, which ``Dataset.from_disk`` reads. With an assignment each rater gets a file
    ``tasks_RATER.json`` or a folder ``dataset_RATER`` of their own, in their own order.

    Parameters
    ----------
    transcripts : iterable of Transcript
        The conversations; one with several human agents becomes a task for each, with the id
        ``ID@AGENT``.
    rubric : str or Rubric
        Shipped name, path or rubric.
    path : str or pathlib.Path
        Folder to write to; files of these names in it are replaced.
    tool : {"label_studio", "argilla"}, default "label_studio"
        For which tool.
    assignment : Assignment, optional
        Who grades what, from `assign_gradings`; only what it names is written.
    mask : bool, default True
        Whether to hide e-mail addresses and runs of five or more digits.

    Returns
    -------
    list of pathlib.Path
        The files; each appears whole or not at all.

    Raises
    ------
    TranscriptError
        When two conversations have one id, or one holds no words.
    GradesError
        When the tool is unknown, there is nothing to write, the assignment names a conversation
        that is not there, or two raters' files would have one name.
    RubricError
        When there is no such rubric.
    ArtifactError
        When the folder cannot be written to.
    """
    _check_tool(tool)
    rubric = Rubric.load(rubric)
    # Everything is made before anything is written: an error leaves the folder as it was.
    files = dict(_files(list(transcripts), rubric, tool, assignment, mask))
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder}: is a file, not a folder to write to")
    return [_write(folder / name, text) for name, text in files.items()]


def read_annotations(
    path: str | Path,
    tool: Tool | None = None,
    *,
    rubric: str | Rubric | None = None,
    raters: Mapping[str, str] | None = None,
) -> Grades:
    """Read human grades from what an annotation tool exported.

    Parameters
    ----------
    path : str or pathlib.Path
        Label Studio: an export as JSON or JSON-MIN. Argilla: the folder that ``Dataset.to_disk``
        wrote, or its records as JSON or JSON Lines.
    tool : {"label_studio", "argilla"}, optional
        Which tool; told from the file where not given.
    rubric : str or Rubric, optional
        Shipped name, path or rubric, against which every answer is checked. JSON-MIN needs one.
    raters : mapping of str to str, optional
        Names of raters by the account that the tool states: an e-mail address, a number or an id.
        Default: the account is the rater.

    Returns
    -------
    Grades
        One for each answer.

    Raises
    ------
    GradesError
        When the file is no such export, or an answer does not fit the rubric; the message says
        where.
    RubricError
        When there is no such rubric.
    """
    return collect_annotations(path, tool, rubric=rubric, raters=raters).grades


def collect_annotations(
    path: str | Path,
    tool: Tool | None = None,
    *,
    rubric: str | Rubric | None = None,
    raters: Mapping[str, str] | None = None,
) -> Annotations:
    """Read human grades as `read_annotations`, and count what was left out.

    Parameters
    ----------
    path, tool, rubric, raters
        As for `read_annotations`.

    Returns
    -------
    Annotations
        The grades and the counts.

    Raises
    ------
    GradesError, RubricError
        As `read_annotations`.
    """
    form = None if rubric is None else Rubric.load(rubric)
    path = Path(path)
    if tool is not None:
        _check_tool(tool)
    chosen = tool or _told_from(path)
    read = label_studio_annotations if chosen == "label_studio" else argilla_annotations
    return read(path, form, raters)


def _check_tool(tool: str) -> None:
    if tool not in TOOLS:
        raise GradesError(f"unknown annotation tool {tool!r}{did_you_mean(tool, TOOLS)}")


def _told_from(path: Path) -> Tool:
    if path.is_dir() or path.suffix.lower() in LINES:
        return "argilla"
    document = read_json(read_text(path), path)
    if is_label_studio(document):
        return "label_studio"
    if is_argilla(document):
        return "argilla"
    raise GradesError(
        f"{path}: neither an export from Label Studio (JSON, JSON-MIN) nor records from Argilla; "
        "check the file, or say which tool it is from"
    )


def _files(
    transcripts: Sequence[Transcript],
    rubric: Rubric,
    tool: Tool,
    assignment: Assignment | None,
    mask: bool,
) -> Iterator[tuple[str, str]]:
    if tool == "label_studio":
        yield "labelling_config.xml", label_studio_config(rubric)
    called: set[str] = set()
    for ending, views in _lists(graded_conversations(transcripts), assignment):
        if tool == "label_studio":
            yield f"tasks{ending}.json", _json(label_studio_tasks(views, rubric, mask=mask))
            continue
        folder = f"dataset{ending}"
        name = _dataset_name(f"{rubric.id}{ending}", called)
        called.add(name)
        yield f"{folder}/.argilla/dataset.json", _json(argilla_dataset(rubric, name))
        yield f"{folder}/.argilla/settings.json", _json(argilla_settings(rubric))
        yield f"{folder}/{RECORDS_FILE}", _json(argilla_records(views, rubric, mask=mask))


def _lists(
    views: Sequence[Transcript], assignment: Assignment | None
) -> Iterator[tuple[str, list[Transcript]]]:
    """Give the conversations of each file, and how its name ends."""
    if not views:
        raise GradesError("there is no conversation to grade; check what was read")
    if assignment is None:
        yield "", list(views)
        return
    by_id = {view.id: view for view in views}
    missing = sorted({row.transcript_id for row in assignment.rows} - by_id.keys())
    if missing:
        raise GradesError(
            f"the assignment names transcript {missing[0]!r}, which is not among the conversations"
            f"{did_you_mean(missing[0], by_id)} (missing: {len(missing):,})"
        )
    used: dict[str, str] = {}
    for rater in assignment.raters:
        ending = f"_{_NOT_IN_NAMES.sub('_', rater)}"
        other = used.setdefault(ending.casefold(), rater)
        if other != rater:
            raise GradesError(f"the files of raters {other!r} and {rater!r} would have one name")
        if own := assignment.ids(rater):
            yield ending, [by_id[identifier] for identifier in own]


def _dataset_name(wanted: str, called: Collection[str]) -> str:
    """Spell a name as Argilla allows, where names in other alphabets would become one."""
    spelt = re.sub(r"[^A-Za-z0-9_-]", "_", wanted)
    numbered = (f"{spelt}_{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([spelt], numbered) if name not in called)


def _json(document: Any) -> str:
    # all in ASCII, since Argilla reads its files in whatever encoding the computer is set to
    return json.dumps(document, indent=1) + "\n"


def _write(path: Path, text: str) -> Path:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path
