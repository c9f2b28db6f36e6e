"""The notebooks run from top to bottom, and their two forms hold the same cells."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# The kernel is a process of its own: importing this refuses the network there, too.
(OFFLINE,) = jupytext.reads("import tests.conftest", "py:percent").cells


def cells(path: Path) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]


def test_there_are_notebooks() -> None:
    assert "01_score_conversations" in [path.stem for path in NOTEBOOKS]


@every_notebook
def test_notebook_and_script_hold_the_same_cells(path: Path) -> None:
    assert cells(path) == cells(path.with_suffix(".py"))


@every_notebook
def test_notebook_and_script_are_paired(path: Path) -> None:
    for form in (path, path.with_suffix(".py")):
        metadata = jupytext.read(form).metadata
        assert metadata["jupytext"]["formats"] == "ipynb,py:percent"
        assert metadata["kernelspec"]["name"] == "python3"


@every_notebook
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    code = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]

    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}


@pytest.mark.slow
@every_notebook
def test_notebook_runs_from_top_to_bottom_without_network(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = jupytext.read(path)
    notebook.cells.insert(0, OFFLINE)
    place = {"metadata": {"path": str(tmp_path)}}

    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place).execute()

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[-1].execution_count == len(code)
