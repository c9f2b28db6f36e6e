"""Human grades: their columns, and reading them from whatever people keep them in."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_nlp.errors import GradesError
from qa_nlp.grades import NOT_APPLICABLE, Grades, HumanGrade, read_grades
from qa_nlp.rubric import Criterion, Rubric
from qa_nlp.samples import load_samples
from tests.pace import takes_less_than

ROWS = [
    ("c1", "empathy", "Ana", "good"),
    ("c1", "greeting", "Ana", "N/A"),
    ("c2", "empathy", None, "4"),
]
GRADES = Grades.from_rows(ROWS)
LONG = (
    "transcript_id,criterion,rater,level\nc1,empathy,Ana,good\nc1,greeting,Ana,n/a\nc2,empathy,,4\n"
)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "grades.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def criterion(*ids: str, values: list[float] | None = None) -> Criterion:
    levels = [
        {"id": name, "value": value}
        for name, value in zip(ids, values or range(1, len(ids) + 1), strict=True)
    ]
    signal = {"signal": "phrase.greeting", "threshold": 0.5, "weight": 1}
    return Criterion.model_validate(
        {"id": "empathy", "question": "Q?", "levels": levels, "signals": [signal]}
    )


# the values


def test_grades_are_an_immutable_sequence_of_human_grades() -> None:
    assert len(GRADES) == 3
    assert GRADES[0] == HumanGrade("c1", "empathy", "Ana", "good")
    assert GRADES[-1].place == "row 3"
    assert [grade.level for grade in GRADES] == ["good", "N/A", "4"]
    assert GRADES[1:] == Grades.from_rows(ROWS[1:])
    assert GRADES[1:][0].place == "row 2"
    with pytest.raises(ValueError, match="read-only"):
        GRADES.levels[0] = "poor"
    with pytest.raises(AttributeError):
        GRADES.levels = GRADES.raters  # type: ignore[misc]
    with pytest.raises(IndexError):
        GRADES[3]


def test_grades_keep_their_own_columns_when_those_given_change() -> None:
    levels = np.array(["good", "poor"], dtype=object)
    grades = Grades(["c1", "c2"], ["empathy"] * 2, [None, None], levels, ["a", "b"])
    levels[0] = "fair"
    assert grades.levels.tolist() == ["good", "poor"]
    assert grades.places.tolist() == ["a", "b"]


def test_grades_are_equal_by_rows_wherever_these_were_written() -> None:
    ids, criteria, raters, levels = zip(*ROWS, strict=True)
    elsewhere = Grades(ids, criteria, raters, levels, places=["x", "y", "z"])
    assert elsewhere == GRADES
    assert hash(elsewhere) == hash(GRADES)
    assert Grades.from_rows(ROWS[::-1]) != GRADES
    assert ROWS != GRADES


def test_pickled_grades_are_the_same_and_still_immutable() -> None:
    again = pickle.loads(pickle.dumps(GRADES))
    assert again == GRADES
    assert again.places.tolist() == GRADES.places.tolist()
    assert not again.levels.flags.writeable


def test_repr_counts_people() -> None:
    assert repr(GRADES) == (
        "<Grades: 3 grades of 2 transcripts on 2 criteria by 1 rater and unknown people>"
    )
    assert repr(Grades.from_rows([])) == "<Grades: 0 grades of 0 transcripts on 0 criteria>"
    assert repr(Grades.from_rows(ROWS[2:])).endswith("on 1 criterion by unknown people>")


def test_grades_are_cut_by_transcript_and_criterion() -> None:
    assert GRADES.for_transcripts(["c2", "c9"]) == Grades.from_rows(ROWS[2:])
    assert GRADES.for_transcripts("c1") == Grades.from_rows(ROWS[:2])
    assert GRADES.for_criterion("empathy").transcript_ids.tolist() == ["c1", "c2"]
    assert len(GRADES.for_criterion("farewell")) == 0
    assert len(GRADES.for_transcripts([])) == 0


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_grades_read_back_from_their_frame(library: str) -> None:
    assert read_grades(GRADES.to_frame(library)) == GRADES


def test_to_frame_refuses_another_library() -> None:
    with pytest.raises(ValueError, match="did you mean 'pandas'"):
        GRADES.to_frame("panda")


@pytest.mark.parametrize("word", ["N/A", "n/a", "NA", "n.a.", "Not Applicable", " not_applicable "])
def test_every_spelling_of_not_applicable_is_one_level(word: str) -> None:
    assert Grades.from_rows([("c1", "empathy", None, word)]).levels.tolist() == [NOT_APPLICABLE]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (4, "4"), (4.0, "4"), (4.5, "4.5"), ("4.0", "4"), ("4.50", "4.50"), (np.int64(3), "3"),
        (np.float32(4.1), "4.1"), (Decimal("2.0"), "2"), (True, "true"), ("  good ", "good"),
    ],
)  # fmt: skip
def test_levels_become_their_shortest_text(cell: Any, text: str) -> None:
    assert Grades.from_rows([("c1", "empathy", "Ana", cell)]).levels.tolist() == [text]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("", "empathy", "Ana", "good"), "row 2: no transcript_id"),
        (("c1", " ", "Ana", "good"), "row 2: no criterion for transcript 'c1'"),
        (("c1", "empathy", "Ana", float("nan")), "row 2: no level for transcript 'c1', criterion"),
        (("c1", "empathy", "Ana", pd.NA), "keep_default_na=False"),
        (("c1", "empathy", "Ana", ["good"]), "row 2: a cell holds a list"),
        (("c1", "empathy", "good"), "row 2: a row must be"),
        ("abcd", "row 2: a row must be"),
    ],
)
def test_incomplete_row_is_an_error_with_its_place(row: Any, message: str) -> None:
    with pytest.raises(GradesError, match=message):
        Grades.from_rows([ROWS[0], row])


def test_columns_of_different_lengths_are_an_error() -> None:
    with pytest.raises(GradesError, match="different lengths"):
        Grades(["c1"], ["empathy", "empathy"], [None], ["good"])
    with pytest.raises(GradesError, match="must be a list"):
        Grades("c1", ["empathy"], [None], ["good"])


# levels as positions


def test_of_finds_levels_by_id_and_value_and_never_by_position() -> None:
    rows = [("c1", "empathy", "Ana", level) for level in ("poor", "3", 1, "n/a", "2.0", "good")]
    found = Grades.from_rows(rows).of(criterion("poor", "fair", "good"))
    assert found.levels.tolist() == [0, 2, 0, -1, 1, 2]
    assert found.levels.dtype == np.int64
    with pytest.raises(GradesError, match="has no level '0'"):
        Grades.from_rows([("c1", "empathy", "Ana", 0)]).of(criterion("poor", "fair", "good"))


def test_of_prefers_an_id_to_a_value_however_the_number_is_written() -> None:
    question = criterion("1.0", "2.0", values=[2, 30])
    assert Grades.from_rows([("c1", "empathy", None, "2.0")]).of(question).levels.tolist() == [1]


@settings(max_examples=50)
@given(st.data())
def test_of_agrees_with_the_criterion_itself(data: st.DataObject) -> None:
    question = criterion("poor", "fair", "good", values=[0, 0.5, 2])
    texts: list[str | float] = [
        *(level.id for level in question.levels),
        0,
        "0.0",
        0.5,
        "0.50",
        "2",
        2.0,
    ]
    names = data.draw(st.lists(st.sampled_from(texts)))
    found = Grades.from_rows([("c1", "empathy", "Ana", name) for name in names]).of(question)
    assert found.levels.tolist() == [question.levels.index(question.level(n)) for n in names]


def test_applicable_leaves_out_not_applicable() -> None:
    found = Grades.from_rows([*ROWS, ("c3", "empathy", "Ben", "NA")]).of(
        criterion("poor", "fair", "good", "best")
    )
    assert len(found) == 3
    kept = found.applicable()
    assert kept.transcript_ids.tolist() == ["c1", "c2"]
    assert kept.raters.tolist() == ["Ana", None]
    assert kept.levels.tolist() == [2, 3]


def test_of_unknown_level_names_place_criterion_and_near_matches(
    written: Callable[..., Path],
) -> None:
    path = written(LONG.replace("good", "god").replace(",4", ",god"))
    with pytest.raises(GradesError) as caught:
        read_grades(path).of(criterion("poor", "good", values=[1, 5]))
    assert str(caught.value) == (
        f"{path}:2 (and in 1 more places): criterion 'empathy' has no level 'god'; did you mean "
        "'good'? (values: 1, 5); write a level's id, its value or N/A"
    )


def test_messages_do_not_show_a_long_cell_which_may_be_what_somebody_said() -> None:
    words = "I told you my card number three times already and nobody listens"
    with pytest.raises(GradesError, match=r"a text of \d+ characters") as caught:
        Grades.from_rows([("c1", "empathy", None, words)]).of(criterion("poor", "good"))
    assert "card" not in str(caught.value)


# files


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (LONG, "grades.csv"),
        ("\ufeff" + LONG, "grades.csv"),
        (LONG.replace(",", ";"), "grades.csv"),
        (LONG.replace(",", "\t").replace("\n", "\r\n"), "grades.TSV"),
        ("\n  \n" + LONG.replace("c2", "\n,,,\n c2 "), "grades.txt"),
        ("sep=;\r\n" + LONG.replace(",", ";"), "grades.csv"),
    ],
)
def test_csv_of_any_separator_is_read(
    written: Callable[..., Path], content: str, name: str
) -> None:
    assert read_grades(written(content, name)) == GRADES


def test_places_name_file_and_line_also_after_line_breaks_in_cells(
    written: Callable[..., Path],
) -> None:
    text = 'transcript_id,note,criterion,level\nc1,"two\nlines",empathy,1\n\nc2,,empathy,2\n'
    path = written(text)
    assert read_grades(path).places.tolist() == [f"{path}:2", f"{path}:5"]


def test_jsonl_is_read(written: Callable[..., Path]) -> None:
    names = ("transcript_id", "criterion", "rater", "level")
    lines = [json.dumps(dict(zip(names, row, strict=True))) for row in ROWS]
    lines[2] = lines[2].replace('"4"', "4.0").replace(', "rater": null', "")
    path = written("\ufeff" + "\n\n".join(lines), "grades.jsonl")
    assert read_grades(path) == GRADES
    assert read_grades(path).places.tolist() == [f"{path}:{line}" for line in (1, 3, 5)]


def test_parquet_is_read_also_with_dots_in_names(tmp_path: Path) -> None:
    table = pa.table({"Call.ID": [17, 18], "Q1. Empathy": [4.0, None], "Q1": [1, 1], "x": ["", ""]})
    path = tmp_path / "grades.parquet"
    import pyarrow.parquet as pq

    pq.write_table(table, path)
    grades = read_grades(path, {"transcript_id": "Call.ID", "empathy": "Q1. Empathy"})
    assert grades == Grades.from_rows([("17", "empathy", None, 4)])
    assert grades.places.tolist() == [f"{path}: row 1"]


def test_lists_and_patterns_of_files_are_read_once_each(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    head, *rows = LONG.splitlines()
    first, second = (
        written(f"{head}\n{rows[0]}\n", "a.csv"),
        written(f"{head}\n{rows[1]}\n", "b.csv"),
    )
    written("nonsense", ".hidden.csv")
    expected = Grades.from_rows(ROWS[:2])
    assert read_grades([first, str(second)]) == expected
    assert read_grades(str(tmp_path / "*.csv")) == expected
    assert read_grades([tmp_path / "*.csv", first]) == expected


def test_a_file_with_brackets_in_its_name_is_no_pattern(written: Callable[..., Path]) -> None:
    assert read_grades(written(LONG, "grades[1].csv")) == GRADES


def test_columns_are_renamed_and_rater_may_be_missing(written: Callable[..., Path]) -> None:
    path = written("Call ID,Question,Score,Analyst\n17,empathy,4,Ana\n")
    columns = {"transcript_id": "Call ID", "criterion": "Question", "level": "Score"}
    assert read_grades(path, columns).raters.tolist() == [None]
    assert read_grades(path, {**columns, "rater": "Analyst"}).raters.tolist() == ["Ana"]


def test_wide_form_takes_a_column_for_each_criterion(written: Callable[..., Path]) -> None:
    path = written(
        "Call ID,Analyst,Empathy (1-5),Greeting\n17,Ana,4,yes\n18,,, N/A\n,,,\n19,Ben,,\n"
    )
    columns = {
        "transcript_id": "Call ID",
        "rater": "Analyst",
        "empathy": "Empathy (1-5)",
        "greeting": "Greeting",
    }
    grades = read_grades(path, columns)
    assert grades == Grades.from_rows(
        [
            ("17", "empathy", "Ana", 4),
            ("17", "greeting", "Ana", "yes"),
            ("18", "greeting", "", "NA"),
        ]
    )
    assert grades.places.tolist() == [f"{path}:2", f"{path}:2", f"{path}:3"]


def test_criterion_stands_for_the_column_that_is_not_there(written: Callable[..., Path]) -> None:
    path = written("transcript_id,level\nc1,4\n")
    assert read_grades(path, criterion="empathy")[0].criterion == "empathy"
    with pytest.raises(GradesError, match="has a column 'criterion'"):
        read_grades(written(LONG), criterion="empathy")


def test_ids_of_a_float_column_are_whole_numbers() -> None:
    frame = pd.DataFrame({"transcript_id": [17.0, 18.0], "criterion": "empathy", "level": [1, 2.5]})
    grades = read_grades(frame)
    assert grades.transcript_ids.tolist() == ["17", "18"]
    assert grades.levels.tolist() == ["1", "2.5"]
    assert grades.places.tolist() == ["row 1", "row 2"]


def test_frames_of_several_libraries_give_the_same_grades() -> None:
    data = {"transcript_id": ["c1", "c2"], "criterion": ["empathy"] * 2, "level": [4, 5]}
    expected = Grades.from_rows([("c1", "empathy", None, 4), ("c2", "empathy", None, 5)])
    rows = [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    sources: list[Any] = [
        pd.DataFrame(data, index=["x", "y"]), pd.DataFrame(data).astype("category"),
        pd.DataFrame(data).convert_dtypes(), pl.DataFrame(data), pl.LazyFrame(data), pa.table(data),
        pa.RecordBatch.from_pydict(data), rows, iter(rows), expected,
    ]  # fmt: skip
    for source in sources:
        assert read_grades(source) == expected
    assert read_grades(expected) is expected


def test_names_of_columns_are_read_without_the_spaces_around_them(tmp_path: Path) -> None:
    data: dict[str, list[Any]] = {" Call ID ": ["c1"], "criterion ": ["empathy"], " level": [4]}
    table = pa.table(data)
    import pyarrow.parquet as pq

    parquet, lines, comma = (tmp_path / f"a.{ending}" for ending in ("parquet", "jsonl", "csv"))
    pq.write_table(table, parquet)
    row = {name: cells[0] for name, cells in data.items()}
    lines.write_text(json.dumps(row), "utf-8")
    comma.write_text(f"{','.join(row)}\n{','.join(map(str, row.values()))}\n", "utf-8")
    sources: list[Any] = [
        pd.DataFrame(data), pl.DataFrame(data), pl.LazyFrame(data), table,
        pa.RecordBatch.from_pydict(data), [row], parquet, lines, comma,
    ]  # fmt: skip
    for source in sources:
        for ours, theirs in (("transcript_id", "Call ID"), (" transcript_id ", " Call ID ")):
            grades = read_grades(source, {ours: theirs})
            assert grades == Grades.from_rows([("c1", "empathy", None, 4)])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"": "level"}, "columns gives 'level' no name"),
        ({" ": "level"}, "columns gives 'level' no name"),
        ({"empathy": "level", " empathy": "criterion"}, "columns has a name twice"),
    ],
)
def test_our_names_in_columns_are_neither_empty_nor_twice(
    written: Callable[..., Path], columns: dict[str, str], message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        read_grades(written(LONG), columns)


def test_our_names_in_columns_are_read_without_the_spaces_around_them(
    written: Callable[..., Path],
) -> None:
    path = written("transcript_id,Empathy\nc1,4\n")
    assert read_grades(path, {" empathy ": "Empathy"})[0].criterion == "empathy"


def test_a_number_of_too_many_digits_is_an_error_with_its_place(
    written: Callable[..., Path],
) -> None:
    with pytest.raises(GradesError, match=r"a\.jsonl:2: not JSON; write one object on each line"):
        read_grades(written('{}\n{"level": ' + "1" * 5_000 + "}", "a.jsonl"))


def test_a_level_that_pandas_read_as_nothing_tells_how_to_keep_it(
    written: Callable[..., Path],
) -> None:
    frame = pd.read_csv(written(LONG))
    with pytest.raises(GradesError, match=r"row 2: no level .* keep_default_na=False"):
        read_grades(frame)
    assert read_grades(pd.read_csv(written(LONG), keep_default_na=False)) == GRADES


def test_sample_grades_are_read() -> None:
    grades = read_grades(load_samples().grades)
    assert {len(grades.of(c)) for c in Rubric.load("service_excellence").criteria} == {134}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", r"a.csv:1: the file is empty"),
        ("a.csv", "transcript_id,criterion,level\n", r"a.csv: holds no grades"),
        ("a.csv", LONG + "c3,empathy,Ana,\n", r"a.csv:5: no level for transcript 'c3'"),
        ("a.csv", LONG + ",empathy,Ana,good\n", r"a.csv:5: no transcript_id"),
        ("a.csv", LONG + "c3,empathy\n", r"a.csv:5: no level"),
        ("a.csv", LONG + "c3,empathy,Ana,good,x\n", r"a.csv:5: 5 cells, but the header has 4"),
        ("a.csv", LONG + '"c3,empathy\n', r"a.csv:5: not CSV"),
        ("a.csv", LONG.encode() + b"c3,emp\xe9,A,1\n", r"a.csv:5: not UTF-8"),
        ("a.csv", LONG.encode("utf-16"), r"a.csv:1: not UTF-8; save it as CSV UTF-8"),
        ("a.csv", "transcript_id,level,level,criterion\nc,1,1,e\n", "two columns are called"),
        (
            "a.csv",
            LONG.replace("transcript_id", "transcript"),
            "no column 'transcript_id'; did you mean 'transcript'",
        ),
        ("a.csv", "transcript_id,level\nc1,4\n", "give criterion='…'"),
        ("a.jsonl", "", r"a.jsonl:1: the file is empty"),
        ("a.jsonl", '{"transcript_id": "c1",\n', r"a.jsonl:1: not JSON \(column"),
        ("a.jsonl", "\n[1]\n", r"a.jsonl:2: a list, not an object"),
        ("a.jsonl", b'{"a": "\xe9"}', r"a.jsonl:1: not UTF-8"),
        ("a.jsonl", '{"transcript_id": "c1", "criterion": "e", "level": {}}', "cell holds a dict"),
        ("a.parquet", b"PAR1 no", r"a.parquet: not a Parquet file, or cut off"),
        ("a.xlsx", b"PK", "save the sheet as CSV UTF-8"),
        ("a.json", "[]", "grades are read from .csv, .tsv, .txt, .jsonl, .parquet"),
    ],
)
def test_unreadable_file_is_an_error_with_its_place(
    written: Callable[..., Path], name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        read_grades(written(content, name))


def test_truncated_parquet_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"transcript_id": ["c"] * 999}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(GradesError, match="not a Parquet file, or cut off"):
        read_grades(path)


def test_missing_column_hints_at_the_wide_form(written: Callable[..., Path]) -> None:
    path = written("Call ID,Empathy,Greeting\n17,4,1\n")
    with pytest.raises(GradesError) as caught:
        read_grades(path)
    assert "columns={'transcript_id': 'Call ID', 'empathy': 'Empathy'}" in str(caught.value)
    with pytest.raises(GradesError, match=r"no column 'Empaty' \(for 'empathy'\); did you mean"):
        read_grades(path, {"transcript_id": "Call ID", "empathy": "Empaty"})


def test_missing_column_of_a_frame_hints_at_its_index() -> None:
    frame = pd.DataFrame({"transcript_id": ["c1"], "criterion": "e", "level": 1})
    with pytest.raises(GradesError, match=r"reset_index\(\)"):
        read_grades(frame.set_index("transcript_id"))


@pytest.mark.parametrize(
    ("columns", "criterion", "message"),
    [
        ({"empathy": "E", "level": "L"}, None, "and also 'level'"),
        ({"empathy": "E"}, "empathy", "and also criterion="),
        ({"criterion": "C"}, "empathy", "without a column for it"),
        ({"level": "L", "rater": "L"}, None, "names the column 'L' twice"),
        (["level"], None, "columns must map"),
        (None, " ", "must be the id"),
    ],
)
def test_contradictory_arguments_are_an_error(
    columns: Any, criterion: str | None, message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        read_grades([], columns, criterion=criterion)


def test_paths_that_cannot_be_read_are_errors(written: Callable[..., Path], tmp_path: Path) -> None:
    written(LONG)
    with pytest.raises(GradesError, match=r"no such file; did you mean 'grades.csv'"):
        read_grades(tmp_path / "grade.csv")
    with pytest.raises(GradesError, match=r"is a folder; give its files, or a pattern"):
        read_grades(tmp_path)
    with pytest.raises(GradesError, match="matches no file"):
        read_grades(str(tmp_path / "*.tsv"))
    with pytest.raises(GradesError, match="a path of") as caught:
        read_grades(LONG)
    assert "empathy" not in str(caught.value)


@pytest.mark.parametrize("source", [3, None, b"a.csv", {"transcript_id": ["c1"]}])
def test_other_sources_are_refused_by_name(source: Any) -> None:
    with pytest.raises(GradesError, match=f"cannot be read from a {type(source).__name__}"):
        read_grades(source)


def test_rows_that_are_no_mappings_are_an_error() -> None:
    with pytest.raises(GradesError, match=r"row 1: a tuple, not a mapping; .* Grades.from_rows"):
        read_grades([("c1", "empathy", "Ana", "good")])


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(
    str.strip
)


@settings(max_examples=50)
@given(st.lists(st.tuples(CELL, CELL, st.none() | CELL, CELL), min_size=1), st.sampled_from(",;\t"))
def test_any_rows_survive_a_csv_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], separator: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "grades.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["transcript_id", "criterion", "rater", "level"])
        writer.writerows(rows)
    assert read_grades(path) == Grades.from_rows(rows)


@pytest.mark.slow
def test_a_million_rows_are_read_in_ten_seconds(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    with path.open("w") as file:
        file.write("transcript_id,criterion,rater,level\n")
        file.writelines(f"call-{i // 5},q{i % 5},R{i % 30},{i % 4}\n" for i in range(1_000_000))
    with takes_less_than(10):
        grades = read_grades(path)
    assert len(grades) == 1_000_000
