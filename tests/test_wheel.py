"""The library works from its wheel, in another place, with the data that travel in it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Built and installed once for this module, by one test process.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]
SNIPPET = """
from pathlib import Path

import qa_nlp
from qa_nlp.resources import resource_folder
from qa_nlp.rubric import shipped_rubrics

samples = qa_nlp.load_samples()
print(Path(qa_nlp.__file__).parent)
print(" ".join(qa_nlp.Rubric.load(name).id for name in shipped_rubrics()))
print(len(samples))
print(len(list((resource_folder("rubric_prompts") / "phrases").glob("*.yaml"))))
print(qa_nlp.PhraseBank.load("greeting").bank.id)
print(qa_nlp.Scorer("support_call").score_one(samples[0]).total_status.value)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone; its dependencies are those of the running interpreter."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--ignore-installed", str(wheel)], check=True)
    return python


def tracked(folder: str, suffix: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(f"*{suffix}")}


def test_wheel_holds_package_rubrics_phrases_samples_and_type_marker(contents: set[str]) -> None:
    wanted = {"qa_nlp/py.typed", *tracked("qa_nlp", ".py"), *tracked("qa_nlp", ".jsonl")}
    wanted |= {f"qa_nlp/{name}" for name in tracked("rubric_prompts", ".yaml")}

    assert wanted - contents == set()
    assert {"qa_nlp/rubric_prompts/rubrics/service_excellence.yaml"} <= contents


def test_wheel_holds_every_weight_and_manifest(contents: set[str]) -> None:
    # the hashes of what trained and what tests serve a test of this repository alone
    tensors = {n for n in tracked("models", ".safetensors") if not n.endswith("groups.safetensors")}
    weights = tensors | {
        name for name in tracked("models", ".json") if not name.startswith("models/data/")
    }

    assert weights
    assert {f"qa_nlp/{name}" for name in weights} - contents == set()


def test_wheel_leaves_out_what_only_a_checkout_needs(contents: set[str]) -> None:
    packaged = {name for name in contents if ".dist-info/" not in name}
    training = {name for name in packaged if name.startswith("qa_nlp/models/data/")}
    scripts = {
        name for name in packaged if name.startswith("qa_nlp/models/") and name.endswith(".py")
    }

    assert {name.partition("/")[0] for name in packaged} == {"qa_nlp"}
    assert training | scripts == set()
    assert {name for name in packaged if "__pycache__" in name} == set()


def test_wheel_has_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        read = {name.rpartition("/")[2]: name for name in archive.namelist()}
        metadata = archive.read(read["METADATA"]).decode()
        commands = archive.read(read["entry_points.txt"]).decode()

    assert "License-Expression: Apache-2.0" in metadata
    assert "LICENSE" in read
    assert "qa-nlp = qa_nlp.cli:app" in commands


def test_wheel_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    run = subprocess.run(
        [installed, "-c", SNIPPET], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    package, rubrics, samples, banks, bank, status = run.stdout.splitlines()
    assert Path(package).is_relative_to(installed.parent.parent)
    assert rubrics.split() == ["compliance", "service_excellence", "support_call", "support_chat"]
    assert int(samples) >= 60
    assert int(banks) >= 25
    assert bank == "greeting"
    assert status in {"final", "provisional"}
