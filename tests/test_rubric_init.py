"""A team's table of questions becomes a commented rubric."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.errors import RubricError
from qa_nlp.phrase_bank import shipped_banks
from qa_nlp.rubric import Rubric
from qa_nlp.rubric_init import rubric_from_csv
from qa_nlp.signal_suggestions import DEFAULTS, MEASURES, SYNONYMS, WITHIN, suggest_signals

TABLE = """\
Question,Levels,Weight,Section,Critical,ID,Description
Did the agent greet the customer?,no|partly|yes,2,Opening,,hello,A name is not needed.
Was the caller's identity verified?,no|yes|N/A,,Opening,yes,,
How well did the agent listen?,1|2|3|4|5,0.5,Soft skills,no,,
"Was the ticket tagged, in the end?",no|yes,,,,,
"""


def made(folder: Path, table: str = TABLE, encoding: str = "utf-8") -> str:
    path = folder / "questions.csv"
    path.write_text(table, encoding=encoding, newline="")
    return rubric_from_csv(path, rubric_id="team", name="Team form")


def rubric(folder: Path, table: str = TABLE) -> Rubric:
    return Rubric.from_yaml(made(folder, table))


def finding(folder: Path, table: str) -> str:
    with pytest.raises(RubricError) as caught:
        made(folder, table)
    assert str(caught.value).startswith(str(folder / "questions.csv"))
    return str(caught.value).removeprefix(f"{folder / 'questions.csv'}:")


def test_rubric_holds_what_the_table_says(tmp_path: Path) -> None:
    form = rubric(tmp_path)

    assert (form.id, form.name, form.version) == ("team", "Team form", "1.0")
    assert [(section.id, section.name) for section in form.sections] == [
        ("opening", "Opening"),
        ("soft_skills", "Soft skills"),
        ("questions", "Questions"),
    ]
    hello, identity, listen, ticket = form.criteria
    assert (hello.id, hello.weight, hello.guidance) == ("hello", 2, "A name is not needed.")
    assert [level.id for level in hello.levels] == ["no", "partly", "yes"]
    assert [level.points for level in hello.levels] == [0, 1, 2]
    assert (identity.id, identity.critical, identity.weight) == (
        "caller_identity_verified",
        True,
        1,
    )
    assert [level.id for level in identity.levels] == ["no", "yes"]
    assert [level.value for level in listen.levels] == [1, 2, 3, 4, 5]
    assert (listen.weight, listen.critical) == (0.5, False)
    assert ticket.question == "Was the ticket tagged, in the end?"


def test_rubric_suggests_signals_and_says_that_they_are_suggestions(tmp_path: Path) -> None:
    text = made(tmp_path)
    hello, identity, listen, ticket = Rubric.from_yaml(text).criteria

    assert "SUGGESTIONS" in text.splitlines()[2]
    assert "# suggested because of: greet" in text
    assert hello.signals[0].column == "phrase.greeting [first 3 agent turns]"
    assert [use.signal for use in identity.signals] == ["phrase.identity_check"]
    assert "conduct.overlap_share" in [use.signal for use in listen.signals]
    assert "# No signal fits the words of this question" in text
    assert [use.signal for use in ticket.signals] == [default.signal for default in DEFAULTS]


def test_rubric_says_what_became_of_not_applicable(tmp_path: Path) -> None:
    assert "# N/A stood among the answers. It is no level: state not_applicable_if" in (
        made(tmp_path)
    )


def test_critical_question_gets_one_signal_that_can_decide(tmp_path: Path) -> None:
    table = "question,levels,critical\nDid the agent avoid promises and guarantees?,no|yes,x\n"

    criterion = rubric(tmp_path, table).criteria[0]

    (use,) = criterion.signals
    assert (use.signal, use.direction) == ("phrase.guarantee", "less")
    assert use.weight * (use.threshold - 0.97) < -2.94  # P(fail) above .95 at a near-certain find
    assert use.weight * (use.threshold - 0.30) > 2.94  # and below .05 at the noise floor


def test_header_is_read_whatever_its_case_spaces_and_order(tmp_path: Path) -> None:
    table = " LEVELS , Question \n no | yes ,Did  the agent   greet?\n"

    criterion = rubric(tmp_path, table).criteria[0]

    assert criterion.question == "Did the agent greet?"
    assert [level.id for level in criterion.levels] == ["no", "yes"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_table_may_be_separated_otherwise(tmp_path: Path, separator: str) -> None:
    rows = [["question", "levels", "weight"], ["Was it, all in all, good?", "no|yes", "2,5"]]
    table = "\r\n".join(separator.join(row) for row in rows)

    assert rubric(tmp_path, table).criteria[0].weight == 2.5


def test_table_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert Rubric.from_yaml(made(tmp_path, encoding="utf-8-sig")).id == "team"


def test_answers_in_other_scripts_keep_their_words(tmp_path: Path) -> None:
    table = "question,levels\nАгент поздоровался?,нет|да\nO agente saudou?,não|sim\n"

    first, second = rubric(tmp_path, table).criteria

    assert [(level.id, level.description) for level in first.levels] == [
        ("level_1", "нет"),
        ("level_2", "да"),
    ]
    assert [(level.id, level.description) for level in second.levels] == [
        ("nao", "não"),
        ("sim", ""),
    ]


def test_ids_are_distinct_when_questions_are_alike(tmp_path: Path) -> None:
    table = "question,levels,id\nWas it good?,no|yes,\nWas it good!,no|yes,\nOther?,no|yes,good\n"

    assert [criterion.id for criterion in rubric(tmp_path, table).criteria] == [
        "good_2",
        "good_3",
        "good",
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("", "1: the file is empty"),
        ("question,levels\n", "1: no questions below the header"),
        ("question\nA?\n", "1: the column 'levels' is missing"),
        ("question,levls\nA?,no|yes\n", "1: unknown column 'levls'; did you mean 'levels'?"),
        ("question,levels,\nA?,no|yes,\n", "1: unknown column 'without a name'"),
        ("question,levels,Levels\n", "1: two columns are called 'levels'"),
        ("question,levels\nA?,no|yes\n,no|yes\n", "3: the question is empty"),
        ("question,levels\nA?,no|yes\n\na?,no|yes\n", "4: the question of line 2 is asked again"),
        ("question,levels\nA?,no\n", "2: levels must be 2 to 25 answers from worst to best"),
        ("question,levels\nA?,no||yes\n", "2: levels must be 2 to 25 answers"),
        ("question,levels\nA?,\n", "2: levels must be 2 to 25 answers"),
        ("question,levels\nA?,yes|no\n", "2: levels go from worst to best: write 'no|yes'"),
        ("question,levels\nA?,3|2|1\n", "2: levels go from worst to best: the numbers must"),
        ("question,levels\nA?,1|2|great\n", "2: levels must be either all numbers or all words"),
        ("question,levels\nA?,no|No!|yes\n", "2: two levels read the same"),
        ("question,levels,weight\nA?,no|yes,much\n", "2: the weight must be a number above 0"),
        ("question,levels,weight\nA?,no|yes,0\n", "2: the weight must be a number above 0"),
        ("question,levels,weight\nA?,no|yes,-1\n", "2: the weight must be a number above 0"),
        ("question,levels,weight\nA?,no|yes,nan\n", "2: the weight must be a number above 0"),
        ("question,levels,critical\nA?,no|yes,maybe\n", "2: critical must be yes or no"),
        ("question,levels,id\nA?,no|yes,a b\n", "2: the id 'a b' must be at most 64 letters"),
        ("question,levels,id\nA?,no|yes,a\nB?,no|yes,a\n", "3: the id 'a' is given twice"),
        ("question,levels\nA, or B?,no|yes\n", "2: 3 cells, but the header has 2"),
        ('question,levels\n"A?"x,no|yes\n', "2: not CSV"),
        ('question,levels\nA?,no|yes\n"B?,no|yes\n', "3: not CSV"),
        (f"question,levels\n{'A' * 2001},no|yes\n", "2: the question is longer than 2,000"),
        ('question,levels\n"A\nb\nc?",no|yes\nB?,no\n', "5: levels must be 2 to 25 answers"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_bad_row_is_named_with_its_line(tmp_path: Path, table: str, problem: str) -> None:
    assert finding(tmp_path, table).startswith(problem)


def test_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_bytes("question,levels\nOk?,no|yes\nEmpathie montrée?,non|oui\n".encode("cp1252"))

    with pytest.raises(RubricError, match=r"questions\.csv:3: not UTF-8 .* save it as UTF-8"):
        rubric_from_csv(path, rubric_id="team", name="Team")


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text(TABLE, encoding="utf-8")

    with pytest.raises(RubricError, match=r"no such file; did you mean 'questions\.csv'\?"):
        rubric_from_csv(tmp_path / "question.csv", rubric_id="team", name="Team")
    with pytest.raises(RubricError, match="is a folder, not a file"):
        rubric_from_csv(tmp_path, rubric_id="team", name="Team")


def test_impossible_rubric_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text(TABLE, encoding="utf-8")

    with pytest.raises(RubricError, match="id: "):
        rubric_from_csv(path, rubric_id="our form", name="Team")


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(
    questions=st.lists(WORDS, min_size=1, max_size=4, unique_by=lambda w: " ".join(w.split())),
    section=WORDS,
    description=WORDS,
    name=WORDS.filter(str.strip),
)
def test_any_words_survive(
    tmp_path_factory: pytest.TempPathFactory,
    questions: list[str],
    section: str,
    description: str,
    name: str,
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["question", "levels", "section", "description"])
    writer.writerows([f"Q{n} {q}", "no|yes", section, description] for n, q in enumerate(questions))
    path = tmp_path_factory.mktemp("any") / "questions.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")

    form = Rubric.from_yaml(rubric_from_csv(path, rubric_id="team", name=name))

    assert form.name == " ".join(name.split())
    assert [criterion.question for criterion in form.criteria] == [
        " ".join(f"Q{n} {question}".split()) for n, question in enumerate(questions)
    ]


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_a_rubric_or_a_rubric_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "questions.csv"
    path.write_text(f"question,levels\n{text}", encoding="utf-8", newline="")

    with contextlib.suppress(RubricError):
        assert rubric_from_csv(path, rubric_id="team", name="Team").startswith("# Written from")


@pytest.mark.parametrize(
    ("question", "signal"),
    [
        ("Did the agent apologise for the trouble?", "phrase.apology"),
        ("Did the agent introduce themselves?", "phrase.self_introduction"),
        ("Was the customer told that the call is recorded?", "phrase.recording_notice"),
        ("Did the agent ask permission before a hold?", "phrase.hold_request"),
        ("Did the agent keep from blaming the customer?", "phrase.blaming_customer"),
        ("Was the agent courteous and professional?", "phrase.rudeness"),
        ("Did the agent show empathy?", "phrase.empathy_statement"),
        ("Did the agent explain the next steps?", "phrase.next_steps"),
        ("Were replies prompt?", "conduct.response_time_median"),
        ("Did the agent interrupt?", "conduct.overlap_share"),
        ("Did the agent ask probing questions?", "conduct.agent_questions"),
        ("Was the customer satisfied at the end?", "phrase.resolution_check"),
    ],
)
def test_suggestion_fits_the_question(question: str, signal: str) -> None:
    assert suggest_signals(question)[0].signal == signal


@given(st.text(max_size=200))
def test_suggestions_are_few_and_distinct_for_any_words(words: str) -> None:
    signals = [suggestion.signal for suggestion in suggest_signals(words)]

    assert 1 <= len(signals) <= 3
    assert len(set(signals)) == len(signals)


def test_suggestion_table_names_banks_that_exist() -> None:
    assert set(SYNONYMS) | set(WITHIN) <= set(shipped_banks())
    assert len({suggestion.signal for suggestion in MEASURES}) == len(MEASURES)
