"""The project keeps its own rules: version, public names, light import, import directions."""

from __future__ import annotations

import ast
import graphlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa_nlp
from tests.pace import slowness

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "qa_nlp"
HEAVY = {
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pyspark",
    "ray",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "spacy",
    "torch",
    "transformers",
}
# A module imports from its own layer and from those before it.
LAYERS = [
    {"errors"},
    {
        "artifacts",
        "editor_schema",
        "masking",
        "resources",
        "transcript",
        "user_files",
        "yaml_files",
        "yaml_findings",
    },
    {"scope"},
    {"yaml_types"},
    {"phrase_bank", "requirements"},
    {"labelled_texts", "question_table", "rubric"},
    {
        "card_groups",
        "counterfactuals",
        "display",
        "grade_columns",
        "grade_levels",
        "grades",
        "grades_check",
        "grades_matching",
        "grades_reading",
        "grades_report",
        "grades_sources",
        "grades_tables",
        "predictions",
        "scorecard",
        "scorecard_html",
        "scorecards",
    },
    {"agreement"},
    {"encoding", "importers", "text"},
    {"exchange"},
    {"samples"},
    {"signals"},
    {"phrase_review", "rubric_init", "signal_suggestions"},
    {"calibration"},
    {"scorer_files"},
    {"classification", "scorer"},
    {"batch"},
    {
        "__main__",
        "cli",
        "cli_batch",
        "cli_calibrate",
        "cli_errors",
        "cli_grades",
        "cli_inputs",
        "cli_models",
        "cli_phrases",
        "cli_report",
        "cli_tasks",
        "terminal",
    },
]
VALUE_OBJECTS = set().union(*LAYERS[:8])
LAYER_OF = {name: layer for layer, names in enumerate(LAYERS) for name in names}


def run_python(code: str) -> str:
    """Run code in a fresh interpreter that finds this checkout."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    return run.stdout


def test_version_is_the_same_in_pyproject_package_and_changelog() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)

    assert latest is not None
    assert pyproject["project"]["version"] == qa_nlp.__version__ == latest[1]


def test_constraints_pin_every_dependency_to_one_released_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    pinned = {normalised(line.partition("==")[0]) for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    required = [*project["dependencies"], *(line for extra in extras for line in extra)]
    named = {normalised(re.split(r"[<>=!\[ ;]", line)[0]) for line in required} - {"qa-nlp"}

    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert named - pinned == set()


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    required = [*project["dependencies"], *(line for extra in extras for line in extra)]
    named = {re.split(r"[<>=!\[ ;]", line)[0] for line in required} - {"qa_nlp"}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")

    assert {name for name in named if f"| {name} |" not in page} == set()


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_import_takes_less_than_150_ms() -> None:
    code = "import time; t = time.perf_counter(); import qa_nlp; print(time.perf_counter() - t)"

    seconds = min(float(run_python(code)) for _ in range(7))

    assert seconds < 0.150 * slowness()


def test_import_loads_nothing_heavy() -> None:
    code = "import json, sys, qa_nlp; print(json.dumps(sorted(sys.modules)))"

    loaded = {name.partition(".")[0] for name in json.loads(run_python(code))}

    assert loaded & HEAVY == set()


def test_reading_transcripts_and_rubrics_loads_no_model_library() -> None:
    code = (
        "import json, sys, qa_nlp; qa_nlp.Transcript; qa_nlp.read_transcripts; qa_nlp.Rubric; "
        "qa_nlp.Scorecards; print(json.dumps(sorted(sys.modules)))"
    )

    loaded = {name.partition(".")[0] for name in json.loads(run_python(code))}

    assert loaded & {"sentence_transformers", "sklearn", "spacy", "torch", "transformers"} == set()


def test_adapters_to_engines_load_no_engine_and_no_model_library() -> None:
    code = (
        "import json, sys, qa_nlp.batch.ray, qa_nlp.batch.spark; "
        "print(json.dumps(sorted(sys.modules)))"
    )

    loaded = {name.partition(".")[0] for name in json.loads(run_python(code))}

    assert loaded & {"pyspark", "ray", "sentence_transformers", "torch", "transformers"} == set()


def test_public_names_are_sorted_and_are_what_dir_shows() -> None:
    public = [name for name in dir(qa_nlp) if not name.startswith("_")]

    assert qa_nlp.__all__ == sorted(qa_nlp.__all__)
    assert public == qa_nlp.__all__


def test_package_holds_no_other_name_once_everything_public_was_used() -> None:
    code = (
        "import json, types, qa_nlp; [getattr(qa_nlp, name) for name in qa_nlp.__all__]; "
        "print(json.dumps([name for name, value in vars(qa_nlp).items() if name[0] != '_' "
        "and not isinstance(value, types.ModuleType)]))"
    )

    assert set(json.loads(run_python(code))) - set(qa_nlp.__all__) <= {
        "TYPE_CHECKING",
        "annotations",
    }


@pytest.mark.parametrize("name", qa_nlp.__all__)
def test_public_name_can_be_imported_and_is_documented(name: str) -> None:
    value = getattr(qa_nlp, name)

    assert value.__name__ == name
    assert value.__doc__


def test_no_public_name_is_that_of_a_module_which_would_hide_it_once_imported() -> None:
    modules = {module_name(path).split(".")[1] for path in MODULES}

    assert set(qa_nlp.__all__) & modules == set()


def test_public_names_that_type_checkers_see_are_the_public_names() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    checked = {
        (alias.name, node.module)
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    lazy = {(name, f"qa_nlp.{module}") for name, module in vars(qa_nlp)["_MODULES"].items()}

    assert checked == lazy
    assert {name for name, _ in lazy} == set(qa_nlp.__all__)


def test_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Scorrer'"):
        _ = vars(qa_nlp)["__getattr__"]("Scorrer")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> Iterator[str]:
    """List what a module imports from this library, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} line {node.lineno}: imports here are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("qa_nlp."))


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_module_imports_only_from_its_own_layer_and_those_before(path: Path) -> None:
    unit = module_name(path).split(".")[1]
    assert unit in LAYER_OF, f"{unit} has no layer yet: put it into LAYERS"

    units = {name.split(".")[1] for name in imported_modules(path)}

    wrong = {name for name in units if LAYER_OF.get(name, len(LAYERS)) > LAYER_OF[unit]}
    assert wrong == set()


def test_packages_do_not_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        unit = module_name(path).split(".")[1]
        units = {name.split(".")[1] for name in imported_modules(path)}
        graph.setdefault(unit, set()).update(units - VALUE_OBJECTS - {unit})

    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises on a circle

    assert set(order) >= set(graph)
