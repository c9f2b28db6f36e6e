"""Weights are read only when they are whole, and the shipped ones say what they may be used for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from qa_nlp.artifacts import load_artifact, read_artifact, shipped_artifacts
from qa_nlp.encoding import load_encoder
from qa_nlp.errors import ArtifactError

MOST_BYTES = 10_000_000


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


@pytest.mark.parametrize("version", [1, 2])
def test_artifact_is_read_when_it_is_whole(tmp_path: Path, version: int) -> None:
    artifact = read_artifact(written(tmp_path, format_version=version))

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


@pytest.mark.parametrize("version", [0, 3, "1", None])
def test_artifact_is_refused_when_its_format_is_another(tmp_path: Path, version: object) -> None:
    with pytest.raises(ArtifactError, match=r"format .*, this version of qa_nlp reads 1 and 2"):
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


@pytest.mark.parametrize("name", shipped_artifacts())
def test_shipped_artefact_is_whole_small_and_states_its_terms(name: str) -> None:
    artifact = load_artifact(name)

    assert artifact.manifest["name"] == name
    assert artifact.manifest["terms"]
    assert all(np.isfinite(tensor).all() for tensor in artifact.tensors.values())
    assert sum(tensor.nbytes for tensor in artifact.tensors.values()) <= MOST_BYTES


def test_shipped_phrase_banks_are_made_for_the_shipped_encoder() -> None:
    assert load_artifact("phrases-en").manifest["encoder"] == load_encoder("en").fingerprint
