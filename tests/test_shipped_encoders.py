"""What is promised of the encoders that travel with the library."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from qa_nlp.artifacts import load_artifact, shipped_artifacts
from qa_nlp.classification import classify
from qa_nlp.encoding import load_encoder
from qa_nlp.resources import resource_folder

MODELS = resource_folder("models")
GOLDEN = Path(__file__).parent / "golden" / "classifiers.json"
ENCODERS = [name for name in shipped_artifacts() if name.startswith("encoder-")]
MOST_BYTES = 10_000_000
PUBLISHERS_SPLIT = {"goemotions"}


def groups(name: str) -> dict[str, Any]:
    return dict(load_file(MODELS / name / "groups.safetensors"))


def test_three_encoders_are_shipped() -> None:
    assert ENCODERS == ["encoder-en", "encoder-en-research", "encoder-multilingual"]


@pytest.mark.parametrize("name", shipped_artifacts())
def test_artefact_is_small_and_states_its_terms(name: str) -> None:
    files = [MODELS / name / file for file in ("model.safetensors", "manifest.json", "README.md")]

    assert all(file.stat().st_size <= MOST_BYTES for file in files)
    assert load_artifact(name).manifest["terms"]


def test_only_the_research_encoder_saw_research_data() -> None:
    for name in ENCODERS:
        manifest = load_artifact(name).manifest
        research = manifest["terms"] == "research"

        assert research == (name == "encoder-en-research")
        assert ("epitome" in manifest["data"]) == research


@pytest.mark.parametrize("name", ENCODERS)
def test_no_group_both_trained_and_tests(name: str) -> None:
    found = groups(name)
    sources = {key.split(".", 1)[1] for key in found}

    assert sources == set(load_artifact(name).manifest["data"])
    for source in sources:
        trained, tests = (
            found.get(f"{side}.{source}", np.array([], dtype=np.uint64))
            for side in ("training", "test")
        )
        assert len(trained) > 0
        assert not np.isin(trained, tests).any()
        if source not in PUBLISHERS_SPLIT:
            # the first 32 bits of a group's hash decide
            assert ((trained >> np.uint64(32)) / 2**32 < 0.75).all()
            assert ((tests >> np.uint64(32)) / 2**32 >= 0.75).all()


@pytest.mark.parametrize("name", ENCODERS)
def test_groups_are_those_of_the_sentences_written_for_the_project(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(MODELS))
    sentences = importlib.import_module("sentences")
    found = groups(name)
    own = [source for source in load_artifact(name).manifest["data"] if "-" in source]

    assert own
    for source in own:
        lines = (MODELS / "data" / f"{source}.jsonl").read_text(encoding="utf-8").splitlines()
        texts = [sentences.normalised(json.loads(line)["text"]) for line in lines]
        hashes = {int(hashlib.sha1(text.encode()).hexdigest()[:16], 16) for text in texts}
        stored = {
            int(number)
            for side in ("training", "test")
            for number in found.get(f"{side}.{source}", ())
        }
        assert hashes == stored
    sys.modules.pop("sentences", None)


def test_stored_predictions_are_reproduced() -> None:
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))

    for encoder, tasks in stored["predictions"].items():
        for task, expected in tasks.items():
            texts = stored["texts"][expected["language"]]
            found = classify(texts, task, encoder=encoder, language=expected["language"])
            labels = [list(x) if isinstance(x, tuple) else x for x in found.labels]
            assert labels == expected["labels"], (encoder, task)
            np.testing.assert_allclose(found.values, expected["values"], atol=1e-4)
            np.testing.assert_allclose(found.probabilities, expected["probabilities"], atol=1e-4)


@pytest.mark.parametrize("name", ["en", "multilingual"])
def test_answers_are_bit_identical_whatever_stands_beside_a_text(name: str) -> None:
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))
    texts = stored["texts"]["en" if name == "en" else "ru"]
    encoder = load_encoder(name)

    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in reversed(texts)])[::-1]

    np.testing.assert_array_equal(together, alone)
