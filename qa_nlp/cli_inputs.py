"""What commands take: options, transcripts as these say, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qa_nlp.cli_errors import fail

if TYPE_CHECKING:
    from qa_nlp.importers import BadTranscript, Transcripts
    from qa_nlp.transcript import Transcript

__all__ = [
    "DEFAULT_ENCODER",
    "DEFAULT_RUBRIC",
    "DEFAULT_TIER",
    "ENCODER_HELP",
    "RUBRIC_HELP",
    "ColumnOption",
    "FormatOption",
    "InferRolesOption",
    "RoleOption",
    "TierOption",
    "open_transcripts",
    "pairs",
    "readable",
    "tell_unread",
]

DEFAULT_RUBRIC: Final = "service_excellence"
DEFAULT_ENCODER: Final = "auto"
DEFAULT_TIER: Final = "torch"
RUBRIC_HELP: Final = "Shipped rubric, or the path of a YAML file."
ENCODER_HELP: Final = "auto (by language), en, en-research, multilingual or a folder."
_TIER_HELP: Final = (
    "torch, onnx (the same vectors, faster; see `qa-nlp models`) or fast (similar ones, many times "
    "faster)."
)

TierOption = Annotated[str | None, typer.Option(show_default=DEFAULT_TIER, help=_TIER_HELP)]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="Read the files as this format.")
]
RoleOption = Annotated[
    list[str] | None, typer.Option(help="Whose label is whose: spk_0=agent. Repeatable.")
]
InferRolesOption = Annotated[
    bool, typer.Option("--infer-roles", help="Infer roles that the files do not state.")
]
ColumnOption = Annotated[
    list[str] | None, typer.Option(help="Columns of a table: text=utterance. Repeatable.")
]


def pairs(
    option: str,
    given: Sequence[str] | None,
    example: str,
    split: Callable[[str, str], tuple[str, str, str]] = str.rpartition,
) -> dict[str, str]:
    """Read an option of the form ``A=B``, or end with exit code 2.

    Parameters
    ----------
    option : str
        Its name, for the message.
    given : sequence of str, optional
        What was given.
    example : str
        What it takes, for the message.
    split : callable, default str.rpartition
        Which ``=`` divides: the last one, or with `str.partition` the first.

    Returns
    -------
    dict of str to str
        What stands left to what stands right.

    Examples
    --------
    >>> pairs("--role", ["spk_0=agent"], "LABEL=ROLE")
    {'spk_0': 'agent'}
    """
    found = {}
    for pair in given or ():
        name, separator, value = split(pair, "=")
        if not separator or not name:
            fail(f"{option} takes {example}, not {pair!r}")
        found[name] = value
    return found


def open_transcripts(
    inputs: Sequence[str],
    file_format: str | None,
    role: Sequence[str] | None,
    infer_roles: bool,
    column: Sequence[str] | None,
) -> Transcripts:
    """Find the transcripts that a command names, as its options say.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders or globs.
    file_format : str, optional
        Name of a format.
    role, column : sequence of str, optional
        ``LABEL=ROLE`` and ``OURS=THEIRS``.
    infer_roles : bool
        Whether to infer roles that are not stated.

    Returns
    -------
    Transcripts
        Read as they are asked for.

    Raises
    ------
    TranscriptError
        When an input matches nothing, or a name is unknown.
    """
    from qa_nlp.importers import read_transcripts

    roles = pairs("--role", role, "LABEL=ROLE such as spk_0=agent")
    columns = pairs("--column", column, "OURS=THEIRS such as text=utterance")
    return read_transcripts(list(inputs), file_format, roles, infer_roles, columns)


def readable(calls: Transcripts) -> Iterator[Transcript]:
    """Go through all transcripts that can be read; ``calls.errors`` then holds the others.

    Parameters
    ----------
    calls : Transcripts
        Read as they are asked for.

    Yields
    ------
    Transcript
        In order.
    """
    from qa_nlp.transcript import Transcript

    return (item for item in calls.iter_all() if isinstance(item, Transcript))


def tell_unread(bad: Sequence[BadTranscript]) -> None:
    """Print on standard error what could not be read, and why.

    Parameters
    ----------
    bad : sequence of BadTranscript
        One line each.
    """
    from qa_nlp.terminal import plain

    for item in bad:
        typer.echo(f"not read: {plain(item.error)}", err=True)
