"""``qa-nlp score IN… --out DIR``: score any number of conversations into a folder of Parquet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from qa_nlp.cli_errors import FINDINGS, fail, usage_errors
from qa_nlp.cli_inputs import pairs

if TYPE_CHECKING:
    from qa_nlp.batch import BatchProgress, BatchReport
    from qa_nlp.scorer import Scorer

__all__ = [
    "DryRunOption",
    "FolderOptions",
    "LimitOption",
    "RestartOption",
    "SampleOption",
    "SeedOption",
    "WorkersOption",
    "names_folder",
    "score_folder",
]

_FILE_FORMS: Final = (".jsonl", ".parquet", ".html")
_MOST_ERRORS: Final = 20

WorkersOption = Annotated[
    str | None,
    typer.Option(show_default="auto", help="Processes, for a folder; auto is one for each core."),
]
LimitOption = Annotated[
    int | None, typer.Option(min=1, help="Into a folder: only the first so many conversations.")
]
SampleOption = Annotated[
    str | None,
    typer.Option(metavar="N|SHARE", help="Into a folder: 500 or 0.05 or 5% of them, by their ids."),
]
SeedOption = Annotated[int | None, typer.Option(show_default="0", help="Of the sample.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="For a folder: tell what would be done, write nothing.")
]
RestartOption = Annotated[
    bool, typer.Option("--restart", help="Remove the result in the folder and begin anew.")
]


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """Options that only a folder knows.

    Parameters
    ----------
    workers : str or None
        Number of processes, or ``auto``.
    limit : int or None
        Only the first so many.
    sample : str or None
        A number, a share or a percentage.
    seed : int or None
        Of the sample.
    dry_run, restart : bool
        See `score_files`.
    """

    workers: str | None
    limit: int | None
    sample: str | None
    seed: int | None
    dry_run: bool
    restart: bool

    def check_unused(self, out: Path) -> None:
        """End with exit code 2 where one of them is given for a file.

        Parameters
        ----------
        out : pathlib.Path
            The file.
        """
        for name in ("workers", "limit", "sample", "seed", "dry_run", "restart"):
            if getattr(self, name) not in (None, False):
                fail(
                    f"--{name.replace('_', '-')} needs a folder to write to, and --out is the file "
                    f"{out.name!r}; name a folder, such as --out {out.stem}"
                )


def names_folder(out: Path) -> bool:
    """Tell whether ``--out`` names a folder.

    Parameters
    ----------
    out : pathlib.Path
        What was given.

    Returns
    -------
    bool
        For a name without ending, and for a folder that is there and has no ending of a file.

    Examples
    --------
    >>> names_folder(Path("results")), names_folder(Path("results.parquet"))
    (True, False)
    """
    return out.suffix not in _FILE_FORMS and (not out.suffix or out.is_dir())


def score_folder(
    inputs: Sequence[str],
    out: Path,
    make_scorer: Callable[[], Scorer],
    options: FolderOptions,
    reading: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    """Score transcripts into a folder, tell what came of it, and end with 1 where errors stand.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders or globs.
    out : pathlib.Path
        The folder.
    make_scorer : callable
        Makes the scorer, also in other processes.
    options : FolderOptions
        How many conversations, and with how many processes.
    reading : dict
        ``file_format``, ``role``, ``infer_roles`` and ``column`` as the command line has them.
    as_json : bool
        Whether to print the report as JSON and nothing else.
    """
    from qa_nlp.batch import score_files

    with usage_errors(), _told_when_stopped():
        with nullcontext(None) if as_json else _Bar() as told:
            report = score_files(
                list(inputs),
                out,
                make_scorer,
                workers=options.workers or "auto",
                limit=options.limit,
                sample=_sample(options.sample),
                seed=options.seed or 0,
                dry_run=options.dry_run,
                restart=options.restart,
                progress=told,
                format=reading["file_format"],
                roles=pairs("--role", reading["role"], "LABEL=ROLE such as spk_0=agent"),
                infer_roles=reading["infer_roles"],
                columns=pairs("--column", reading["column"], "OURS=THEIRS such as text=utterance"),
            )
        if as_json:
            typer.echo(json.dumps(report.to_dict()))
        elif options.dry_run:
            _tell_plan(report)
        else:
            _tell_result(report)
    found = report.errors or (options.dry_run and report.unreadable)
    raise typer.Exit(FINDINGS if found else 0)


@contextmanager
def _told_when_stopped() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("stopped: what is finished is kept; the same command goes on", err=True)
        raise


def _sample(given: str | None) -> float | int | None:
    if given is None:
        return None
    try:
        if given.endswith("%"):
            return float(given[:-1]) / 100
        return float(given) if "." in given else int(given)
    except ValueError:
        fail(f"--sample takes a number such as 500, or a share such as 0.05 or 5%, not {given!r}")


class _Bar(AbstractContextManager["Callable[[BatchProgress], None]"]):
    """A bar that tells the rate and how long it will take."""

    def __enter__(self) -> Callable[[BatchProgress], None]:
        from qa_nlp.terminal import progress_bar

        self._drawn = progress_bar()
        self._bar = self._drawn.__enter__()
        self._task = self._bar.add_task("loading the encoder", total=None)
        self._began: tuple[float, BatchProgress] | None = None
        return self._show

    def __exit__(self, *error: Any) -> None:
        self._bar.update(self._task, total=self._bar.tasks[self._task].completed)
        self._drawn.__exit__(*error)

    def _show(self, progress: BatchProgress) -> None:
        if progress.stage != "scoring":
            words = {"checking": "checking the files", "sampling": "drawing the sample"}
            self._bar.update(self._task, description=words[progress.stage])
            return
        # The first part is left out of the rate: its time is that of loading.
        self._began = self._began or (time.monotonic(), progress)
        began, first = self._began
        self._bar.update(
            self._task,
            description=_pace(first, progress, time.monotonic() - began),
            completed=progress.conversations,
            total=round(progress.conversations / progress.share) if progress.share else None,
        )


def _pace(first: BatchProgress, now: BatchProgress, seconds: float) -> str:
    """Say how fast it goes and how long it will take, once two parts are finished."""
    share = now.share - first.share
    if seconds <= 0 or share <= 0:
        return "scoring"
    rate = (now.conversations - first.conversations) / seconds
    left = seconds * (1 - now.share) / share
    return f"scoring, {rate:,.1f} a second, {_duration(left)} left"


def _duration(seconds: float) -> str:
    """Give a duration in the unit that a person would use.

    Examples
    --------
    >>> _duration(40), _duration(600), _duration(20_000)
    ('40 s', '10 min', '5.6 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _tell_plan(report: BatchReport) -> None:
    from qa_nlp.display.formats import counted
    from qa_nlp.terminal import plain

    what = counted(report.inputs, "file")
    if report.expected is not None:
        what += f", {counted(report.expected, 'conversation')}"
    typer.echo(f"{what}; {counted(report.inputs_left, 'file')} left to score")
    left = "" if report.shards_left is None else f", {report.shards_left:,} left"
    typer.echo(
        f"{counted(report.conversations, 'conversation')} in {counted(report.shards, 'shard')} "
        f"finished{left}"
    )
    for path in report.unreadable[:_MOST_ERRORS]:
        typer.echo(f"cannot be read: {plain(path)}", err=True)
    typer.echo(f"nothing was written to {plain(report.out)}")


def _tell_result(report: BatchReport) -> None:
    from qa_nlp.display.formats import counted
    from qa_nlp.terminal import plain

    for identifier, reason in islice(_errors(report), _MOST_ERRORS):
        told = reason if identifier in reason else f"{identifier}: {reason}"
        typer.echo(f"not scored: {plain(told)}", err=True)
    if report.errors > _MOST_ERRORS:
        typer.echo(f"… and {report.errors - _MOST_ERRORS:,} more (see the table errors)", err=True)
    typer.echo(
        f"{counted(report.scorecards, 'scorecard')}, {counted(report.errors, 'error')}, "
        f"{report.needs_review:,} for a person to look at"
    )
    if report.hit_rate is not None:
        typer.echo(
            f"{report.encoded:,} sentences encoded, {report.hit_rate:.0%} were known from before"
        )
    for trouble in report.cache_trouble:
        typer.echo(f"vectors are not kept any more: {plain(trouble)}", err=True)
    earlier = report.conversations - report.scored
    if earlier:
        typer.echo(f"{counted(earlier, 'conversation')} of them scored by earlier runs")
    typer.echo(f"written: {plain(report.out)}")


def _errors(report: BatchReport) -> Any:
    import pyarrow.parquet as pq

    from qa_nlp.batch import result_files

    for path in result_files(report.out, "errors") if report.errors else ():
        for row in pq.read_table(path).to_pylist():
            yield row["transcript_id"], row["error"]
