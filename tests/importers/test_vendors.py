"""All vendors' importers together: no file that two claim, no wrong value that ends badly."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from qa_nlp.importers import BadTranscript, ReadOptions, Source, read_transcripts
from qa_nlp.importers.convokit import ConvoKit
from qa_nlp.importers.reading import read_file
from qa_nlp.importers.vendors import VENDOR_IMPORTERS
from qa_nlp.transcript import Transcript

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "importers"
FORMATS: Final = {
    "assemblyai.json": "assemblyai",
    "aws_pca.json": "aws_pca",
    "contact_lens_chat.json": "contact_lens",
    "contact_lens_realtime.json": "contact_lens",
    "contact_lens_voice.json": "contact_lens",
    "convokit/utterances.jsonl": "convokit",
    "deepgram.json": "deepgram",
    "deepgram_channels.json": "deepgram",
    "genesys.json": "genesys",
    "google_api_call.json": "google_insights",
    "google_api_chat.json": "google_insights",
    "google_upload.json": "google_insights_upload",
    "intercom.json": "intercom",
    "twilio.json": "twilio",
    "whisper.json": "whisper",
    "whisper_cpp.json": "whisper",
    "whisperx.json": "whisper",
    "zendesk_comments.json": "zendesk",
    "zendesk_log.json": "zendesk_log",
}
SECRET: Final = "SECRETWORDS"
WRONG: Final[tuple[Any, ...]] = (
    None,
    True,
    -7,
    1.5e300,
    10**400,
    SECRET,
    "",
    "\ud83d",
    [],
    [SECRET],
    [[SECRET]],
    {},
    {SECRET: SECRET},
)
JSON_FILES: Final = [name for name in FORMATS if name.endswith(".json")]


def paths_in(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(document, (dict, list)):
        pairs = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in pairs:
            yield from paths_in(value, (*path, key))


def replaced(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def spoilt(document: Any) -> Iterator[Any]:
    """Give the document with one value after the other wrong, and with one after the other gone."""
    for place in paths_in(document):
        for value in WRONG:
            yield replaced(document, place, value)
        if place:
            yield without(document, place)


def without(document: Any, path: tuple[str | int, ...]) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return changed


class Held(Source):
    """A file whose first record is not on disk."""

    def __init__(self, path: Path, record: Any) -> None:
        super().__init__(path)
        self._record = record

    def first_record(self) -> Any:
        return self._record


def check(item: Transcript | BadTranscript, name: str) -> None:
    if isinstance(item, BadTranscript):
        assert name in item.source
        assert "failed on this file" not in item.error.message
        assert SECRET not in str(item.error)
    else:
        json.dumps(item.to_dict(), allow_nan=False).encode()


def test_names_are_unique() -> None:
    names = [importer.name for importer in VENDOR_IMPORTERS]

    assert len(set(names)) == len(names)
    assert set(FORMATS.values()) == set(names)


@pytest.mark.parametrize(("name", "expected"), FORMATS.items())
def test_each_file_is_known_to_one_importer_only(name: str, expected: str) -> None:
    source = Source(FIXTURES / name)

    assert [one.name for one in VENDOR_IMPORTERS if one.sniff(source)] == [expected]


@pytest.mark.parametrize(("name", "expected"), FORMATS.items())
def test_content_and_not_the_extension_tells_the_format(
    tmp_path: Path, name: str, expected: str
) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes((FIXTURES / name).read_bytes())

    assert {call.metadata["format"] for call in read_transcripts(path)} == {expected}


@pytest.mark.parametrize("name", JSON_FILES)
def test_wrong_value_anywhere_is_a_transcript_or_a_bad_one_and_never_a_traceback(
    tmp_path: Path, name: str
) -> None:
    document = json.loads((FIXTURES / name).read_text())
    changed = [document, *spoilt(document)]
    path = tmp_path / "export.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in changed))
    importer = next(one for one in VENDOR_IMPORTERS if one.name == FORMATS[name])

    items = list(importer.read(Source(path), ReadOptions()))

    assert len(items) == len(changed)
    for item in items:
        check(item, path.name)
    assert {type(item) for item in items} == {Transcript, BadTranscript}


@pytest.mark.parametrize("name", JSON_FILES)
def test_wrong_value_anywhere_does_not_upset_who_knows_the_file(name: str) -> None:
    for record in spoilt(json.loads((FIXTURES / name).read_text())):
        source = Held(FIXTURES / name, record)
        knowing = [one.name for one in VENDOR_IMPORTERS if one.sniff(source)]
        assert knowing in ([FORMATS[name]], [])


def test_wrong_value_in_a_line_or_a_companion_of_a_corpus_is_no_traceback(tmp_path: Path) -> None:
    names = ("utterances.jsonl", "speakers.json", "conversations.json")
    texts = {name: (FIXTURES / "convokit" / name).read_text() for name in names}
    lines = [line for line in texts["utterances.jsonl"].splitlines() if line]

    def read_with(name: str, text: str) -> None:
        (tmp_path / name).write_text(text)
        for item in read_file(Source(tmp_path / names[0]), ConvoKit(), ReadOptions()):
            check(item, ".json")

    for name in names:
        (tmp_path / name).write_text(texts[name])
    for name in names[1:]:
        for changed in spoilt(json.loads(texts[name])):
            read_with(name, json.dumps(changed))
        (tmp_path / name).write_text(texts[name])
    for changed in spoilt(json.loads(lines[0])):
        read_with(names[0], "\n".join([json.dumps(changed), *lines[1:]]))


@pytest.mark.parametrize("importer", VENDOR_IMPORTERS, ids=lambda importer: importer.name)
@pytest.mark.parametrize("text", ["{}", "[]", "[3]", "3", '"x"', "null", '{"a": 1}\n{"a": 2}'])
def test_other_json_is_not_known_and_harms_nobody_who_insists(
    tmp_path: Path, importer: Any, text: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)

    assert not importer.sniff(Source(path))
    for item in read_transcripts(path, format=importer.name).iter_all():
        assert isinstance(item, BadTranscript)


@pytest.mark.parametrize("name", JSON_FILES)
def test_conversations_in_a_list_or_one_a_line_are_all_read(tmp_path: Path, name: str) -> None:
    document = json.loads((FIXTURES / name).read_text())
    (tmp_path / "list.json").write_text(json.dumps([document]))
    (tmp_path / "lines.jsonl").write_text(f"{json.dumps(document)}\n\n{json.dumps(document)}\n")

    (listed,) = read_transcripts(tmp_path / "list.json")
    first, second = read_transcripts(tmp_path / "lines.jsonl").iter_all()

    assert listed.metadata["format"] == FORMATS[name]
    assert isinstance(first, Transcript)
    if first.id.startswith("lines:"):
        assert second == Transcript(**{**_parts(first), "id": "lines:3", "group_id": ""})
    else:
        assert isinstance(second, BadTranscript)  # the same id again


def _parts(call: Transcript) -> dict[str, Any]:
    names = ("turns", "channel", "language", "started_at", "metadata")
    return {name: getattr(call, name) for name in names}
