"""Saved scorers: the same scorecards again, and refusals that name what differs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load, save

from qa_nlp.errors import ArtifactError
from qa_nlp.grades import Grades
from qa_nlp.rubric import Rubric
from qa_nlp.scorer import Scorer
from qa_nlp.user_files import replacing_folder
from tests.builders import HashEncoder
from tests.graded_world import AGENT, CALLS, CUSTOMER, GRADES, RUBRIC, conversations, plain


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """Give a calibrated scorer."""
    return plain().calibrate(CALLS, Grades.from_rows(GRADES))


@pytest.fixture(scope="module")
def saved(scorer: Scorer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its folder, which no test changes."""
    return scorer.save(tmp_path_factory.mktemp("saved") / "demo.scorer")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Give a copy of the folder, to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "demo.scorer"))


def loaded(path: Path, **options: Any) -> Scorer:
    return Scorer.load(path, **{"encoder": HashEncoder(), **options})


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def test_loaded_scorer_gives_the_same_cards(scorer: Scorer, saved: Path) -> None:
    again = loaded(saved)

    assert again.fingerprint == scorer.fingerprint
    assert again.summary == scorer.summary
    calls = [*CALLS, *conversations(5, 9, prefix="new")]
    assert again.score(calls) == scorer.score(calls)


def test_scorer_saved_again_after_loading_is_the_same_folder(saved: Path, tmp_path: Path) -> None:
    second = loaded(saved).save(tmp_path / "second.scorer")

    names = sorted(file.name for file in saved.iterdir())
    assert sorted(file.name for file in second.iterdir()) == names
    assert names == [
        "README.md",
        "calibrator.safetensors",
        "manifest.json",
        "oof.parquet",
        "rubric.yaml",
    ]
    for name in names:
        assert (second / name).read_bytes() == (saved / name).read_bytes()


def test_folder_holds_no_words_of_any_conversation(saved: Path) -> None:
    for file in saved.iterdir():
        content = file.read_bytes()
        for sentence in (*AGENT, *CUSTOMER):
            assert sentence.encode() not in content
            assert sentence.rstrip(".?").encode() not in content or sentence == "Fine."
        for word in (b"kettle", b"ledger", b"depot", b"parcel", b"Monday"):
            assert word not in content


def test_manifest_says_what_it_is(scorer: Scorer, saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text("utf-8"))

    assert manifest["format_version"] == 1
    assert manifest["fingerprint"] == scorer.fingerprint
    assert manifest["parts"] == scorer.fingerprint_parts
    assert {"library", "tier", "terms", "metrics"} <= manifest.keys()


def test_scorer_without_a_calibration_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not calibrated"):
        plain().save(tmp_path / "demo.scorer")


def test_scorer_with_an_encoder_of_ones_own_asks_for_it(saved: Path) -> None:
    with pytest.raises(ArtifactError, match="encoder of your own; give encoder="):
        Scorer.load(saved)


def test_another_encoder_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(ArtifactError, match=r"'encoder' is .*calibrated with another encoder"):
        loaded(folder, encoder=HashEncoder(9))


@pytest.mark.parametrize(
    ("part", "remedy"),
    [
        ("signals", "measures signals in another way; calibrate again"),
        ("scoring", "grades in another way; calibrate again"),
        ("phrases", "phrase banks have changed; calibrate again"),
        ("head.sentiment", "calibrate again"),
    ],
)
def test_part_that_differs_is_refused_by_name(folder: Path, part: str, remedy: str) -> None:
    edit(folder, lambda manifest: manifest["parts"].update({part: "0"}))

    with pytest.raises(ArtifactError, match=f"'{part}' is .* was made with '0': .*{remedy}"):
        loaded(folder)


def test_changed_rubric_is_refused_by_name(folder: Path) -> None:
    path = folder / "rubric.yaml"
    path.write_text(path.read_text("utf-8").replace("threshold: 12.0", "threshold: 13.0"), "utf-8")

    with pytest.raises(ArtifactError, match=r"'rubric' is .*was changed; calibrate again"):
        loaded(folder)


def test_changed_weights_are_refused_by_name(folder: Path) -> None:
    path = folder / "calibrator.safetensors"
    tensors = load(path.read_bytes())
    name = "length/fold0/scores"
    path.write_bytes(save({**tensors, name: tensors[name] + 1e-9}))

    with pytest.raises(ArtifactError, match="weights in the folder were changed"):
        loaded(folder)


def test_changed_cutpoint_is_refused_by_name(folder: Path) -> None:
    def nudge(manifest: dict[str, Any]) -> None:
        manifest["calibration"]["criteria"]["length"]["models"]["model"]["cutpoints"][0] -= 1e-9

    edit(folder, nudge)

    with pytest.raises(ArtifactError, match="'calibration' is"):
        loaded(folder)


def test_another_format_is_refused_with_its_number(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(format_version=99))

    with pytest.raises(ArtifactError, match="scorer format 99 is not the format 1"):
        loaded(folder)


FILES = ("calibrator.safetensors", "manifest.json", "oof.parquet", "rubric.yaml")


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ArtifactError, match=f"{name} is missing"):
        loaded(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe nonsense", b"[1, 2]", b"{}"])
def test_damaged_file_is_refused(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)

    with pytest.raises(ArtifactError, match=r"demo\.scorer"):
        loaded(folder)


@pytest.mark.parametrize("name", FILES)
def test_file_that_was_cut_off_is_refused(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])

    with pytest.raises(ArtifactError, match=r"demo\.scorer"):
        loaded(folder)


@pytest.mark.parametrize("value", [None, [], 3, "x", {}])
@pytest.mark.parametrize("key", ["parts", "metrics", "calibration", "criteria", "models"])
def test_malformed_manifest_is_refused(folder: Path, key: str, value: Any) -> None:
    def spoil(manifest: dict[str, Any]) -> None:
        place = manifest
        if key == "criteria":
            place = manifest["calibration"]
        elif key == "models":
            place = manifest["calibration"]["criteria"]["length"]
        place[key] = value

    edit(folder, spoil)

    with pytest.raises(ArtifactError):
        loaded(folder)


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no folder of a saved scorer; see Scorer\.save"):
        Scorer.load(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        Scorer.load(tmp_path / "empty")


def test_saving_replaces_an_older_scorer_and_leaves_nothing_else(
    scorer: Scorer, folder: Path
) -> None:
    (folder / "oof.parquet").write_bytes(b"old")

    scorer.save(folder)

    assert loaded(folder).fingerprint == scorer.fingerprint
    assert [item.name for item in folder.parent.iterdir()] == ["demo.scorer"]


@pytest.mark.parametrize("kind", ["folder", "another manifest", "file"])
def test_saving_never_replaces_anything_else(scorer: Scorer, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "mine"
    if kind != "file":
        place.mkdir()
        (place / "notes.txt").write_text("keep", "utf-8")
    if kind == "another manifest":
        (place / "manifest.json").write_text("{}", "utf-8")
    if kind == "file":
        place.write_text("keep", "utf-8")

    with pytest.raises(ArtifactError, match="something else lies there; choose another name"):
        scorer.save(place)

    assert (place if kind == "file" else place / "notes.txt").read_text("utf-8") == "keep"


def old(tmp_path: Path) -> Path:
    place = tmp_path / "demo"
    place.mkdir()
    (place / "mark").write_text("old", "utf-8")
    return place


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_folder_stays_when_writing_is_interrupted(
    tmp_path: Path, error: type[BaseException]
) -> None:
    place = old(tmp_path)

    def write() -> None:
        with replacing_folder(place, ["mark"]) as fresh:
            (fresh / "mark").write_text("new", "utf-8")
            raise error

    with pytest.raises(error):
        write()

    assert (place / "mark").read_text("utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["demo"]


def test_folder_stays_when_the_user_interrupts_between_the_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = old(tmp_path)
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing_folder(place, ["mark"]) as fresh:
        (fresh / "mark").write_text("new", "utf-8")

    assert (place / "mark").read_text("utf-8") == "old"


def test_folder_stays_when_the_process_is_killed(tmp_path: Path) -> None:
    place = old(tmp_path)
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from qa_nlp.user_files import replacing_folder\n"
        "with replacing_folder(Path(sys.argv[1]), ['mark']) as fresh:\n"
        "    (fresh / 'mark').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    path = os.pathsep.join(item for item in sys.path if item)
    done = subprocess.run(
        [sys.executable, "-c", script, str(place)],
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )

    assert done.returncode == -signal.SIGKILL
    assert (place / "mark").read_text("utf-8") == "old"


def test_rubric_is_saved_whole(saved: Path) -> None:
    text = (saved / "rubric.yaml").read_text("utf-8")

    assert Rubric.from_yaml(text) == Rubric.from_yaml(RUBRIC)
