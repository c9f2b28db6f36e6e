"""Shipped weights are read only when they are whole, and a head is a softmax on vectors."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save
from scipy.special import softmax

from qa_nlp.encoding import load_encoder
from qa_nlp.errors import ArtifactError
from qa_nlp.signals.heads import LinearHead, load_artifact, load_heads, read_artifact
from qa_nlp.signals.measure import ARTIFACTS, HEADS


def written(folder: Path, **changed: Any) -> Path:
    content = save({"mood.weight": np.ones((2, 3), dtype=np.float32)})
    manifest = {
        "format_version": 1,
        "tasks": {"mood": ["bad", "good"]},
        "sha256": hashlib.sha256(content).hexdigest(),
        **changed,
    }
    (folder / "model.safetensors").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def test_artifact_is_read_when_it_is_whole(tmp_path: Path) -> None:
    artifact = read_artifact(written(tmp_path))

    assert artifact.name == tmp_path.name
    assert artifact.manifest["tasks"] == {"mood": ["bad", "good"]}
    assert artifact.tensors["mood.weight"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert artifact.sha256 == artifact.manifest["sha256"]


@pytest.mark.parametrize("position", [0, 20, -1])
def test_artifact_is_refused_by_its_hash_when_a_byte_is_changed(
    tmp_path: Path, position: int
) -> None:
    weights = written(tmp_path) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[position] ^= 1
    weights.write_bytes(content)

    with pytest.raises(ArtifactError, match=r"model\.safetensors: damaged \(its hash"):
        read_artifact(tmp_path)


def test_artifact_is_refused_by_its_hash_when_it_is_cut_off(tmp_path: Path) -> None:
    weights = written(tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])

    with pytest.raises(ArtifactError, match="damaged"):
        read_artifact(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "model.safetensors"])
def test_artifact_is_refused_by_the_name_of_the_file_that_is_missing(
    tmp_path: Path, name: str
) -> None:
    (written(tmp_path) / name).unlink()

    with pytest.raises(ArtifactError, match=rf"{name}: is missing; reinstall"):
        read_artifact(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "model.safetensors"])
def test_artifact_is_refused_when_a_folder_stands_for_a_file(tmp_path: Path, name: str) -> None:
    (written(tmp_path) / name).unlink()
    (tmp_path / name).mkdir()

    with pytest.raises(ArtifactError, match=rf"{name}: cannot be read"):
        read_artifact(tmp_path)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_artifact_is_refused_when_its_format_is_another(tmp_path: Path, version: object) -> None:
    with pytest.raises(ArtifactError, match=r"format .*, this version of qa_nlp reads 1"):
        read_artifact(written(tmp_path, format_version=version))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_artifact_is_refused_when_its_manifest_is_no_json(tmp_path: Path, content: bytes) -> None:
    (written(tmp_path) / "manifest.json").write_bytes(content)

    with pytest.raises(ArtifactError, match=r"manifest\.json: not valid JSON"):
        read_artifact(tmp_path)


@pytest.mark.parametrize("content", ["[]", "5", '{"format_version": 1}'])
def test_artifact_is_refused_when_its_manifest_is_another_thing(
    tmp_path: Path, content: str
) -> None:
    (written(tmp_path) / "manifest.json").write_text(content, "utf-8")

    with pytest.raises(ArtifactError, match=r"manifest\.json: not the manifest"):
        read_artifact(tmp_path)


def test_load_artifact_names_what_is_missing_when_there_is_no_such_artefact() -> None:
    with pytest.raises(ArtifactError, match=r"no-such-weights/manifest\.json: is missing"):
        load_artifact("no-such-weights")


@pytest.mark.parametrize("name", ARTIFACTS)
def test_shipped_artefact_is_whole_and_made_for_the_shipped_encoder(name: str) -> None:
    artifact = load_artifact(name)

    assert artifact.manifest["name"] == name
    assert artifact.manifest["encoder"] == load_encoder("en").fingerprint
    assert artifact.manifest["terms"]
    assert all(np.isfinite(tensor).all() for tensor in artifact.tensors.values())


@pytest.mark.parametrize("name", HEADS)
def test_shipped_heads_have_a_row_of_weights_for_each_class(name: str) -> None:
    for head in load_heads(name):
        assert head.weight.shape == (len(head.classes), 384)
        assert head.bias.shape == (len(head.classes),)


def test_shipped_heads_are_those_that_the_signals_read() -> None:
    classes = {head.task: head.classes for name in HEADS for head in load_heads(name)}

    assert classes == {
        "sentiment": ("negative", "neutral", "positive"),
        "emotional_reactions": ("0", "1", "2"),
        "interpretations": ("0", "1", "2"),
        "explorations": ("0", "1", "2"),
    }


def test_head_gives_the_probabilities_computed_by_hand() -> None:
    head = LinearHead("mood", ("bad", "good"), np.array([[0.0, 2.0], [0.0, 0.0]]), np.zeros(2))

    chances = head.probabilities(np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32))

    assert chances.tolist() == [[0.5, 0.5], [0.880797, 0.119203]]  # 1 / (1 + e^-2)


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3), max_size=5))
def test_head_agrees_with_a_softmax_of_scipy(rows: list[list[float]]) -> None:
    weight = np.array([[300.0, -20.0, 4.0], [-300.0, 5.0, 0.5]])
    bias = np.array([0.5, -0.5])
    vectors = np.array(rows, dtype=np.float32).reshape(-1, 3)

    chances = LinearHead("mood", ("bad", "good"), weight, bias).probabilities(vectors)

    expected = softmax(vectors.astype(np.float64) @ weight.T + bias, axis=1)
    np.testing.assert_allclose(chances, expected, atol=1e-6)
