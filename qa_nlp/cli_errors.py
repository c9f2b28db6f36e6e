"""What the commands of the command line share: exit codes, ``--json`` and how errors are told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from qa_nlp.errors import QaNlpError

__all__ = ["FINDINGS", "USAGE", "YAML", "JsonOption", "check_folder", "fail", "usage_errors"]

FINDINGS: Final = 1
USAGE: Final = 2
YAML: Final = (".yaml", ".yml")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turn the library's errors into one message and exit code 2.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    typer.Exit
        In place of a `QaNlpError`.
    """
    try:
        yield
    except QaNlpError as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Tell what is wrong and end with exit code 2.

    Parameters
    ----------
    message : str
        One line or more.

    Raises
    ------
    typer.Exit
        Always.
    """
    from qa_nlp.terminal import plain

    for line in message.splitlines():
        typer.echo(f"qa-nlp: {plain(line)}", err=True)
    raise typer.Exit(USAGE)


def check_folder(target: Path) -> None:
    """See that something can be written to a place, or end with exit code 2.

    Parameters
    ----------
    target : pathlib.Path
        File or folder to be; folders on the way need not exist.
    """
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        fail(f"{target}: cannot be written: {folder} is no folder that you may write to")
