from __future__ import annotations

import io
import json
import tracemalloc
import warnings
from pathlib import Path

import pytest

from qa_nlp.errors import TranscriptError, TranscriptWarning
from qa_nlp.importers import BadTranscript, ReadOptions, Transcripts, read_transcripts
from qa_nlp.importers.files import find_files
from qa_nlp.importers.registry import load_registry
from qa_nlp.importers.source import Source
from qa_nlp.transcript import Transcript


def line(name: str) -> str:
    return json.dumps({"id": name, "turns": [{"role": "agent", "text": f"I am {name}"}]}) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven transcripts in three files, none of them bad."""
    (tmp_path / "1.jsonl").write_text(line("a") + line("b") + line("c"))
    (tmp_path / "2.jsonl").write_text(line("d"))
    (tmp_path / "3.jsonl").write_text(line("e") + line("f") + line("g"))
    return tmp_path


@pytest.fixture
def broken(folder: Path) -> Path:
    """The same with a broken line, an empty file, a foreign file and an id that comes back."""
    (folder / "1.jsonl").write_text(line("a") + "{\n" + line("b") + line("c"))
    (folder / "2.empty").write_text(" \n")
    (folder / "2.jsonl").write_text(line("d") + line("a") + line("d"))
    (folder / "9.md").write_text("# Read me\n\nwords, secret words\n")
    return folder


def test_iteration_gives_every_transcript_every_time(folder: Path) -> None:
    calls = read_transcripts(folder)

    assert [call.id for call in calls] == [call.id for call in calls] == list("abcdefg")


@pytest.mark.parametrize("read_first", [False, True])
def test_length_index_and_slices_are_those_of_a_list(folder: Path, read_first: bool) -> None:
    expected = list("abcdefg")
    bounds = [None, *range(-9, 10, 3)]
    files, registry = find_files(folder), load_registry()
    for start in bounds:
        for stop in bounds:
            for step in (None, 1, 2, -1, -3):
                calls = Transcripts(files, registry, ReadOptions())
                if read_first:
                    assert len(calls) == 7
                picked = [call.id for call in calls[start:stop:step]]
                assert picked == expected[start:stop:step], (start, stop, step)
    calls = read_transcripts(folder)
    assert [calls[index].id for index in range(-7, 7)] == expected * 2
    assert [call.id for call in reversed(calls)] == expected[::-1]
    assert calls[3] in calls


@pytest.mark.parametrize("index", [7, -8, 100])
def test_index_beyond_the_end_is_refused(folder: Path, index: int) -> None:
    with pytest.raises(IndexError, match="there are 7"):
        read_transcripts(folder)[index]


def test_files_are_read_no_further_than_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    open_file = Source.open

    def open_and_note(source: Source) -> io.BufferedReader:
        opened.append(source.stem)
        return open_file(source)

    monkeypatch.setattr(Source, "open", open_and_note)
    calls = read_transcripts(folder)

    assert not opened
    assert next(iter(calls)).id == "a"
    assert [call.id for call in calls[:2]] == ["a", "b"]
    assert set(opened) == {"1"}
    assert len(calls) == 7
    opened.clear()
    assert calls[5].id == "f"
    assert set(opened) == {"3"}


def test_everything_in_order_with_iter_all(broken: Path) -> None:
    items = list(read_transcripts(broken).iter_all())

    told = [item.id if isinstance(item, Transcript) else Path(item.source).name for item in items]
    assert told == (
        ["a", "1.jsonl:2", "b", "c", "2.empty", "d", "2.jsonl", "2.jsonl", "e", "f", "g", "9.md"]
    )
    assert not any("secret" in str(item.error) for item in items if isinstance(item, BadTranscript))


def test_plain_iteration_warns_once_at_its_end(broken: Path) -> None:
    calls = read_transcripts(broken)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ids = [call.id for call in calls]

    assert ids == list("abcdefg")
    assert [(w.category, str(w.message)) for w in caught] == [
        (TranscriptWarning, "5 conversations could not be read and were left out; see .errors")
    ]
    assert Path(caught[0].filename) == Path(__file__)


def test_nothing_is_warned_of_when_nothing_is_bad_or_the_end_is_not_reached(broken: Path) -> None:
    calls = read_transcripts(broken)

    assert next(iter(calls)).id == "a"
    assert len(calls) == 7


def test_errors_are_listed_in_order_and_once_however_often_files_are_read(broken: Path) -> None:
    calls = read_transcripts(broken)
    assert calls.errors == []

    assert (len(calls), len(list(calls.iter_all()))) == (7, 12)
    assert calls[6].id == "g"

    assert [Path(bad.source).name for bad in calls.errors] == [
        "1.jsonl:2",
        "2.empty",
        "2.jsonl",
        "2.jsonl",
        "9.md",
    ]


@pytest.mark.parametrize("index", range(7))
def test_index_counts_good_transcripts_only_before_and_after_all_are_read(
    broken: Path, index: int
) -> None:
    calls = read_transcripts(broken)
    before = calls[index].id
    assert len(calls) == 7

    assert before == calls[index].id == "abcdefg"[index]


def test_ids_given_twice_are_bad_from_the_second_on(broken: Path) -> None:
    calls = read_transcripts(broken)
    assert len(calls) == 7

    again = [bad for bad in calls.errors if bad.id is not None]
    assert [(bad.id, Path(bad.source).name) for bad in again] == [
        ("a", "2.jsonl"),
        ("d", "2.jsonl"),
    ]
    assert "1.jsonl" in again[0].error.message
    assert "above" in again[1].error.message
    assert "ids must be unique" in again[0].error.message


def test_foreign_file_is_told_what_was_tried(broken: Path) -> None:
    (bad,) = read_transcripts(broken / "9.md").iter_all()

    assert isinstance(bad, BadTranscript)
    for name in ("jsonl", "contact_lens", "webvtt", "csv"):
        assert name in bad.error.message
    assert "name the format with format=" in bad.error.message


def test_named_format_is_used_whatever_the_content(broken: Path) -> None:
    (bad,) = read_transcripts(broken / "9.md", format="webvtt").iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.source.endswith("9.md:1")


@pytest.mark.parametrize(
    ("name", "hint"), [("jsnl", "did you mean 'jsonl' or 'json'"), ("web_vtt", "'webvtt'")]
)
def test_unknown_format_lists_near_matches(folder: Path, name: str, hint: str) -> None:
    with pytest.raises(TranscriptError, match=f"unknown format '{name}'.*{hint}"):
        read_transcripts(folder, format=name)


def test_repr_is_short_and_tells_files_and_formats(broken: Path) -> None:
    calls = read_transcripts(broken)
    before = repr(calls)
    assert len(calls) == 7

    assert before == "Transcripts(5 files, not read to the end yet)"
    assert repr(calls) == "Transcripts(7 in 5 files: jsonl 3; 5 could not be read)"


def test_notebook_display_is_a_short_table_with_escaped_names(folder: Path) -> None:
    for number in range(40):
        (folder / f"<b>{number}.jsonl").write_text(line(f"n{number}"))
    calls = read_transcripts(folder)
    assert len(calls) == 47

    shown = calls._repr_html_()

    assert shown.count("<tr>") == 1 + 20 + 1
    assert "&lt;b&gt;0.jsonl" in shown
    assert "<b>" not in shown
    assert "… and 23 more" in shown


def test_file_that_vanishes_while_it_is_read_is_bad(folder: Path) -> None:
    calls = read_transcripts(folder)
    (folder / "2.jsonl").unlink()

    items = list(calls.iter_all())

    assert [item.id for item in items if isinstance(item, Transcript)] == list("abcefg")
    assert "cannot be opened" in str(calls.errors[0].error)


def test_transcripts_is_the_type_that_is_given(folder: Path) -> None:
    assert isinstance(read_transcripts(folder), Transcripts)


def test_memory_does_not_grow_with_the_number_of_transcripts(tmp_path: Path) -> None:
    words = "word " * 20_000
    with (tmp_path / "x.jsonl").open("w") as file:
        for number in range(200):
            turns = [{"role": "agent", "text": words}]
            file.write(json.dumps({"id": str(number), "turns": turns}) + "\n")
    calls = read_transcripts(tmp_path)

    tracemalloc.start()
    count = sum(1 for _ in calls)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # The file has 20 MB; a few chunks and one transcript are all that is held.
    assert count == 200
    assert peak < 4_000_000
