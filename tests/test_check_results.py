"""A recorded figure goes stale with what it was measured on."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.record import Measured, Table, Target, data_sha256, record
from scripts.check_results import check_results

BLOCK = "<!-- results:heads -->\n{}<!-- /results -->\n"
SHOWN = "| head | F1 |\n|---|---|\n| sentiment | 0.83 |\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one result, measured on one file of each kind."""
    root = tmp_path / "repository"
    files = {
        "benchmarks/heads.py": "print()",
        "models/sentiment/model.safetensors": "weights",
        "models/sentiment/README.md": BLOCK.format(""),
        "qa_nlp/signals/sentiment.py": "x = 1",
        "rubric_prompts/rubrics/support.yaml": "name: support",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    data = tmp_path / "data"
    (data / "tweets").mkdir(parents=True)
    (data / "tweets" / "a.tsv").write_text("a", encoding="utf-8")
    monkeypatch.setenv("QA_NLP_DATA", str(data))
    write(root)
    check_results(root, write=True)
    return root


def write(root: Path, **changes: Any) -> Path:
    arguments: dict[str, Any] = {
        "script": root / "benchmarks" / "heads.py",
        "command": "python -m benchmarks.heads",
        "targets": [Target("macro F1", 0.83, low=0.8, high=0.86, goal=">= 0.8")],
        "measured": Measured(
            weights=["models"],
            rubrics=["rubric_prompts/rubrics"],
            modules=["qa_nlp/signals"],
            data=["tweets"],
        ),
        "figures": {"n": 100},
        "readme_table": Table(["head", "F1"], [["sentiment", "0.83"]]),
        "root": root,
    }
    return record("heads", **(arguments | changes))


def data_of(root: Path) -> Path:
    return root.parent / "data"


def test_record_writes_what_was_measured_and_on_what(repository: Path) -> None:
    result = json.loads((repository / "benchmarks/results/heads.json").read_text(encoding="utf-8"))

    assert result["command"] == "python -m benchmarks.heads"
    assert set(result["machine"]) == {"cpu", "cores", "system", "python", "torch"}
    assert {kind: list(files) for kind, files in result["measured"].items()} == {
        "weights": ["models/sentiment/model.safetensors"],
        "rubrics": ["rubric_prompts/rubrics/support.yaml"],
        "data": ["tweets/a.tsv"],
        "modules": ["benchmarks/heads.py", "qa_nlp/signals/sentiment.py"],
    }
    assert result["targets"] == [
        {"name": "macro F1", "value": 0.83, "low": 0.8, "high": 0.86, "goal": ">= 0.8", "met": True}
    ]
    assert result["readme_table"] == {"columns": ["head", "F1"], "rows": [["sentiment", "0.83"]]}


@pytest.mark.parametrize(
    ("goal", "met"),
    [(">= 0.5", True), ("> 0.5", False), ("<= 0.5", True), ("< 0.5", False), ("== 0.5", True)],
)
def test_target_is_met_when_its_comparison_holds(goal: str, met: bool) -> None:
    assert Target("share", 0.5, goal=goal).met is met


def test_target_without_goal_is_neither_met_nor_missed() -> None:
    assert Target("share", 0.5).met is None


def test_target_refuses_a_goal_that_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="goal 'high'"):
        Target("share", 0.5, goal="high")


@pytest.mark.parametrize("rows", [[["only one"]], [["sentiment", 0.8312345]]])
def test_table_refuses_ragged_rows_and_unformatted_numbers(rows: list[list[Any]]) -> None:
    with pytest.raises(ValueError, match=r"cells"):
        Table(["head", "F1"], rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"figures": {"n": float("nan")}}, "Out of range"),
        ({"measured": Measured(weights=["models/none"])}, "measured path 'models/none'"),
        ({"measured": Measured(data=["tweets/none.tsv"])}, "measured path 'tweets/none.tsv'"),
    ],
)
def test_record_leaves_the_old_result_when_the_new_one_is_refused(
    repository: Path, changes: dict[str, Any], message: str
) -> None:
    path = repository / "benchmarks" / "results" / "heads.json"
    before = path.read_bytes()

    with pytest.raises(ValueError, match=message):
        write(repository, **changes)

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_record_refuses_data_when_no_folder_of_data_is_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QA_NLP_DATA")

    with pytest.raises(ValueError, match="QA_NLP_DATA"):
        write(repository)


def test_data_hash_is_that_of_the_unpacked_content(tmp_path: Path) -> None:
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"text"))

    assert data_sha256(tmp_path, "a.tsv.gz") == hashlib.sha256(b"text").hexdigest()


def test_data_hash_is_that_of_the_manifest_when_it_lists_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text", encoding="utf-8")
    (tmp_path / "MANIFEST.tsv").write_text(
        "path\trows\tbytes\tsha256_of_content\na.tsv\t1\t4\tabc\n", encoding="utf-8"
    )

    assert data_sha256(tmp_path, "a.tsv") == "abc"


def test_check_finds_nothing_when_nothing_changed(repository: Path) -> None:
    assert check_results(repository, data=data_of(repository), strict=True) == []


@pytest.mark.parametrize(
    "name", ["models/sentiment/model.safetensors", "rubric_prompts/rubrics/support.yaml"]
)
@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("other")])
def test_check_fails_when_weights_or_rubrics_changed(
    repository: Path, name: str, change: Callable[[Path], object]
) -> None:
    change(repository / name)

    (finding,) = check_results(repository)

    assert finding.is_error
    assert name in finding.message
    assert "python -m benchmarks.heads" in finding.message


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", ["benchmarks/heads.py", "qa_nlp/signals/sentiment.py"])
def test_check_warns_of_a_changed_module_and_fails_when_strict(
    repository: Path, name: str, strict: bool
) -> None:
    (repository / name).write_text("x = 2", encoding="utf-8")

    (finding,) = check_results(repository, strict=strict)

    assert name in finding.message
    assert finding.is_error is strict


def test_check_names_a_few_of_many_changed_modules_in_one_finding(repository: Path) -> None:
    names = [f"benchmarks/part_{number}.py" for number in range(6)]
    for name in names:
        (repository / name).write_text("x = 1", encoding="utf-8")
    write(repository, measured=Measured(modules=names))
    for name in names:
        (repository / name).write_text("x = 2", encoding="utf-8")

    (finding,) = check_results(repository)

    assert f"changed since: {', '.join(names[:4])} and 2 more;" in finding.message


def test_check_compares_data_only_where_their_folder_is_given(repository: Path) -> None:
    (data_of(repository) / "tweets" / "a.tsv").write_text("b", encoding="utf-8")

    (finding,) = check_results(repository, data=data_of(repository))

    assert finding.is_error
    assert "data: changed since: tweets/a.tsv;" in finding.message
    assert check_results(repository) == []


def test_check_write_puts_the_recorded_table_into_the_page(repository: Path) -> None:
    page = (repository / "models/sentiment/README.md").read_text(encoding="utf-8")

    assert page == BLOCK.format(SHOWN)


def test_check_write_shows_another_table_of_a_result_by_its_name(repository: Path) -> None:
    write(repository, tables={"sentiment-en.more": Table(["head", "r"], [["tone", "0.71"]])})
    page = repository / "README.md"
    page.write_text("<!-- results:heads.sentiment-en.more -->\n<!-- /results -->\n", "utf-8")

    findings = check_results(repository, write=True)

    assert findings == []
    assert "| tone | 0.71 |" in page.read_text(encoding="utf-8")


def test_check_fails_when_a_result_has_no_table_of_that_name(repository: Path) -> None:
    page = repository / "README.md"
    page.write_text("<!-- results:heads.none -->\n<!-- /results -->\n", "utf-8")

    (finding,) = check_results(repository)

    assert finding.is_error
    assert "'heads.none'" in finding.message


def test_check_fails_when_a_figure_in_readme_is_not_the_recorded_one(repository: Path) -> None:
    text = "# Project\n\n" + BLOCK.format(SHOWN.replace("0.83", "0.93"))
    (repository / "README.md").write_text(text, encoding="utf-8")

    (finding,) = check_results(repository)

    assert finding.is_error
    assert finding.place == "README.md"
    assert "--write" in finding.message


def test_check_write_renews_every_table_and_leaves_the_rest(repository: Path) -> None:
    text = "# Project\n\n{0}\nBetween.\n\n{0}\nAfter.\n"
    old = BLOCK.format(SHOWN.replace("0.83", "0.93"))
    (repository / "README.md").write_text(text.format(old), encoding="utf-8")

    findings = check_results(repository, write=True)

    assert findings == []
    assert (repository / "README.md").read_text(encoding="utf-8") == text.format(
        BLOCK.format(SHOWN)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- results:nothing -->\n<!-- /results -->\n", "no readable result 'nothing'"),
        ("<!-- results:heads -->\n" + SHOWN, "no closing"),
        ("<!-- results:heads -->\n" + BLOCK.format(SHOWN), "no closing"),
    ],
)
def test_check_fails_on_a_block_that_shows_no_result(
    repository: Path, text: str, message: str
) -> None:
    (repository / "README.md").write_text(text, encoding="utf-8")

    (finding,) = check_results(repository)

    assert finding.is_error
    assert message in finding.message


@pytest.mark.parametrize("text", ["{", "[]", '{"format_version": 1}', '{"format_version": 99}'])
def test_check_fails_on_a_file_that_is_no_result(repository: Path, text: str) -> None:
    (repository / "benchmarks" / "results" / "other.json").write_text(text, encoding="utf-8")

    (finding,) = check_results(repository)

    assert finding.is_error
    assert finding.place == "benchmarks/results/other.json"
