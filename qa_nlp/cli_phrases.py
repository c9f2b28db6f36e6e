"""The commands ``qa-nlp phrases list | suggest | learn | test``: make and test phrase banks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from qa_nlp.cli_errors import FINDINGS, YAML, JsonOption, check_folder, fail, usage_errors
from qa_nlp.cli_inputs import readable, tell_unread

if TYPE_CHECKING:
    from qa_nlp.labelled_texts import LabelledText
    from qa_nlp.phrase_bank import PhraseBankFile
    from qa_nlp.phrase_review import Quality, Suggestion, Taught
    from qa_nlp.signals.phrases import PhraseBank

__all__ = ["phrases_app"]

_MOST_ERRORS: Final = 10
_MASKED: Final = "e-mail addresses and long numbers are masked, names are not"
_ANSWERS: Final = {
    **dict.fromkeys(("y", "yes"), "y"),
    **dict.fromkeys(("n", "no"), "n"),
    **dict.fromkeys(("s", "skip"), "s"),
    **dict.fromkeys(("q", "quit"), "q"),
}

phrases_app = typer.Typer(help="Make and test phrase banks.", no_args_is_help=True)

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE.yaml",
        help="Bank to write. Default: the bank's own file, for a shipped bank ID.yaml here.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
EncoderOption = Annotated[
    str, typer.Option(help="en, en-research, multilingual or a folder; tells what is read.")
]
_BANK_HELP: Final = "Shipped bank, or the path of a YAML file."


@phrases_app.command("list")
def list_banks(as_json: JsonOption = False) -> None:
    """List the shipped phrase banks, with the number of samples in each language."""
    from qa_nlp.phrase_bank import load_bank_file, shipped_banks

    with usage_errors():
        banks = [load_bank_file(path) for path in shipped_banks().values()]
    rows = [
        {
            "id": bank.id,
            "name": bank.name,
            "kind": bank.kind,
            "languages": {code: len(texts) for code, texts in bank.samples.items()},
        }
        for bank in banks
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for bank in banks:
        sizes = ", ".join(f"{code} {len(texts)}" for code, texts in bank.samples.items())
        typer.echo(f"{bank.id:<24} {bank.kind:<9} {sizes:<28} {bank.name}")


@phrases_app.command("suggest")
def suggest_sentences(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN…", help="Files, folders or globs of transcripts.")
    ],
    bank: Annotated[str, typer.Option("--bank", "-b", help=_BANK_HELP)],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many sentences at most.")] = 12,
    out: OutOption = None,
    encoder: EncoderOption = "en",
    force: ForceOption = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line, and ask nothing.")
    ] = False,
) -> None:
    """List real sentences of which the bank is unsure; at a terminal, ask and learn.

    Each answer becomes a sample (y) or a look-alike (n). E-mail addresses and long numbers are
    masked; names are not. Nothing is written before the last answer or q.
    """
    from qa_nlp.importers import read_transcripts
    from qa_nlp.phrase_review import suggest
    from qa_nlp.signals.phrases import PhraseBank

    asks = not as_json and _at_a_terminal()
    with usage_errors():
        calls = read_transcripts(inputs)
        found = _find(bank)
        target = _target(found, out, force=force) if asks or out else None
        tried = PhraseBank(found.bank, encoder)
        sentences = suggest(readable(calls), tried, n)
        if asks and target is not None and sentences:
            _ask_and_learn(tried.bank, sentences, target)
        else:
            _list(tried, sentences, as_json=as_json)
    if target is not None and not asks:
        typer.echo("only listed and nothing written: answers are asked at a terminal", err=True)
    tell_unread(calls.errors)
    raise typer.Exit(FINDINGS if calls.errors else 0)


@phrases_app.command("learn")
def learn(
    bank: Annotated[str, typer.Argument(metavar="BANK", help=_BANK_HELP)],
    answers: Annotated[
        Path, typer.Argument(metavar="ANSWERS", help="CSV or JSONL with text and label.")
    ],
    out: OutOption = None,
    language: Annotated[str, typer.Option(help="Language of the answers that state none.")] = "en",
    encoder: EncoderOption = "en",
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a bank with labelled texts added: hits become samples, misses look-alikes.

    Shows how the bank did on them before; how it does afterwards would be no fair figure, since it
    was taught with them.
    """
    from qa_nlp.phrase_bank import save_bank_file
    from qa_nlp.phrase_review import read_labelled, teach
    from qa_nlp.signals.phrases import PhraseBank

    with usage_errors():
        rows = read_labelled(answers)
        found = _find(bank)
        target = _target(found, out, force=force)
        taught = teach(found.bank, rows, language)
        read, quality = _measured(PhraseBank(found.bank, encoder), rows, language)
        save_bank_file(taught.bank, target)
    if as_json:
        changes = {name: getattr(taught, name) for name in _CHANGES}
        before = quality.to_dict() if read else None
        typer.echo(json.dumps({"out": str(target), **changes, "before": before}))
        return
    if read:
        typer.echo("these answers, before the bank learnt from them:")
        _show(quality)
    _tell_unmeasured(len(rows) - len(read), encoder)
    _tell_written(taught, target)


@phrases_app.command("test")
def measure_bank(
    bank: Annotated[str, typer.Argument(metavar="BANK", help=_BANK_HELP)],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSONL: text and label.")],
    encoder: EncoderOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Print precision, recall and F1 on labelled texts, and the worst errors."""
    from qa_nlp.phrase_review import read_labelled
    from qa_nlp.signals.phrases import PhraseBank

    with usage_errors():
        rows = read_labelled(file)
        tried = PhraseBank(_find(bank).bank, encoder)
        read, quality = _measured(tried, rows, None)
    if not read:
        fail(f"{file}: {encoder} reads none of the texts' languages; choose another --encoder")
    errors = _worst_errors(read, quality)
    if as_json:
        figures = {"texts": len(read), "known": _known(tried.bank, read), **quality.to_dict()}
        typer.echo(json.dumps({**figures, "errors": errors}, ensure_ascii=False))
        return
    _show(quality)
    _show_errors(errors, quality)
    _tell_unmeasured(len(rows) - len(read), encoder)
    if known := _known(tried.bank, read):
        typer.echo(
            f"{known:,} of the {len(read):,} texts stand in the bank itself; leave them out for a "
            "fair figure",
            err=True,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A bank, and the user's file it came from."""

    bank: PhraseBankFile
    own: Path | None


def _find(bank: str) -> _Found:
    from qa_nlp.phrase_bank import load_bank_file, shipped_banks
    from qa_nlp.user_files import locate

    path = locate(bank, shipped_banks(), "phrase bank")
    shipped = path == shipped_banks().get(bank)
    return _Found(load_bank_file(path), None if shipped else path)


def _target(found: _Found, out: Path | None, *, force: bool) -> Path:
    """Choose the file to write, before anything is asked or computed."""
    identifier = found.bank.id
    target = out or found.own or Path(f"{identifier}.yaml")
    if target.stem != identifier or target.suffix not in YAML:
        fail(f"--out must be called '{identifier}.yaml', not {target.name!r}")
    if target.is_dir():
        fail(f"{target}: is a folder, not a file")
    if not target.exists():
        check_folder(target)
    elif found.own is None or not target.samefile(found.own):
        if not force:
            own = "" if found.own else f", or name {target} as the bank to teach it further"
            fail(f"{target} exists; add --force to replace it{own}")
    elif _has_comments(target) and not force:
        fail(f"{target} has comments, which would be lost; add --force, or give --out")
    return target


def _has_comments(path: Path) -> bool:
    from qa_nlp.user_files import read_text

    comments = [line for line in map(str.lstrip, read_text(path).splitlines()) if line[:1] == "#"]
    return any("yaml-language-server" not in line for line in comments)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _list(bank: PhraseBank, sentences: Sequence[Suggestion], *, as_json: bool) -> None:
    for one in sentences:
        if as_json:
            typer.echo(json.dumps(_row(one), ensure_ascii=False))
        else:
            typer.echo(f"{one.probability:.2f}  {_place(one)}  {_shown(one.text)}")
    if not sentences:
        typer.echo(
            f"no sentence to suggest: nothing new by the {bank.bank.role.value} in a language that "
            f"{bank.encoder.name} reads",
            err=True,
        )


def _row(one: Suggestion) -> dict[str, Any]:
    from qa_nlp.masking import mask

    return {
        "text": mask(one.text),
        "probability": one.probability,
        "transcript_id": one.transcript_id,
        "turn": one.turn,
        "language": one.language,
    }


def _shown(text: str) -> str:
    from qa_nlp.masking import mask
    from qa_nlp.terminal import plain

    return plain(mask(text))


def _place(one: Suggestion) -> str:
    from qa_nlp.terminal import plain

    return f"{plain(one.transcript_id)}, turn {one.turn}"


def _ask_and_learn(bank: PhraseBankFile, sentences: Sequence[Suggestion], target: Path) -> None:
    from qa_nlp.phrase_bank import save_bank_file
    from qa_nlp.phrase_review import teach
    from qa_nlp.terminal import plain

    typer.echo(f"{plain(bank.name)}: {plain(bank.purpose)}")
    typer.echo(f"your answers go to {target}; {_MASKED}")
    try:
        answers = list(_answers(sentences))
    except KeyboardInterrupt:
        typer.echo("\ninterrupted, nothing is written", err=True)
        raise
    if not answers:
        typer.echo("no answers, so nothing is written")
        return
    taught = teach(bank, answers)
    save_bank_file(taught.bank, target)
    _tell_written(taught, target)


def _answers(sentences: Sequence[Suggestion]) -> Iterator[LabelledText]:
    from qa_nlp.labelled_texts import LabelledText

    for number, one in enumerate(sentences, start=1):
        typer.echo(f"\n{number} of {len(sentences)}: {_place(one)}, {one.probability:.2f}")
        typer.echo(f"  {_shown(one.text)}")
        answer = _answer()
        if answer == "q":
            return
        if answer != "s":
            yield LabelledText(one.text, answer == "y", one.language)


def _answer() -> str:
    while True:
        try:
            given = input("says it? [y/n/s(kip)/q(uit)] ").strip().casefold()
        except EOFError:
            typer.echo()
            return "q"
        if given in _ANSWERS:
            return _ANSWERS[given]


def _measured(
    bank: PhraseBank, rows: Sequence[LabelledText], language: str | None
) -> tuple[list[LabelledText], Quality]:
    """Measure a bank on the texts whose language its encoder reads, or whose is not stated."""
    from qa_nlp.phrase_review import measure, reads

    spoken = [row.language or language for row in rows]
    read = [
        row
        for row, code in zip(rows, spoken, strict=True)
        if code is None or reads(bank.encoder, code)
    ]
    return read, measure(bank, [row.text for row in read], [row.label for row in read])


def _worst_errors(rows: Sequence[LabelledText], quality: Quality) -> list[dict[str, Any]]:
    from qa_nlp.masking import mask
    from qa_nlp.signals.events import SAID

    wrong = [
        (probability, row)
        for row, probability in zip(rows, quality.probabilities, strict=True)
        if row.label != (probability >= SAID)
    ]
    wrong.sort(key=lambda pair: -abs(pair[0] - SAID))
    return [
        {
            "error": "missed" if row.label else "false alarm",
            "probability": probability,
            "line": row.line,
            "text": mask(row.text),
        }
        for probability, row in wrong[:_MOST_ERRORS]
    ]


def _known(bank: PhraseBankFile, rows: Sequence[LabelledText]) -> int:
    from qa_nlp.masking import mask
    from qa_nlp.phrase_bank import comparable
    from qa_nlp.phrase_review import bank_sentences

    known = bank_sentences(bank)
    return sum(comparable(mask(row.text)) in known for row in rows)


def _show(quality: Quality) -> None:
    from qa_nlp.display.formats import counted

    figures = quality.to_dict()
    hits, misses = quality.found + quality.missed, quality.false_alarms + quality.rejected
    typer.echo(f"{counted(hits + misses, 'text')}, of which {counted(hits, 'hit')}")
    for name, count in (
        (
            "precision",
            f"{quality.found:,} of {quality.found + quality.false_alarms:,} taken for hits",
        ),
        ("recall", f"{quality.found:,} of {counted(hits, 'hit')} found"),
        ("f1", f"{quality.missed:,} missed, {quality.false_alarms:,} false alarms"),
    ):
        value, interval = figures[name], figures[f"{name}_interval"]
        shown = "-" if value is None else f"{value:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"
        typer.echo(f"{'F1' if name == 'f1' else name:<18} {shown:<21} {count}")
    average = figures["average_precision"]
    typer.echo(f"{'average precision':<18} {'-' if average is None else f'{average:.2f}'}")


def _show_errors(errors: Sequence[dict[str, Any]], quality: Quality) -> None:
    from qa_nlp.terminal import plain

    total = quality.missed + quality.false_alarms
    if total:
        title = "errors" if total <= len(errors) else f"the worst {len(errors)} of {total:,} errors"
        typer.echo(f"\n{title}:")
    for error in errors:
        typer.echo(
            f"{error['error']:<11}  {error['probability']:.2f}  line {error['line']}  "
            f"{plain(error['text'])}"
        )


_CHANGES: Final = ("samples", "look_alikes", "moved", "left_out")


def _tell_written(taught: Taught, target: Path) -> None:
    from qa_nlp.display.formats import counted

    typer.echo(
        f"written: {target}: {counted(taught.samples, 'sample')} and "
        f"{counted(taught.look_alikes, 'look-alike')} more, {taught.moved:,} moved from one side "
        "to the other"
    )
    if taught.left_out:
        typer.echo(
            f"{counted(taught.left_out, 'look-alike')} left out: the bank has no samples in their "
            "language",
            err=True,
        )
    typer.echo(f"{_MASKED}: look through {target} before you pass it on", err=True)


def _tell_unmeasured(count: int, encoder: str) -> None:
    from qa_nlp.display.formats import counted

    if count:
        typer.echo(
            f"{counted(count, 'text')} not measured: {encoder} does not read the language",
            err=True,
        )
