"""Phrase bank files: the shipped ones, and how mistakes in one are reported."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import jsonschema
import pytest

from qa_nlp.errors import RubricError
from qa_nlp.phrase_bank import (
    comparable,
    load_bank_file,
    shipped_banks,
)
from qa_nlp.transcript import Role
from qa_nlp.yaml_files import YamlFile

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "rubric_prompts/schemas/phrase_bank.schema.json").read_text("utf-8"))

VALID = """\
format_version: 1
id: discount
name: Discount offer
purpose: The agent offers a lower price.
kind: standard
samples:
  en:
    - I can take ten percent off.
    - We could lower the monthly fee.
look_alikes:
  en:
    - The discount code has expired.
"""


def written(folder: Path, text: str = VALID, name: str = "discount.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def finding(path: Path) -> str:
    with pytest.raises(RubricError) as caught:
        load_bank_file(path)
    return str(caught.value)


@pytest.mark.parametrize("name", list(shipped_banks()))
def test_shipped_bank_is_well_made(name: str) -> None:
    path = shipped_banks()[name]
    bank = load_bank_file(name)

    assert bank.id == name
    assert bank.samples.keys() == bank.look_alikes.keys() == {"en", "ro", "ru", "pt"}
    assert all(len(sentences) >= 15 for sentences in bank.samples.values())
    assert all(len(sentences) >= 10 for sentences in bank.look_alikes.values())
    assert path.read_text(encoding="utf-8").splitlines()[0] == (
        "# yaml-language-server: $schema=../schemas/phrase_bank.schema.json"
    )
    jsonschema.validate(YamlFile.read(path).data, SCHEMA)


def test_shipped_banks_hold_the_standard_and_the_forbidden_phrases() -> None:
    kinds = {name: load_bank_file(name).kind for name in shipped_banks()}

    assert len(kinds) >= 25
    assert {name for name, kind in kinds.items() if kind == "forbidden"} >= {
        "blaming_customer",
        "dismissal",
        "guarantee",
        "pressure",
        "rudeness",
        "sensitive_data_request",
    }


def test_shipped_banks_share_no_sentence() -> None:
    places: dict[str, list[str]] = defaultdict(list)

    for name in shipped_banks():
        bank = load_bank_file(name)
        for field in (bank.samples, bank.look_alikes):
            for sentences in field.values():
                for sentence in sentences:
                    places[comparable(sentence)].append(name)

    assert {sentence: names for sentence, names in places.items() if len(names) > 1} == {}


def test_bank_is_loaded_from_a_path(tmp_path: Path) -> None:
    bank = load_bank_file(written(tmp_path))

    assert bank == load_bank_file(str(tmp_path / "discount.yaml"))
    assert bank.role is Role.AGENT
    assert bank.samples == {
        "en": ("I can take ten percent off.", "We could lower the monthly fee.")
    }


def test_bank_needs_no_look_alikes(tmp_path: Path) -> None:
    text = VALID[: VALID.index("look_alikes")]

    assert load_bank_file(written(tmp_path, text)).look_alikes == {}


def test_unknown_bank_lists_near_matches() -> None:
    with pytest.raises(RubricError, match=r"no phrase bank 'greting' .* did you mean 'greeting'\?"):
        load_bank_file("greting")


def test_missing_file_lists_near_matches(tmp_path: Path) -> None:
    written(tmp_path)

    assert "no such file; did you mean 'discount.yaml'?" in finding(tmp_path / "discuont.yaml")


def test_bank_in_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, name="rebate.yaml")

    assert finding(path) == (
        f"{path}:2: id: the bank 'discount' must be in a file called 'discount.yaml'"
    )


def test_sentence_that_is_both_sample_and_look_alike_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, VALID + "    - i can take ten percent OFF!\n")

    assert finding(path).startswith(f"{path}:13: look_alikes.en[1]: ")
    assert "is both a sample and a look-alike" in finding(path)


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("purpose:", "purpse:", 4, "purpse: unknown field 'purpse'; did you mean 'purpose'?"),
        ("kind: standard", "kind: optional", 5, "kind: must be 'standard' or 'forbidden'"),
        ("format_version: 1", "format_version: 9", 1, "format_version: must be 1, not 9"),
        ("    - We could lower the monthly fee.", "    - 5", 9, "samples.en[1]: must be text"),
        ("    - We could lower the monthly fee.", "    - ' '", 9, "samples.en[1]: must have"),
        ("look_alikes:\n  en:", "look_alikes:\n  ro:", 11, "look_alikes.ro: look-alikes in a"),
        ("samples:\n  en:", "samples:\n  English:", 7, "samples.English: must match pattern"),
    ],
)
def test_bank_names_file_line_path_and_near_matches(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    path = written(tmp_path, VALID.replace(old, new, 1))

    assert f"{path}:{line}: {problem}" in finding(path)


@pytest.mark.parametrize("samples", ["samples: {}", "samples: {en: []}"])
def test_bank_without_samples_is_refused(tmp_path: Path, samples: str) -> None:
    start, end = VALID.index("samples:"), VALID.index("look_alikes:")
    path = written(tmp_path, VALID[:start] + samples + "\n" + VALID[end:])

    assert "needs at least 1 of them" in finding(path)


def test_language_called_no_is_norwegian(tmp_path: Path) -> None:
    path = written(tmp_path, VALID.replace("  en:", "  no:"))

    assert list(load_bank_file(path).samples) == ["no"]
