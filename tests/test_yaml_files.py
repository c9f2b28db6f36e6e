from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from qa_nlp.errors import RubricError
from qa_nlp.resources import resource_folder
from qa_nlp.yaml_files import YamlFile

OWN = sorted(resource_folder("rubric_prompts").rglob("*.yaml"))


def places(node: yaml.Node) -> Any:
    """Give the values of a document with their tags and where each begins."""
    begin = (node.start_mark.line, node.start_mark.column)
    if isinstance(node, yaml.MappingNode):
        inside = [(places(key), places(value)) for key, value in node.value]
        return node.tag, begin, inside
    if isinstance(node, yaml.SequenceNode):
        return node.tag, begin, [places(item) for item in node.value]
    return node.tag, begin, node.value


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_quick_parser_gives_the_same_values_in_the_same_places_when_a_file_is_our_own(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")

    plain, quick = YamlFile(text, "file"), YamlFile(text, "file", is_own=True)

    assert quick.data == plain.data
    assert places(quick._root) == places(plain._root)


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x", "a: !!str x", "a: 1\na: 2", "a: " + "[" * 100, "a: [", ""]
)
def test_quick_parser_refuses_what_the_other_refuses(text: str) -> None:
    with pytest.raises(RubricError):
        YamlFile(text, "file", is_own=True)


def test_file_of_a_user_is_read_by_the_strict_parser(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text("a: b\t# libyaml takes the tab", encoding="utf-8")

    with pytest.raises(RubricError, match=r"team\.yaml:1: not valid YAML"):
        YamlFile.read(path)
