"""Studies of plain tables: levels as numbers, names or mappings, and what is known besides."""

from __future__ import annotations

from typing import Any

import pytest

from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from tests.agreement.study_world import LEVELS

MACHINE = [at % 3 for at in range(30)]
PEOPLE = [(at + (at % 5 == 0)) % 3 for at in range(30)]


def table(
    levels: list[Any], rater: str | None = None, criterion: str = "tone"
) -> list[dict[str, Any]]:
    return [
        {"transcript_id": f"c{at}", "criterion": criterion, "rater": rater, "level": level}
        for at, level in enumerate(levels)
    ]


def study(machine: list[Any], human: list[Any], *given: Any, **options: Any) -> AgreementStudy:
    return AgreementStudy.from_tables(
        table(machine), table(human, "Ana"), *given, **{"rounds": 100, **options}
    )


def test_levels_are_the_numbers_that_occur_when_none_are_given() -> None:
    found = study([one + 1 for one in MACHINE], [one + 1.0 for one in PEOPLE])
    part = found.to_dict()["criteria"][0]

    assert part["levels"] == ["1", "2", "3"]
    assert part["values"] == [1, 2, 3]
    assert found.figure("exact", "tone").value == 0.8


def test_levels_keep_decimals_when_numbers_are_close() -> None:
    found = study([1234567.25, 1234567.5] * 15, [1234567.5, 1234567.5] * 15).to_dict()

    assert found["criteria"][0]["levels"] == ["1234567.25", "1234567.5"]
    assert found["criteria"][0]["machine_human"]["exact"]["value"] == 0.5


@pytest.mark.parametrize(
    "levels",
    [
        LEVELS,
        list(LEVELS),
        {"poor": 0, "fair": 1, "good": 2},
        {"tone": LEVELS},
        {"tone": {"poor": 0, "fair": 1, "good": 2}},
    ],
)
def test_figures_are_the_same_when_levels_are_named_in_any_form(levels: Any) -> None:
    plain = study(MACHINE, PEOPLE)
    named = study([LEVELS[at] for at in MACHINE], [LEVELS[at] for at in PEOPLE], levels)

    for name in ("exact", "quadratic_kappa", "pearson", "mae", "smd"):
        assert named.figure(name, "tone") == plain.figure(name, "tone")
    assert named.to_dict()["total"] == plain.to_dict()["total"]


def test_values_of_levels_count_when_they_are_given() -> None:
    uneven = study([LEVELS[at] for at in MACHINE], [LEVELS[at] for at in PEOPLE],
                   {"poor": 0, "fair": 1, "good": 10})  # fmt: skip

    assert uneven.to_dict()["criteria"][0]["values"] == [0, 1, 10]
    gaps = [abs((0, 1, 10)[a] - (0, 1, 10)[b]) for a, b in zip(MACHINE, PEOPLE, strict=True)]
    assert uneven.figure("mae", "tone").value == pytest.approx(sum(gaps) / 30)


def test_criteria_have_levels_of_their_own_when_they_differ() -> None:
    machine = [*table(MACHINE), *table(["no", "yes"] * 15, criterion="notice")]
    human = [*table(PEOPLE, "Ana"), *table(["yes", "yes"] * 15, "Ana", "notice")]
    levels = {"tone": [0, 1, 2], "notice": ["no", "yes"]}
    found = AgreementStudy.from_tables(machine, human, levels, rounds=100).to_dict()

    assert [one["levels"] for one in found["criteria"]] == [["0", "1", "2"], ["no", "yes"]]


def test_total_runs_from_0_to_100_when_levels_are_1_to_5() -> None:
    from qa_nlp.agreement.parts.total import totals_of

    found = study([1, 5, 3, 2] * 5, [1, 4, 5, 1] * 5)
    totals = totals_of(found._material)

    assert totals.machine[:4].tolist() == [0, 100, 50, 25]
    assert totals.human[:4].tolist() == [0, 75, 100, 0]


def test_na_is_understood_when_tables_hold_it() -> None:
    found = study(["n/a", "good", "poor"] * 10, ["N/A", "good", "fair"] * 10, LEVELS)

    assert found.figure("exact", "tone").n == 20
    assert found.to_dict()["criteria"][0]["applicability"]["exact"]["value"] == 1.0


def metadata_rows() -> list[dict[str, Any]]:
    return [
        {
            "transcript_id": f"c{at}",
            "team": "north" if at % 2 else "south",
            "queue": None if at < 5 else "sales",
            "group_id": f"g{at // 2}",
            "started_at": f"2025-0{1 + at // 15}-03",
        }
        for at in range(30)
    ]


@pytest.mark.parametrize("library", ["rows", "pandas", "polars", "arrow"])
def test_metadata_gives_groups_when_it_comes_from_any_library(library: str) -> None:
    rows: Any = metadata_rows()
    if library == "pandas":
        rows = pytest.importorskip("pandas").DataFrame(rows)
    elif library == "polars":
        rows = pytest.importorskip("polars").DataFrame(rows)
    elif library == "arrow":
        rows = pytest.importorskip("pyarrow").Table.from_pylist(rows)
    found = study(MACHINE, PEOPLE, metadata=rows, by=["team", "queue"]).to_dict()
    groups = {(row["by"], row["group"]): row["transcripts"] for row in found["data"]["groups"]}

    assert groups == {("team", "north"): 15, ("team", "south"): 15, ("queue", "sales"): 25}
    assert found["data"]["clusters"] == 15
    assert {row["period"] for row in found["drift"]} == {"2025-01", "2025-02"}


def test_metadata_fits_when_a_library_made_ids_decimal_or_left_cells_empty() -> None:
    pandas = pytest.importorskip("pandas")
    ids = [float(at) for at in range(30)]
    frame = pandas.DataFrame({"transcript_id": ids, "team": ["a", "b"] * 15})
    frame["shift"] = pandas.array([1] * 20 + [pandas.NA] * 10, dtype="Int64")
    rows = [
        {"transcript_id": at, "criterion": "tone", "level": level}
        for at, level in enumerate(MACHINE)
    ]
    found = AgreementStudy.from_tables(
        rows, rows, metadata=frame, by=["team", "shift"], rounds=100
    ).to_dict()

    counts = {row["group"]: row["transcripts"] for row in found["data"]["groups"]}
    assert counts == {"a": 15, "b": 15, "1": 20}


def test_tables_of_pandas_and_grades_are_taken_when_given() -> None:
    pandas = pytest.importorskip("pandas")
    first = study(MACHINE, PEOPLE).to_dict()
    second = AgreementStudy.from_tables(
        pandas.DataFrame(table(MACHINE)),
        Grades.from_rows(
            [(one["transcript_id"], "tone", "Ana", one["level"]) for one in table(PEOPLE)]
        ),
        rounds=100,
    ).to_dict()

    assert first == second


@pytest.mark.parametrize(
    ("machine", "human", "levels", "words"),
    [
        (["good"], ["poor"], None, r"row 1: the level of 'tone' is no number.*levels=…"),
        (["great"], ["poor"], LEVELS, "row 1: criterion 'tone' has no level 'great'"),
        (["good"], ["great"], LEVELS, "no human grade can be used"),
        (["good"], ["poor"], ("poor", "poor", "good"), "must be different and in order"),
        (["2"], ["1"], ("2", "1"), "must be different and in order, worst first"),
        (["good"], ["poor"], {"good": 2, "poor": 1}, "must be different and in order"),
        (["good"], ["poor"], {"poor": "low", "good": "high"}, "their values numbers"),
        (["good"], ["poor"], {"poor": float("nan"), "good": 1}, "their values numbers"),
        (["good"], ["poor"], [], "must be different and in order"),
        (["good"], ["poor"], "poor", "must be a list or a mapping"),
        (["good"], ["poor"], 3, "must be a list or a mapping"),
        (["good"], ["poor"], ["n/a", *LEVELS], "N/A is always known"),
        (["good"], ["poor"], {"tine": LEVELS}, "'tone' has no levels; did you mean 'tine'"),
        (list(range(60)), list(range(60)), None, "60 different levels; round them to 50"),
    ],
)
def test_tables_say_what_is_wrong_when_levels_do_not_fit(
    machine: list[Any], human: list[Any], levels: Any, words: str
) -> None:
    with pytest.raises(GradesError, match=words):
        study(machine, human, levels)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ([{"team": "north"}], "metadata, row 1: no transcript_id"),
        ([3], "metadata, row 1: no transcript_id"),
        ({"transcript_id": ["c1"]}, "metadata must be a table"),
        ("about.csv", "metadata must be a table"),
        (
            [{"transcript_id": "x", "team": "a"}],
            "no transcript of the metadata has a machine grade",
        ),
        (
            [{"transcript_id": "c1", "team": "a"}, {"transcript_id": "c1", "team": "b"}],
            "metadata, row 2: transcript 'c1' is there twice",
        ),
    ],
)
def test_metadata_says_what_is_wrong_when_it_cannot_be_read(metadata: Any, words: str) -> None:
    with pytest.raises(GradesError, match=words):
        study(MACHINE, PEOPLE, metadata=metadata)


def test_machine_grades_are_refused_when_one_stands_twice() -> None:
    with pytest.raises(
        GradesError, match="row 2: the machine grades 'tone' of transcript 'c0' twice"
    ):
        AgreementStudy.from_tables([table([1])[0], table([2])[0]], table([1, 2], "Ana"))
