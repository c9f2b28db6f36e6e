"""The command line: ``qa-nlp score | calibrate | report | explain | check | rubric …``.

Exit codes: 0 all went well, 1 something was found (error rows, findings, files that could not be
read), 2 wrong usage, 130 interrupted. What a program would read goes to standard output, everything
else to standard error.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import qa_nlp
from qa_nlp.cli_batch import (
    DryRunOption,
    FolderOptions,
    LimitOption,
    RestartOption,
    SampleOption,
    SeedOption,
    WorkersOption,
    names_folder,
    score_folder,
)
from qa_nlp.cli_calibrate import calibrate, check_place, learnt, tell_learnt
from qa_nlp.cli_errors import FINDINGS, YAML, JsonOption, fail, usage_errors
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
)
from qa_nlp.cli_models import make_ready, models_app
from qa_nlp.cli_phrases import phrases_app
from qa_nlp.cli_report import report, write_report
from qa_nlp.cli_tasks import tasks_app
from qa_nlp.errors import MissingExtraError, QaNlpError, did_you_mean

if TYPE_CHECKING:
    from qa_nlp.importers import BadTranscript
    from qa_nlp.scorecard import Scorecard
    from qa_nlp.scorer import Scorer
    from qa_nlp.transcript import Transcript

    Conversations = Iterable[Transcript | BadTranscript]

__all__ = ["app"]

_MOST_ROWS: Final = 40

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
app.add_typer(phrases_app, name="phrases")
app.add_typer(models_app, name="models")
app.add_typer(tasks_app, name="tasks")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"qa-nlp {qa_nlp.__version__}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@app.command()
def score(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN…", help="Files, folders or globs of transcripts.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="File ending in .jsonl, .parquet or .html, or a folder of Parquet."
        ),
    ] = Path("scorecards.jsonl"),
    rubric: Annotated[
        str | None,
        typer.Option(
            "--rubric",
            "-r",
            show_default=DEFAULT_RUBRIC,
            help=RUBRIC_HELP,
        ),
    ] = None,
    scorer: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Scorer that calibrate saved; brings rubric and encoder."),
    ] = None,
    file_format: FormatOption = None,
    role: RoleOption = None,
    infer_roles: InferRolesOption = False,
    column: ColumnOption = None,
    quotes: Annotated[
        bool, typer.Option("--quotes/--no-quotes", help="Put the words into the evidence.")
    ] = True,
    encoder: Annotated[
        str | None,
        typer.Option(
            show_default=DEFAULT_ENCODER,
            help=ENCODER_HELP,
        ),
    ] = None,
    tier: TierOption = None,
    vector_cache: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the vectors of sentences here, for other jobs and days."
        ),
    ] = None,
    workers: WorkersOption = None,
    limit: LimitOption = None,
    sample: SampleOption = None,
    seed: SeedOption = None,
    dry_run: DryRunOption = False,
    restart: RestartOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score transcripts and write one scorecard each; exit code 1 where one could not be scored.

    Into a folder, any number of them is scored by several processes; stopped at any point, the same
    command goes on.
    """
    from qa_nlp.scorecards import write_scorecards

    tally = _Tally(_MOST_ROWS)
    options = FolderOptions(workers, limit, sample, seed, dry_run, restart)
    if names_folder(out):
        with usage_errors():
            make_scorer = _scorer_maker(
                scorer, rubric, encoder, tier, quotes=quotes, cache_folder=vector_cache
            )
        reading = {
            "file_format": file_format,
            "role": role,
            "infer_roles": infer_roles,
            "column": column,
        }
        score_folder(inputs, out, make_scorer, options, reading, as_json=as_json)
    options.check_unused(out)
    with usage_errors():
        calls = open_transcripts(inputs, file_format, role, infer_roles, column)
        make_scorer = _scorer_maker(
            scorer, rubric, encoder, tier, quotes=quotes, cache_folder=vector_cache
        )
        _check_not_an_input(out, inputs)
        # Scored while it is written: a place that cannot be written to shows before any work.
        cards = _scored(make_scorer, calls.iter_all(), quiet=as_json)
        write_scorecards(tally.watch(cards), out)
    if as_json:
        typer.echo(json.dumps({**tally.counts, "out": str(out)}))
    else:
        _report(tally, [out])
    raise typer.Exit(FINDINGS if tally.counts["errors"] else 0)


def _scorer_maker(
    saved: Path | None,
    rubric: str | None,
    encoder: str | None,
    tier: str | None,
    **options: Any,
) -> Callable[[], Scorer]:
    """Choose what scores; wrong usage shows here, before the encoder is loaded."""
    from qa_nlp.rubric import Rubric
    from qa_nlp.scorer import Scorer

    if saved is None:
        form = Rubric.load(DEFAULT_RUBRIC if rubric is None else rubric)
        read_by = DEFAULT_ENCODER if encoder is None else encoder
        in_tier = DEFAULT_TIER if tier is None else tier
        make_ready(read_by, in_tier)
        return partial(Scorer, form, encoder=read_by, tier=in_tier, **options)
    for option, given in (("--rubric", rubric), ("--encoder", encoder), ("--tier", tier)):
        if given is not None:
            fail(f"a saved scorer brings its own {option[2:]}; leave {option} or --scorer out")
    return partial(Scorer.load, saved, **options)


def _check_not_an_input(out: Path, inputs: Sequence[str]) -> None:
    from qa_nlp.importers.files import find_files

    if out.exists() and any(found.path.resolve() == out.resolve() for found in find_files(inputs)):
        fail(f"{out} is among the files to score; write the scorecards to another place")


class _Tally:
    """Counts scorecards on their way to a file, and keeps the first of them.

    Parameters
    ----------
    most : int
        How many to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.counts = {"scorecards": 0, "errors": 0, "needs_review": 0}
        self.scored: list[Scorecard] = []
        self.errors: list[Scorecard] = []

    def watch(self, cards: Iterable[Scorecard]) -> Iterator[Scorecard]:
        for card in cards:
            self.counts["scorecards"] += 1
            self.counts["errors"] += card.error is not None
            self.counts["needs_review"] += card.needs_review
            kept = self.scored if card.error is None else self.errors
            if len(kept) < self._most:
                kept.append(card)
            yield card


def _scored(
    make_scorer: Callable[[], Scorer], transcripts: Conversations, *, quiet: bool
) -> Iterator[Scorecard]:
    if quiet:
        yield from make_scorer().iter_scores(transcripts)
        return
    from qa_nlp.terminal import progress_bar

    with progress_bar() as bar:
        task = bar.add_task("loading the encoder", total=None)
        scorer = make_scorer()
        bar.update(task, description="scoring")
        yield from scorer.iter_scores(transcripts, lambda done: bar.update(task, completed=done))
        bar.update(task, total=bar.tasks[task].completed)


def _report(tally: _Tally, paths: Sequence[Path]) -> None:
    from qa_nlp.display.formats import counted
    from qa_nlp.terminal import console, overview

    screen = console()
    screen.print(overview(tally.scored, tally.errors, width=screen.width))
    left_out = tally.counts["scorecards"] - len(tally.scored) - len(tally.errors)
    if left_out:
        screen.print(f"… and {left_out:,} more")
    screen.print(
        f"\n{counted(tally.counts['scorecards'], 'scorecard')}, "
        f"{counted(tally.counts['errors'], 'error')}, "
        f"{tally.counts['needs_review']:,} for a person to look at"
    )
    for path in paths:
        typer.echo(f"written: {path}")


app.command()(calibrate)
app.command()(report)


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

    if not scores.exists():
        fail(f"there are no scorecards at {scores}; make them: qa-nlp score IN… --out {scores}")
    with usage_errors():
        cards = read_scorecards(scores)
    card = next((card for card in cards if card.transcript_id == transcript_id), None)
    if card is None:
        known = [card.transcript_id for card in cards]
        fail(f"{scores} has no scorecard of {transcript_id!r}{did_you_mean(transcript_id, known)}")
    if as_json:
        typer.echo(json.dumps(card.to_dict()))
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
    from qa_nlp.display.formats import counted
    from qa_nlp.terminal import plain

    with usage_errors():
        checks = [(name, _check_of(name)) for name in inputs]
    findings: list[dict[str, str]] = []
    fine = 0
    for name, run in checks:
        try:
            fine += run(findings)
        except QaNlpError as error:
            findings.extend({"where": name, "problem": line} for line in str(error).splitlines())
    if as_json:
        typer.echo(json.dumps({"fine": fine, "findings": findings}))
    else:
        for finding in findings:
            typer.echo(plain(finding["problem"]))
        typer.echo(f"{fine:,} fine, {counted(len(findings), 'finding')}", err=True)
    raise typer.Exit(FINDINGS if findings else 0)


def _check_of(name: str) -> Callable[[list[dict[str, str]]], int]:
    """Choose what checks a file; it adds to the findings and gives how much is fine."""
    path = Path(name)
    if path.suffix in YAML and not path.is_dir():
        if not os.path.lexists(path):
            fail(f"{name!r} matches no file; check the path")
        return lambda _: _check_yaml(path)
    from qa_nlp.importers import BadTranscript, read_transcripts

    calls = read_transcripts(name)

    def check_transcripts(findings: list[dict[str, str]]) -> int:
        fine = 0
        for item in calls.iter_all():
            if isinstance(item, BadTranscript):
                findings.append({"where": item.source, "problem": str(item.error)})
            else:
                fine += 1
        return fine

    return check_transcripts


def _check_yaml(path: Path) -> int:
    from qa_nlp.phrase_bank import load_bank_file
    from qa_nlp.rubric import Rubric
    from qa_nlp.signals.measure import check_signals
    from qa_nlp.yaml_files import YamlFile

    document = YamlFile.read(path)
    if isinstance(document.data, dict) and "samples" in document.data:
        load_bank_file(path)
    else:
        check_signals(Rubric.load(path))
    return 1


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
    from qa_nlp.question_table import slug
    from qa_nlp.rubric_init import rubric_from_csv
    from qa_nlp.user_files import replacing

    if out.suffix not in YAML:
        fail(f"--out must end in .yaml or .yml, not {out.name!r}")
    if out.exists() and not force:
        fail(f"{out} exists; add --force to replace it")
    title = name or out.stem.replace("_", " ")
    with usage_errors():
        text = rubric_from_csv(questions, rubric_id=slug(out.stem) or "rubric", name=title)
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
        typer.echo("{id:<20} {version:<6} {criteria:>3} criteria  {name}".format(**row))


@app.command()
def info(as_json: JsonOption = False) -> None:
    """Show versions, weights and their terms."""
    with usage_errors():
        rows = _installation()
    if as_json:
        typer.echo(json.dumps(rows))
        return
    typer.echo(f"qa_nlp {rows['qa_nlp']} on Python {rows['python']}")
    for encoder in rows["encoders"]:
        typer.echo(
            f"encoder: {encoder['name']} for {', '.join(encoder['languages'])}, tier "
            f"{encoder['tier']}, terms: {encoder['terms']}"
        )
    for name, weights in rows["weights"].items():
        typer.echo(f"weights: {name} {weights['sha256'][:16]}, terms: {weights['terms']}")
    typer.echo(f"rubrics: {', '.join(rows['rubrics'])}")
    typer.echo(f"phrase banks: {', '.join(rows['phrase_banks'])}")


def _installation() -> dict[str, Any]:
    from qa_nlp.artifacts import load_artifact, shipped_artifacts
    from qa_nlp.encoding import encoder_offers
    from qa_nlp.phrase_bank import shipped_banks
    from qa_nlp.rubric import shipped_rubrics

    artifacts = [load_artifact(name) for name in shipped_artifacts()]
    return {
        "qa_nlp": qa_nlp.__version__,
        "python": sys.version.split()[0],
        "encoders": [
            {
                "name": offer.name,
                "tier": offer.tier,
                "languages": sorted(offer.languages or ()),
                "terms": offer.terms,
                "fingerprint": offer.fingerprint,
            }
            for offer in encoder_offers()
        ],
        "weights": {
            item.name: {"terms": item.manifest["terms"], "sha256": item.sha256}
            for item in artifacts
        },
        "rubrics": list(shipped_rubrics()),
        "phrase_banks": list(shipped_banks()),
    }


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder.")] = Path("out/demo"),
) -> None:
    """Calibrate on the bundled sample conversations, score them, and write the agreement report."""
    from qa_nlp.agreement.study import AgreementStudy
    from qa_nlp.rubric import Rubric
    from qa_nlp.samples import load_samples
    from qa_nlp.scorecards import write_scorecards
    from qa_nlp.scorer import Scorer
    from qa_nlp.terminal import card_view, console

    folder = out / f"{DEFAULT_RUBRIC}.scorer"
    paths = [out / f"scorecards.{ending}" for ending in ("jsonl", "parquet", "html")]
    agreement = out / "agreement.html"
    check_place(folder)
    samples = load_samples()
    people = len(set(samples.grades["rater"]))
    typer.echo(
        f"{len(samples)} conversations, written for this project, graded by {people} raters for "
        "illustration. Learning from their grades takes about half a minute.",
        err=True,
    )
    tally = _Tally(_MOST_ROWS)
    with usage_errors():
        form = Rubric.load(DEFAULT_RUBRIC)
        scorer = learnt(samples, samples.grades, lambda: Scorer(form), quiet=False)
        scorer.save(folder)
        typer.echo("\nHow well the machine agrees with these raters, before and after learning:\n")
        tell_learnt(scorer)
        typer.echo("\nScored after learning:\n")
        cards = list(tally.watch(_scored(lambda: scorer, samples, quiet=False)))
        for path in paths:
            write_scorecards(cards, path)
        study = AgreementStudy(
            cards,
            samples.grades,
            by=["team", "language", "channel"],
            transcripts=samples,
            title="Agreement on the sample conversations",
        )
        try:
            write_report(study, agreement)
        except MissingExtraError as error:
            typer.echo(f"no report was written: {error}", err=True)
    _report(tally, [*paths, folder, *([agreement] if agreement.exists() else [])])
    screen = console()
    screen.print("\nCan it be trusted? From the agreement report:\n")
    typer.echo(repr(study))
    screen.print("\nOne of them in full:\n")
    screen.print(card_view(_telling(cards)))
    typer.echo(f"\nany other:          qa-nlp explain ID --scores {paths[0]}")
    typer.echo(f"to read and share:  open {agreement} or {paths[-1]} in a browser")
    typer.echo("your own:           qa-nlp calibrate TRANSCRIPTS GRADES --out my.scorer")


def _telling(cards: Iterable[Scorecard]) -> Scorecard:
    """Choose a card to show: the one with the lowest total, which has the most to say."""
    return min(cards, key=lambda card: 1e9 if card.total is None else card.total)


if __name__ == "__main__":
    app()
