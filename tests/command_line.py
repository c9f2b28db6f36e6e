"""Run the command line inside the test process, and see what it printed where."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from qa_nlp.cli import app


class Run(NamedTuple):
    code: int
    out: str
    err: str


def run(*arguments: str | Path) -> Run:
    """Give exit code and output; an exception that escapes from the command line fails the test."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout, result.stderr)
