"""The command line: ``qa-nlp score | explain | check | rubric | info | demo``.

Exit codes: 0 all went well, 1 something was found (error rows, findings), 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from qa_nlp.errors import QaNlpError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qa_nlp.importers import Transcripts
    from qa_nlp.scorecard import Scorecard
    from qa_nlp.scorecards import Scorecards
    from qa_nlp.scorer import Scorer

__all__ = ["app"]

FINDINGS: Final = 1
USAGE: Final = 2

app = typer.Typer(
    name="qa-nlp",
    help="Turn call and chat transcripts into scorecards, with the words behind every grade.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
rubric_app = typer.Typer(help="Work with rubrics.", no_args_is_help=True)
app.add_typer(rubric_app, name="rubric")

Inputs = Annotated[
    list[str], typer.Argument(metavar="IN…", help="Files, folders or globs of transcripts.")
]
RubricOption = Annotated[
    str, typer.Option("--rubric", "-r", help="Shipped rubric, or the path of a YAML file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Turn the library's errors into one message and exit code 2."""
    try:
        yield
    except QaNlpError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    from qa_nlp.terminal import plain

    for line in message.splitlines():
        typer.echo(f"qa-nlp: {plain(line)}", err=True)
    raise typer.Exit(USAGE)


def _roles(pairs: Sequence[str]) -> dict[str, str]:
    roles = {}
    for pair in pairs:
        label, separator, role = pair.rpartition("=")
        if not separator or not label:
            _fail(f"--role takes LABEL=ROLE such as spk_0=agent, not {pair!r}")
        roles[label] = role
    return roles


@app.command()
def score(
    inputs: Inputs,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File ending in .jsonl, .parquet or .html.")
    ] = Path("scorecards.jsonl"),
    rubric: RubricOption = "service_excellence",
    file_format: Annotated[
        str | None, typer.Option("--format", help="Read the files as this format.")
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Whose label is whose: spk_0=agent. Repeatable.")
    ] = None,
    infer_roles: Annotated[
        bool, typer.Option("--infer-roles", help="Infer roles that the files do not state.")
    ] = False,
    quotes: Annotated[
        bool, typer.Option("--quotes/--no-quotes", help="Put the words into the evidence.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Score transcripts and write one scorecard each."""
    from qa_nlp.importers import read_transcripts
    from qa_nlp.scorecards import write_scorecards
    from qa_nlp.scorer import Scorer

    with _usage_errors():
        calls = read_transcripts(
            inputs, format=file_format, roles=_roles(role or []), infer_roles=infer_roles
        )
        cards = _score_with_progress(Scorer(rubric, quotes=quotes), calls, quiet=as_json)
        write_scorecards(cards, out)
    _report(cards, [out], as_json=as_json)
    raise typer.Exit(FINDINGS if cards.errors else 0)


def _score_with_progress(
    scorer: Scorer, transcripts: Transcripts | Iterable[Any], *, quiet: bool
) -> Scorecards:
    if quiet:
        return scorer.score(transcripts)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from qa_nlp.terminal import console

    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True)) as bar:
        task = bar.add_task("scoring", total=None)
        cards = scorer.score(transcripts, lambda done: bar.update(task, completed=done))
        bar.update(task, total=len(cards), completed=len(cards))
    return cards


def _report(cards: Scorecards, paths: Sequence[Path], *, as_json: bool) -> None:
    summary = {
        "scorecards": len(cards),
        "errors": len(cards.errors),
        "needs_review": sum(card.needs_review for card in cards),
        "out": [str(path) for path in paths],
    }
    if as_json:
        typer.echo(json.dumps(summary))
        return
    from qa_nlp.terminal import console, overview_table

    screen = console()
    screen.print(overview_table(cards, most=40))
    screen.print(
        f"\n{summary['scorecards']} scorecards, {summary['errors']} errors, "
        f"{summary['needs_review']} for a person to look at"
    )
    for path in paths:
        screen.print(f"written: {path}", soft_wrap=True)


@app.command()
def explain(
    transcript_id: Annotated[str, typer.Argument(metavar="ID", help="Transcript id.")],
    scores: Annotated[
        Path, typer.Option(help="Scorecards written by score or demo (.jsonl or .parquet).")
    ] = Path("scorecards.jsonl"),
    as_json: JsonOption = False,
) -> None:
    """Show one scorecard with the evidence behind every grade."""
    from qa_nlp.scorecards import read_scorecards

    with _usage_errors():
        cards = read_scorecards(scores)
    card = next((card for card in cards if card.transcript_id == transcript_id), None)
    if card is None:
        known = [card.transcript_id for card in cards]
        _fail(f"{scores} has no scorecard of {transcript_id!r}{did_you_mean(transcript_id, known)}")
    if as_json:
        typer.echo(json.dumps(card.to_dict(), ensure_ascii=False))
        return
    from qa_nlp.terminal import card_view, console

    console().print(card_view(card))


@app.command()
def check(
    inputs: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Transcripts, rubrics or phrase banks.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Check files without scoring anything; exit code 1 where something is wrong."""
    findings: list[dict[str, str]] = []
    count = 0
    for name in inputs:
        checker = _check_yaml if Path(name).suffix in (".yaml", ".yml") else _check_transcripts
        try:
            count += checker(name, findings)
        except QaNlpError as error:
            findings.extend({"where": name, "problem": line} for line in str(error).splitlines())
    if as_json:
        typer.echo(json.dumps({"checked": count, "findings": findings}, ensure_ascii=False))
    else:
        from qa_nlp.terminal import plain

        for finding in findings:
            typer.echo(plain(finding["problem"]))
        typer.echo(f"{count} fine, {len(findings)} findings", err=bool(findings))
    raise typer.Exit(FINDINGS if findings else 0)


def _check_yaml(name: str, findings: list[dict[str, str]]) -> int:
    from qa_nlp.rubric import Rubric
    from qa_nlp.signals.measure import check_signals
    from qa_nlp.signals.phrase_bank import load_bank_file
    from qa_nlp.yaml_files import YamlFile

    document = YamlFile.read(Path(name))
    if isinstance(document.data, dict) and "samples" in document.data:
        load_bank_file(Path(name))
    else:
        check_signals(Rubric.load(Path(name)))
    return 1


def _check_transcripts(name: str, findings: list[dict[str, str]]) -> int:
    from qa_nlp.importers import BadTranscript, read_transcripts

    fine = 0
    for item in read_transcripts(name).iter_all():
        if isinstance(item, BadTranscript):
            findings.append({"where": item.source, "problem": str(item.error)})
        else:
            fine += 1
    return fine


@rubric_app.command("init")
def rubric_init(
    questions: Annotated[
        Path, typer.Argument(metavar="CSV", help="A team's questions, levels and weights.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="YAML file to write.")],
    name: Annotated[str | None, typer.Option(help="Name of the rubric.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented rubric from a table of questions."""
    from qa_nlp.rubric_init import rubric_from_csv
    from qa_nlp.scorecards import replacing

    if out.exists() and not force:
        _fail(f"{out} exists; add --force to replace it")
    with _usage_errors():
        title = name or out.stem.replace("_", " ")
        text = rubric_from_csv(questions, rubric_id=out.stem, name=title)
        with replacing(out) as temporary:
            temporary.write_text(text, encoding="utf-8")
    typer.echo(f"written: {out}; look through its signals, then run: qa-nlp check {out}")


@rubric_app.command("list")
def rubric_list(as_json: JsonOption = False) -> None:
    """List the shipped rubrics."""
    from qa_nlp.rubric import Rubric, shipped_rubrics

    rows = [
        {"id": r.id, "version": r.version, "name": r.name, "criteria": len(r.criteria)}
        for r in map(Rubric.load, shipped_rubrics())
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(
            f"{row['id']:<20} {row['version']:<6} {row['criteria']:>3} criteria  {row['name']}"
        )


@app.command()
def info(as_json: JsonOption = False) -> None:
    """Show versions, weights and their terms."""
    from qa_nlp.encoding import load_encoder
    from qa_nlp.rubric import shipped_rubrics
    from qa_nlp.scorer import library_version
    from qa_nlp.signals.heads import load_artifact
    from qa_nlp.signals.measure import ARTIFACTS
    from qa_nlp.signals.phrase_bank import shipped_banks

    with _usage_errors():
        encoder = load_encoder("en")
        artifacts = [load_artifact(name) for name in ARTIFACTS]
    rows: dict[str, Any] = {
        "qa_nlp": library_version(),
        "python": sys.version.split()[0],
        "encoder": {
            "name": encoder.name,
            "tier": encoder.tier,
            "languages": sorted(encoder.languages or ()),
            "terms": encoder.terms,
            "fingerprint": encoder.fingerprint,
        },
        "weights": {
            item.name: {"terms": item.manifest["terms"], "sha256": item.sha256}
            for item in artifacts
        },
        "rubrics": list(shipped_rubrics()),
        "phrase_banks": list(shipped_banks()),
    }
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    typer.echo(f"qa_nlp {rows['qa_nlp']} on Python {rows['python']}")
    typer.echo(f"encoder: {encoder.name}, tier {encoder.tier}, terms {encoder.terms}")
    for name, weights in rows["weights"].items():
        typer.echo(f"weights: {name} {weights['sha256'][:16]}, terms: {weights['terms']}")
    typer.echo(f"rubrics: {', '.join(rows['rubrics'])}")
    typer.echo(f"phrase banks: {', '.join(rows['phrase_banks'])}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path(
        "out/demo"
    ),
) -> None:
    """Score the bundled sample conversations."""
    from qa_nlp.samples import load_samples
    from qa_nlp.scorecards import write_scorecards
    from qa_nlp.scorer import Scorer
    from qa_nlp.terminal import card_view, console

    samples = load_samples()
    typer.echo(f"{len(samples)} sample conversations; loading the encoder …", err=True)
    with _usage_errors():
        cards = _score_with_progress(Scorer("service_excellence"), samples, quiet=False)
        paths = [out / f"scorecards.{ending}" for ending in ("jsonl", "parquet", "html")]
        for path in paths:
            write_scorecards(cards, path)
    _report(cards, paths, as_json=False)
    screen = console()
    screen.print("\nOne of them in full:\n")
    screen.print(card_view(_telling(cards)))
    screen.print(f"\nany other: qa-nlp explain ID --scores {paths[0]}", soft_wrap=True)


def _telling(cards: Iterable[Scorecard]) -> Scorecard:
    """Choose a card to show: graded, with the lowest total."""
    key: Callable[[Scorecard], float] = lambda card: card.total if card.total is not None else 1e9
    return min(cards, key=key)


if __name__ == "__main__":
    app()
