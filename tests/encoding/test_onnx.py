"""The exported tier: the vectors of torch, refused where they are not, and written whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.encoding.bert import TorchBert
from qa_nlp.encoding.encoder import Vectors
from qa_nlp.encoding.onnx_bert import EXPORT_FILES, OnnxBert, default_threads
from qa_nlp.encoding.onnx_export import check_parity, export, lengths_may_mix, probe_texts
from qa_nlp.encoding.tiers import export_folder, prepare
from qa_nlp.errors import ArtifactError, MissingExtraError
from tests.tiny_bert import WORDS, tiny_parts

pytestmark = pytest.mark.xdist_group("onnx")

TEXTS = ["where is my parcel", "parcel", "where", "my parcel where", "", "is my " * 200]


@pytest.fixture(scope="module")
def torch_tiny() -> TorchBert:
    return TorchBert(tiny_parts())


@pytest.fixture(scope="module")
def exported(torch_tiny: TorchBert, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an exported encoder, which no test changes."""
    folder = tmp_path_factory.mktemp("onnx") / "tiny"
    export(torch_tiny, folder)
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """Give a copy of it, to be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "tiny"))


def test_exported_encoder_is_described_as_the_one_in_torch(
    torch_tiny: TorchBert, exported: Path
) -> None:
    encoder = OnnxBert(exported)

    assert isinstance(encoder, Encoder)
    assert encoder.tier == "onnx"
    assert encoder.name == torch_tiny.name
    assert encoder.languages == torch_tiny.languages
    assert encoder.terms == torch_tiny.terms
    assert encoder.width == torch_tiny.width
    assert encoder.fingerprint == f"{torch_tiny.fingerprint}:onnx:2"


@given(
    st.lists(st.lists(st.sampled_from([*WORDS[3:], "unknown"]), max_size=40).map(" ".join)),
    st.integers(1, 3),
)
def test_vectors_are_those_of_torch_whatever_the_lengths(
    torch_tiny: TorchBert, exported: Path, texts: list[str], threads: int
) -> None:
    rows = OnnxBert(exported, threads=threads).encode(texts)

    assert rows.dtype == np.float32
    assert rows.shape == (len(texts), torch_tiny.width)
    np.testing.assert_allclose(rows, torch_tiny.encode(texts), atol=2e-5)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_vector_depends_on_nothing_but_its_text(exported: Path, threads: int) -> None:
    encoder = OnnxBert(exported, threads=threads)
    together = encoder.encode(TEXTS)

    alone = np.vstack([OnnxBert(exported, threads=1).encode([text]) for text in TEXTS])

    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(encoder.encode(TEXTS[::-1]), alone[::-1])


def test_eight_threads_at_once_give_what_one_gives(exported: Path) -> None:
    encoder = OnnxBert(exported, threads=2)
    texts = [" ".join(WORDS[3:][:count] * 3) for count in range(1, 5)] * 40
    expected = encoder.encode(texts)
    found: list[Vectors] = []

    def read() -> None:
        found.append(encoder.encode(texts))

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert len(found) == 8
    assert all(np.array_equal(rows, expected) for rows in found)


class Skewed(OnnxBert):
    """Gives vectors of something else."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.roll(super().encode(texts), 1, axis=1)


class Broken(OnnxBert):
    """Gives no numbers."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.full_like(super().encode(texts), np.nan)


class Sociable(OnnxBert):
    """Lets a text's neighbours into its vector, a little."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return super().encode(texts) + np.float32(1e-5 * (len(texts) > 1))


@pytest.mark.parametrize("kind", [Skewed, Broken])
def test_graph_with_other_vectors_than_torch_is_refused(
    torch_tiny: TorchBert, exported: Path, kind: type[OnnxBert]
) -> None:
    with pytest.raises(ArtifactError, match=r"gives other vectors than torch .* use tier='torch'"):
        check_parity(torch_tiny, kind(exported))


def test_graph_whose_vectors_depend_on_their_neighbours_is_refused(
    torch_tiny: TorchBert, exported: Path
) -> None:
    with pytest.raises(ArtifactError, match="another vector in company than alone"):
        check_parity(torch_tiny, Sociable(exported))


class Crowded(OnnxBert):
    """Lets the length of the longest neighbour into a vector, a little."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        longest = max(map(len, self.token_ids(texts)), default=0)
        return super().encode(texts) + np.float32(1e-7 * longest)


def test_lengths_are_kept_apart_where_they_change_a_vector(
    torch_tiny: TorchBert, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lengths_may_mix(OnnxBert(exported))
    assert not lengths_may_mix(Crowded(exported))
    monkeypatch.setattr("qa_nlp.encoding.onnx_export.lengths_may_mix", lambda _: False)

    export(torch_tiny, tmp_path / "apart")

    manifest = json.loads((tmp_path / "apart" / "manifest.json").read_text("utf-8"))
    assert manifest["mixed_lengths"] is False
    np.testing.assert_array_equal(
        OnnxBert(tmp_path / "apart").encode(TEXTS), OnnxBert(exported).encode(TEXTS)
    )


def test_nothing_is_left_behind_when_an_export_is_refused(
    torch_tiny: TorchBert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa_nlp.encoding.onnx_export.OnnxBert", Skewed)

    with pytest.raises(ArtifactError, match="gives other vectors"):
        export(torch_tiny, tmp_path / "tiny")

    assert list(tmp_path.iterdir()) == []


def test_steps_of_an_export_are_told(torch_tiny: TorchBert, tmp_path: Path) -> None:
    told: list[str] = []

    export(torch_tiny, tmp_path / "tiny", told.append)

    assert told == ["exporting the graph", "comparing its vectors with those of torch"]
    manifest = json.loads((tmp_path / "tiny" / "manifest.json").read_text("utf-8"))
    assert 0.9999 <= manifest["cosine_with_torch"] <= 1
    assert set(EXPORT_FILES) == {path.name for path in (tmp_path / "tiny").iterdir()}


def test_probes_have_many_lengths_and_some_are_longer_than_what_is_read() -> None:
    words = [len(text.split()) for text in probe_texts()]

    assert len(set(words)) > 15
    assert min(words) == 0
    assert max(words) >= 256


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "words.npy"])
def test_damaged_file_is_named_with_the_remedy(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"x")

    with pytest.raises(ArtifactError, match=rf"{name}: damaged; .*models prepare"):
        OnnxBert(folder)


@pytest.mark.parametrize("name", EXPORT_FILES)
def test_missing_file_is_named_with_the_remedy(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ArtifactError, match=rf"{name}: No such file .*models prepare"):
        OnnxBert(folder)


@pytest.mark.parametrize("content", ["[]", "{}", "no JSON", '{"format_version": 2, "files": 3}'])
def test_foreign_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, "utf-8")

    with pytest.raises(ArtifactError, match="not an exported encoder"):
        OnnxBert(folder)


def test_export_of_another_format_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"format_version": 99}', "utf-8")

    with pytest.raises(ArtifactError, match="another format"):
        OnnxBert(folder)


def test_absent_extra_is_named_with_the_pip_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'qa_nlp\[onnx\]'"):
        OnnxBert(folder)


@pytest.mark.parametrize(("stated", "threads"), [("3", 3), ("1", 1)])
def test_threads_are_as_many_as_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, stated: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", stated)

    assert default_threads() == threads


@pytest.mark.parametrize("stated", ["", "0", "many"])
def test_threads_are_as_many_as_processors_where_the_environment_says_nothing(
    monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", stated)

    assert 1 <= default_threads() <= (os.cpu_count() or 1)


def test_cache_that_cannot_be_written_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("QA_NLP_CACHE", str(tmp_path / "file"))

    with pytest.raises(ArtifactError, match=r"cannot be written .*set QA_NLP_CACHE"):
        prepare("en")


def test_unknown_encoder_is_refused_with_near_names() -> None:
    with pytest.raises(ArtifactError, match=r"no encoder 'multilingal'; did you mean 'multiling"):
        prepare("multilingal")


@pytest.mark.slow
def test_one_of_several_processes_exports_and_the_others_wait(tmp_path: Path) -> None:
    code = (
        "from qa_nlp.encoding.tiers import prepare\n"
        "told = []\n"
        "prepare('en', told.append)\n"
        "print(len(told))"
    )
    environment = {**os.environ, "QA_NLP_CACHE": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(2)
    ]

    told = sorted(int(process.communicate()[0]) for process in processes)

    assert told == [0, 2]
    assert len(list((tmp_path / "onnx").glob("en-*/manifest.json"))) == 1


@pytest.mark.slow
def test_english_encoder_gives_in_onnx_what_it_gives_in_torch(onnx_cache: Path) -> None:
    texts = [" ".join(text.split()[:41]) + " again" for text in probe_texts()]
    in_torch, in_onnx = load_encoder("en"), load_encoder("en", tier="onnx")

    rows, expected = in_onnx.encode(texts), in_torch.encode(texts)

    assert export_folder("en").is_relative_to(onnx_cache)
    assert rows.shape == expected.shape
    cosines = (rows * expected).sum(1) / np.linalg.norm(rows, axis=1)
    assert (cosines / np.linalg.norm(expected, axis=1)).min() >= 0.9999
    np.testing.assert_allclose(rows, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("onnx_cache")
def test_torch_is_not_loaded_where_the_export_is_there() -> None:
    prepare("en")
    code = (
        "import sys\n"
        "from qa_nlp.encoding import load_encoder\n"
        "load_encoder('en', tier='onnx').encode(['Good morning.'])\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
