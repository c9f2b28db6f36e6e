"""The pages in docs/ agree with the code, and what they show runs."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa_nlp import rubric
from qa_nlp.importers.columns import FIELDS
from qa_nlp.importers.registry import load_registry
from qa_nlp.scorecard import Evidence, Grade, Scorecard
from scripts.signal_table import CLOSING, OPENING, main

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
CALL = """\
[00:01] Agent: Good morning, you are speaking to Maren. How can I help you?
[00:06] Customer: My parcel has not arrived, and nobody answers my messages.
[00:12] Agent: I am so sorry about that. Let me look it up for you.
[00:20] Customer: Thank you.
"""


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def run(code: str, names: dict[str, Any], page: Path) -> None:
    """Run a block; where it is a session, what it prints must be what the page shows."""
    if not code.startswith(">>>"):
        exec(compile(code, page_name(page), "exec"), names)
        return
    session = doctest.DocTestParser().get_doctest(code, names, page_name(page), str(page), 0)
    differences: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
    runner.run(session, out=differences.append, clear_globs=False)
    assert not differences, "".join(differences)
    names.update(session.globs)


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=page_name)
def test_python_blocks_of_a_page_run_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "CALL-17.txt").write_text(CALL, encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}

    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["body"], encoding="utf-8")
        elif block["language"] == "python":
            run(block["body"], names, page)


def test_formats_page_names_every_format_and_column() -> None:
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    formats = [importer.name for importer in load_registry().importers]

    assert [name for name in formats if f"\n| `{name}` |" not in text] == []
    assert [name for name in FIELDS if f"`{name}`" not in text] == []


def rubric_fields() -> Iterator[str]:
    models = (
        *(rubric.Rubric, rubric.Section, rubric.Criterion, rubric.Level, rubric.Rule),
        *(rubric.SignalUse, rubric.Condition, rubric.AppliesIf, rubric.MinimumSize),
    )
    for model in models:
        yield from model.model_fields


def test_rubrics_page_names_every_field() -> None:
    text = (DOCS / "rubrics.md").read_text(encoding="utf-8")

    assert sorted({name for name in rubric_fields() if f"`{name}`" not in text}) == []


def test_scorecards_page_names_every_stored_field() -> None:
    text = (DOCS / "scorecards.md").read_text(encoding="utf-8")
    card = Scorecard("", "", "", "").to_dict()
    evidence = Evidence("", 0.0).to_dict()
    stored = {*card, *Grade.__dataclass_fields__, *evidence}

    assert sorted(name for name in stored if f"`{name}`" not in text) == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_committed_signal_table_is_up_to_date() -> None:
    assert main(["--check"]) == 0


def test_check_fails_and_writes_nothing_when_the_table_is_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "signals.md"
    page.write_text(f"above\n{OPENING}stale\n{CLOSING}below\n", encoding="utf-8")

    assert main(["--check"], page) == 1
    assert "stale" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == f"above\n{OPENING}stale\n{CLOSING}below\n"


def test_write_renews_only_what_stands_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "signals.md"
    page.write_text(f"above\n{OPENING}stale\n{CLOSING}below\n", encoding="utf-8")

    assert main(["--write"], page) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"above\n{OPENING}| signal |")
    assert text.endswith(f"|\n{CLOSING}below\n")
    assert main(["--check"], page) == 0


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "signals.md"
    page.write_text("no table here\n", encoding="utf-8")

    with pytest.raises(ValueError, match="once"):
        main(["--write"], page)
