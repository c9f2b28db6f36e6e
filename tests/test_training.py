"""The training code in models/: it can be interrupted, and the library computes what it trained."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from qa_nlp.encoding.adapted import read_adapted
from qa_nlp.resources import resource_folder
from qa_nlp.signals.heads import read_heads
from qa_nlp.text.sentences import sentence_spans

pytestmark = [
    pytest.mark.slow,
    # peft still calls what transformers has renamed
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

TEXTS = (
    "Thanks, that worked. I was so worried about the deposit!",
    "no reply in nine days",
    "Could you tell me what happened? I am sorry it took so long. We close at five, by the way.",
)
TASKS = ("sentiment", "emotion", "emotion_group", "politeness", "interpretations", "act")


@pytest.fixture(scope="module")
def training() -> Iterator[Any]:
    """The modules of models/training."""
    folder = str(resource_folder("models"))
    sys.path.insert(0, folder)
    names = ("base", "calibrate", "development", "examples", "export", "loop", "network")
    yield SimpleNamespace(**{name: importlib.import_module(f"training.{name}") for name in names})
    sys.path.remove(folder)


def own_examples(training: Any) -> list[Any]:
    levels = dict.fromkeys(("emotional_reactions", "interpretations", "explorations"))
    targets = {
        "sentiment": 2,
        "emotion": (15,),
        "emotion_group": (5, 6),
        "politeness": 0.5,
        "act": 1,
        **{name: number for number, name in enumerate(levels)},
    }
    rationales = {"explorations": ("Could you tell me what happened?",)}
    return [training.examples.Example("own", text, text, targets, rationales) for text in TEXTS] * 4


def network_of(training: Any, seed: int = 3) -> tuple[Any, Any]:
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    base = training.base.load_base("minilm")
    network = training.network.Network(base.model, training.network.Shape(rank=2, acts=("a", "b")))
    return network, base


def train(
    training: Any, folder: Path, steps: int | None = None, rate: float = 1e-3, seed: int = 3
) -> dict[str, Any]:
    network, base = network_of(training, seed)
    items = training.loop.tokenised(own_examples(training), base)
    plan = training.loop.Plan(repeats={"own": 1.0}, rate=rate)
    batches = training.loop.schedule({"own": items}, plan)
    assert len(batches) >= 4
    if steps is not None:
        # as a machine that stops: nothing of the last, unfinished step is kept
        def stop(*_: Any) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            done = iter(range(steps))
            whole = training.loop.batch_loss
            patch.setattr(
                training.loop,
                "batch_loss",
                lambda *given: whole(*given) if next(done, None) is not None else stop(),
            )
            with pytest.raises(KeyboardInterrupt):
                training.loop.train(network, batches, plan, base.pad_id, folder)
    else:
        training.loop.train(network, batches, plan, base.pad_id, folder)
    return {name: value.detach().numpy().copy() for name, value in network.trainable().items()}


def test_interrupted_training_ends_with_the_weights_of_an_undisturbed_one(
    training: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.loop, "EVERY", 2)
    monkeypatch.setattr(training.loop, "TOKENS", 60)

    whole = train(training, tmp_path / "whole")
    train(training, tmp_path / "halves", steps=3)
    resumed = train(training, tmp_path / "halves")

    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        np.testing.assert_allclose(resumed[name], value, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("changed", [{"rate": 2e-3}, {"seed": 4}], ids=["plan", "start"])
def test_checkpoint_of_another_training_is_not_taken_up(
    training: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, Any],
) -> None:
    monkeypatch.setattr(training.loop, "EVERY", 2)
    monkeypatch.setattr(training.loop, "TOKENS", 60)

    train(training, tmp_path / "both", **changed)
    other = train(training, tmp_path / "both")
    fresh = train(training, tmp_path / "fresh")

    assert "of another training: beginning anew" in capsys.readouterr().out
    for name, value in fresh.items():
        np.testing.assert_allclose(other[name], value, atol=1e-6, err_msg=name)


def test_library_computes_what_was_trained(training: Any, tmp_path: Path) -> None:
    network, base = network_of(training)
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        for name, parameter in network.trainable().items():
            if "lora_B" in name:
                parameter.normal_(0.0, 0.02)
    network.eval()
    examples = own_examples(training)[: len(TEXTS)]
    items = training.loop.tokenised(examples, base)
    found = training.development.answers(network, items, base.pad_id)
    plain = training.calibrate.Calibration
    calibrations = {
        task: plain(np.ones(head.out_features), np.zeros(head.out_features), spread=1.0)
        for task, head in network.heads.items()
    }
    manifest = {
        "name": "encoder-test",
        "base": "minilm",
        "base_fingerprint": base.fingerprint,
        "languages": ["en"],
        "terms": "tests only",
    }

    training.export.export(tmp_path, network, calibrations, examples, manifest)

    encoder = read_adapted(tmp_path)
    heads = read_heads(encoder.artifact)
    for row, text in enumerate(TEXTS):
        spans = sentence_spans(text)
        rows = encoder.encode([text[start:end] for start, end in spans])
        lengths = np.array([end - start for start, end in spans])
        owner = np.zeros(len(spans), dtype=np.int64)
        for task in TASKS:
            head = heads[task]
            logits = head.logits([], rows)
            pooled = head.pool(logits, owner, lengths / lengths.sum(), 1)
            np.testing.assert_allclose(pooled[0], found.logits[task][row], atol=2e-3)
