"""Counterfactual transcripts differ in single words, and every grade that depends on them shows."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.counterfactuals import Counterfactuals, counterfactual_table
from qa_nlp.counterfactuals.rows import Counterfactual, KindCount
from qa_nlp.counterfactuals.spellings import spellings
from qa_nlp.counterfactuals.swaps import Swap, swapped, swaps_of
from qa_nlp.counterfactuals.word_lists import Axis, WordList, WordListsFile, load_word_lists
from qa_nlp.errors import ArtifactError, TranscriptError
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import HashEncoder, chat

FILE = load_word_lists()
LANGUAGES = ("en", "ro", "ru", "pt")
BOTH = (Role.AGENT, Role.CUSTOMER)
AXES = [
    pytest.param(kind, language, axis, id=f"{kind}-{language}-{axis.first}-{axis.second}")
    for kind, by_language in FILE.kinds.items()
    for language, axes in by_language.items()
    for axis in axes
]
SWAPS = [
    pytest.param(swap, id=f"{language}-{swap.variant}")
    for kind in FILE.kinds
    for language in LANGUAGES
    for swap in swaps_of(kind, language)
]


def swap_of(language: str, variant: str) -> Swap:
    """Find a swap by the beginning of its variant."""
    kind = variant.partition(":")[0]
    found = [swap for swap in swaps_of(kind, language) if swap.variant.startswith(variant)]
    assert len(found) == 1
    return found[0]


def turned(axis: Axis, kind: str) -> tuple[Swap, Swap]:
    """Give a swap between the pairs of an axis that can be taken back, and its way back."""
    lists = [words for words in axis.lists if words.direction == "both" and words.pairs]
    plain = axis.model_copy(update={"lists": tuple(lists)})
    return Swap(kind, plain, FILE.guards), Swap(kind, plain, FILE.guards, back=True)


def card(transcript: Transcript, level: str = "good", expected: float = 1.0) -> Scorecard:
    grade = Grade("empathy", GradeStatus.GRADED, level, expected=expected)
    return Scorecard(transcript.id, transcript.group_id, "demo", "1", grades=(grade,))


def fair(transcripts: Iterable[Transcript]) -> list[Scorecard]:
    """Grade by the number of turns."""
    return [
        card(view, "good" if len(view.turns) > 1 else "poor", len(view.turns))
        for transcript in transcripts
        for view in transcript.by_agent()
    ]


def unfair(transcripts: Iterable[Transcript]) -> Iterator[Scorecard]:
    """Grade agents lower who speak to a Fatima."""
    for transcript in transcripts:
        named = any("Fatima" in turn.text for turn in transcript.turns)
        yield card(transcript, "poor", 0.5) if named else card(transcript)


# The words that come with the library


@pytest.mark.parametrize(("kind", "language", "axis"), AXES)
def test_every_word_stands_once_in_its_group(kind: str, language: str, axis: Axis) -> None:
    for back in (False, True):
        usable = [w for w in axis.lists if w.direction != ("there" if back else "back")]
        words = [
            spelling[back]
            for part in usable
            for pair in part.pairs
            for form in part.forms(pair)
            for spelling in spellings(*form)
        ]

        # one list may hold a word twice only on the side that it is not looked for
        assert sorted({word for word in words if words.count(word) > 1}) == []


@pytest.mark.parametrize(("kind", "language", "axis"), AXES)
def test_counterparts_differ_and_neither_holds_the_other(
    kind: str, language: str, axis: Axis
) -> None:
    for words in axis.lists:
        for pair in words.pairs:
            for one, other in words.forms(pair):
                assert one != other
                assert not re.search(rf"\b{re.escape(one)}\b", other)
                assert not re.search(rf"\b{re.escape(other)}\b", one)
                assert min(len(one), len(other)) > 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_group_of_names_holds_twelve_or_more(language: str) -> None:
    for axis in FILE.kinds["name"][language]:
        pairs = [pair for words in axis.lists for pair in words.pairs]

        assert len({first for first, _ in pairs}) == len({second for _, second in pairs}) >= 12


def test_every_kind_has_words_in_every_language() -> None:
    assert sorted(FILE.kinds) == ["dialect", "gender", "name"]
    assert [set(languages) for languages in FILE.kinds.values()] == [set(LANGUAGES)] * 3


@pytest.mark.parametrize(("kind", "language", "axis"), AXES)
def test_every_form_of_a_list_of_one_direction_is_swapped_in_it(
    kind: str, language: str, axis: Axis
) -> None:
    for words in axis.lists:
        if words.direction == "both":
            continue
        back = words.direction == "back"
        swap = Swap(kind, axis.model_copy(update={"lists": (words,)}), FILE.guards, back)
        for pair in words.pairs:
            for form in words.forms(pair):
                one, other = form[::-1] if back else form
                (changed,) = swap.change([f"«{one}»"])
                assert changed.casefold() == f"«{other}»".casefold()


@pytest.mark.parametrize(("kind", "language", "axis"), AXES)
def test_every_form_is_swapped_and_swapped_back_alone(kind: str, language: str, axis: Axis) -> None:
    there, back = turned(axis, kind)
    for words in axis.lists:
        for pair in words.pairs if words.direction == "both" else ():
            for one, other in words.forms(pair):
                for spelt, its in spellings(one, other):
                    assert there.change([f"«{spelt}»"]) == (f"«{its}»",)
                    assert back.change([f"«{its}»"]) == (f"«{spelt}»",)


@functools.cache
def unguarded() -> list[tuple[Swap, Swap, list[str]]]:
    """Give swaps there and back of all lists without guards, and their first words as spelt."""
    found = []
    for kind, by_language in FILE.kinds.items():
        for axis in (axis for axes in by_language.values() for axis in axes):
            lists = [words for words in axis.lists if not words.not_after + words.not_before]
            free = axis.model_copy(update={"lists": tuple(lists)})
            forms = [
                form
                for words in lists
                if words.direction == "both"
                for pair in words.pairs
                for form in words.forms(pair)
            ]
            spelt = [one for form in forms for one, _ in spellings(*form)]
            if spelt:
                found.append((*turned(free, kind), spelt))
    return found


@given(st.data())
def test_swapping_back_gives_the_text_that_was_given(data: st.DataObject) -> None:
    there, back, words = data.draw(st.sampled_from(unguarded()))
    around = ["and", "3.50", "—", "x@y.org", ", ", ". ", "\n", "e\u0301"]
    pieces = st.one_of(st.sampled_from(words), st.sampled_from(around))
    texts = data.draw(st.lists(st.lists(pieces, max_size=6).map(" ".join), max_size=3))

    assert back.change(there.change(texts)) == tuple(texts)


@given(st.sampled_from([param.values[0] for param in SWAPS]), st.lists(st.text(max_size=40)))
def test_swap_changes_no_text_without_its_words(swap: Any, texts: list[str]) -> None:
    plain = [re.sub(r"[^\W\d_]", "", text) for text in texts]

    assert swap.change(plain) == tuple(plain)


# Where words are swapped


@pytest.mark.parametrize(
    "text",
    [
        "Emmaline",
        "gemma",
        "emma.bell@x.org",
        "bell@emma.org",
        "Emma-Jane",
        "Anna-Emma",
        "www.emma.com",
        "Emma_1",
        "eMMa",
        "Emma\u0301",
    ],
)
def test_name_is_left_alone_inside_a_word(text: str) -> None:
    assert swap_of("en", "name: women's").change([text]) == (text,)


def test_she_is_not_found_in_hershey_or_there() -> None:
    text = "Hershey's is there, the other one is in Sheffield."

    assert swap_of("en", "gender: women's").change([text]) == (text,)


@pytest.mark.parametrize(
    ("language", "variant", "text", "changed"),
    [
        ("en", "name: women's", "Hi EMMA, is this emma's?", "Hi JAMES, is this james's?"),
        ("en", "dialect: British", "Colour, colour, COLOUR.", "Color, color, COLOR."),
        ("en", "dialect: apostrophes", "I don’t, DON'T.", "I dont, DONT."),
        ("en", "dialect: standard English -> second", "It doesn’t.", "It don’t."),
        ("en", "gender: men's", "He's here with his son.", "She's here with her daughter."),
        ("en", "gender: women's", "Yes ma'am, Ms. Bell.", "Yes sir, Mr. Bell."),
        (
            "ro",
            "name: Romanian",
            "Coletul Ioanei, al lui Andrei.",
            "Coletul Ilonei, al lui László.",
        ),
        ("ro", "gender: men's", "Stimate Domnule Pop, un domn?", "Stimată Doamnă Pop, o doamnă?"),
        ("ro", "gender: men's", "Domnule, sunt foarte supărat.", "Doamnă, sunt foarte supărată."),
        ("ro", "dialect: diacritics", "ŞI mâine, și țara", "SI maine, si tara"),
        ("ru", "name: Slavic", "У Анны, с Анной; Ивану.", "У Лейлы, с Лейлой; Ахмеду."),
        ("ru", "gender: men's", "Девушка? Я не получил.", "Девушка? Я не получила."),
        ("ru", "dialect: ё", "Ещё ЁЛКА", "Еще ЕЛКА"),
        ("pt", "gender: men's", "O Senhor pode, obrigado.", "A Senhora pode, obrigada."),
        ("pt", "gender: men's", "Falei com o meu marido.", "Falei com a minha esposa."),
        ("pt", "name: women's", "Sou a Teresa, da equipa.", "Sou o Fernando, da equipa."),
        (
            "pt",
            "dialect: Brazilian",
            "Estou verificando a senha",
            "Estou a verificar a palavra-passe",
        ),
    ],
)
def test_words_are_swapped_in_their_form_and_case(
    language: str, variant: str, text: str, changed: str
) -> None:
    assert swap_of(language, variant).change([text]) == (changed,)


@pytest.mark.parametrize(
    ("language", "variant", "text"),
    [
        ("en", "name: women's", "Mrs. Emma Bell"),
        ("en", "gender: women's", "She said it is her bag."),
        ("ro", "name: women's", "Ioana, coletul Ioanei"),
        ("ro", "name: men's", "coletul lui Bogdan"),
        ("ru", "name: women's", "Анна звонила вчера"),
        ("ru", "name: women's", "Анна Сергеевна, добрый день"),
        ("ru", "name: women's", "Анна, это для Анны"),
        ("ru", "gender: men's", "мой муж звонил"),
        ("ru", "gender: women's", "эта девушка"),
        ("pt", "name: women's", "dona Teresa, bom dia"),
        ("pt", "gender: men's", "meu marido está cansado"),
    ],
)
def test_pair_is_left_alone_where_grammar_would_break(
    language: str, variant: str, text: str
) -> None:
    assert swap_of(language, variant).change([text]) == (text,)


def test_name_is_left_alone_where_its_counterpart_is_somebody_else() -> None:
    texts = ["Emma, I will ask James and Claire."]

    assert swap_of("en", "name: women's").change(texts) == ("Emma, I will ask James and Stephen.",)


def test_swapped_transcript_keeps_all_but_the_words_of_the_roles() -> None:
    turns = (
        Turn("agent", "Hi Emma.\r\n ", "Emma", "A1", 0.5, 1.5),
        Turn("customer", "Emma here", start=1.0, end=4.0, end_derived=True),
        Turn("system", "Emma joined", start=2.0),
    )
    given_ = Transcript("c1", turns, "chat", "en", "2026-01-02T03:04:05Z", {"agent": "Emma"}, "g")

    changed = swapped(swap_of("en", "name: women's"), given_, (Role.AGENT,))

    assert changed == replace(
        given_, turns=(replace(turns[0], text="Hi James.\r\n "), turns[1], turns[2])
    )


def test_transcript_without_such_words_is_not_changed() -> None:
    assert swapped(swap_of("en", "name: women's"), chat("c", "agent: Hello."), BOTH) is None


# The table


def test_unfair_grader_is_found() -> None:
    found = counterfactual_table(unfair, [chat("c1", "agent: Hi Emma.")], ["name"])

    flipped = [row for row in found.rows if row.flipped]
    assert flipped == [
        Counterfactual(
            "c1",
            "c1",
            "name",
            "name: English names -> African, Asian and East European names",
            "empathy",
            "good",
            "poor",
            1.0,
            0.5,
            True,
        )
    ]
    assert [rate.flip_rate for rate in found.summary(["variant"])] == [0.0, 1.0]
    assert [rate.mean_shift for rate in found.summary(["variant"])] == [0.0, -0.5]


def test_fair_grader_has_no_flips() -> None:
    calls = [
        chat("c1", "agent: Hi Emma, I apologise.", "customer: Thank you, sir."),
        chat("c2", "agent: Bună ziua, domnule.", language="ro"),
    ]

    found = counterfactual_table(fair, calls)

    assert len(found) > 4
    assert not any(row.flipped or row.shift for row in found.rows)


def test_changed_status_is_a_flip() -> None:
    def unsure(transcripts: Iterable[Transcript]) -> Iterator[Scorecard]:
        for one in transcripts:
            status = GradeStatus.ABSTAINED if "Fatima" in one.turns[0].text else GradeStatus.GRADED
            level = None if status is GradeStatus.ABSTAINED else "good"
            grade = Grade("empathy", status, level)
            yield Scorecard(one.id, one.group_id, "demo", "1", grades=(grade,))

    found = counterfactual_table(unsure, [chat("c1", "agent: Hi Emma.")], ["name"])

    assert [row.changed_level for row in found.rows if row.flipped] == ["abstained"]


def test_transcripts_are_counted_by_what_became_of_them() -> None:
    def sometimes(transcripts: Iterable[Transcript]) -> Iterator[Scorecard]:
        for one in transcripts:
            broken = "Rachel" in one.turns[0].text
            yield replace(card(one), error="no words", grades=()) if broken else card(one)

    calls = [
        chat("c1", "agent: Hi Emma."),
        chat("c2", "agent: Hello."),
        chat("c3", "agent: Hallo Emma.", language="de"),
        chat("c4", "agent: Hi Emma.", language=None),
        chat("c5", "agent: Hi Rachel."),
    ]

    found = counterfactual_table(sometimes, calls, {"name": ["agent"]})

    assert found.counts == (KindCount("name", ("agent",), 2, 1, 2, 1),)
    assert {row.transcript_id for row in found.rows} == {"c1"}


def test_each_transcript_is_scored_once_and_only_where_something_is_swapped() -> None:
    batches: list[list[Transcript]] = []

    def counting(transcripts: Iterable[Transcript]) -> list[Scorecard]:
        batches.append(list(transcripts))
        return fair(batches[-1])

    counterfactual_table(counting, [chat("c1", "agent: Hi Emma."), chat("c2", "agent: Hi.")])

    (batch,) = batches
    assert [one.id for one in batch].count("c1") == 1
    assert {one.group_id for one in batch} == {"c1"}
    assert len({one.id for one in batch}) == len(batch) == 3


def test_only_turns_of_the_stated_roles_are_changed() -> None:
    calls = [chat("c1", "agent: Hi.", "customer: I am Emma.")]

    agent = counterfactual_table(unfair, calls, {"name": ["agent"]})
    customer = counterfactual_table(unfair, calls, {"name": ["customer"]})

    assert (len(agent), agent.counts[0].roles) == (0, ("agent",))
    assert (len(customer), customer.counts[0].roles) == (2, ("customer",))
    assert set(customer.to_frame()["roles"]) == {"customer"}


def test_conversation_of_several_agents_has_rows_for_each() -> None:
    turns = [Turn("agent", "Hi Emma.", agent_id="A"), Turn("agent", "Hello.", agent_id="B")]

    found = counterfactual_table(fair, [Transcript("c1", turns, language="en")], ["name"])

    assert {(row.transcript_id, row.group_id) for row in found.rows} == {
        ("c1@A", "c1"),
        ("c1@B", "c1"),
    }


def test_language_can_be_told_by_a_function() -> None:
    calls = [chat("c1", "agent: Hi Emma.", language=None)]

    found = counterfactual_table(fair, calls, ["name"], language=lambda _: "en")

    assert found.counts[0].changed == 1


def test_scorer_gives_the_table_of_its_own_grades() -> None:
    rubric = Rubric.from_yaml(
        'format_version: 1\nid: demo\nversion: "1"\nname: Demo\nsections:\n  - id: all\n'
        "    name: All\n    criteria:\n      - id: length\n        question: Long enough?\n"
        '        levels: [{id: "no", value: 0}, {id: "yes", value: 1}]\n'
        "        signals: [{signal: conduct.turns, threshold: 2.5, weight: 50}]\n"
    )
    scorer = Scorer(rubric, encoder=HashEncoder())

    found = scorer.counterfactuals([chat("c1", "agent: Hi Emma, yes sir.")])

    assert {row.criterion for row in found.rows} == {"length"}
    assert not any(row.flipped for row in found.rows)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (["names"], "did you mean 'name'"),
        ("name", r"such as \['name'\]"),
        ({"name": ["agents"]}, "did you mean 'agent'"),
        ({"name": "agent"}, "must be a list"),
        ({"name": []}, "must be a list"),
    ],
)
def test_unknown_kind_or_role_is_refused(kinds: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        counterfactual_table(fair, [], kinds)


def test_single_transcript_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        counterfactual_table(fair, chat("c1"))  # type: ignore[arg-type]


def test_id_that_comes_twice_is_refused() -> None:
    with pytest.raises(TranscriptError, match=r"'c1'.*unique"):
        counterfactual_table(fair, [chat("c1", "agent: Hi."), chat("c1", "agent: Hi.")])


def test_missing_scorecard_is_refused_without_words() -> None:
    with pytest.raises(ValueError, match="no scorecard of 'c1'") as caught:
        counterfactual_table(lambda batch: fair(list(batch)[:0]), [chat("c1", "agent: Hi Emma.")])

    assert "Emma" not in str(caught.value)


def test_scorer_that_stops_early_is_refused() -> None:
    calls = [chat("c1", "agent: Hello."), chat("c2", "agent: Hi Emma.")]

    with pytest.raises(ValueError, match="no scorecard of 'c2'"):
        counterfactual_table(lambda _: [], calls)


# The result


@pytest.fixture
def found() -> Counterfactuals:
    """Give a result with flips."""
    return counterfactual_table(
        unfair, [chat("c1", "agent: Hi Emma, quokka.", "customer: Yes sir.", group_id="g1")]
    )


def test_result_holds_no_words_of_a_transcript(found: Counterfactuals) -> None:
    for text in (json.dumps(found.to_dict()), repr(found), found._repr_html_()):
        assert not re.search("quokka|Emma|Fatima|sir", text)


def test_result_read_back_is_equal(found: Counterfactuals, tmp_path: Path) -> None:
    path = found.write(tmp_path / "found.json")

    assert Counterfactuals.read(path) == found
    assert Counterfactuals.from_dict(found.to_dict()) == found


def test_summary_counts_flips_and_means_shifts(found: Counterfactuals) -> None:
    (names,) = [rate for rate in found.summary() if rate.group["kind"] == "name"]

    shifts = [row.changed_expected - row.expected for row in found.rows if row.kind == "name"]  # type: ignore[operator]
    assert names.group == {"kind": "name", "criterion": "empathy"}
    assert (names.n, names.transcripts, names.flips) == (2, 1, 1)
    assert names.flip_rate == 0.5
    assert names.mean_shift == pytest.approx(sum(shifts) / 2)
    assert names.mean_distance == pytest.approx(sum(map(abs, shifts)) / 2)


def test_shifts_that_cancel_out_leave_a_distance() -> None:
    row = Counterfactual("c", "c", "name", "name: a -> b", "x", "good", "poor", 0.5, 0.25, True)
    other = replace(row, variant="name: b -> a", changed_expected=0.75)

    (rate,) = Counterfactuals((row, other), ()).summary()

    assert (rate.mean_shift, rate.mean_distance) == (0.0, 0.25)


def test_rate_without_values_has_no_shift() -> None:
    row = Counterfactual("c", "c", "name", "name: a -> b", "x", "N/A", "good", None, 0.25, True)

    (rate,) = Counterfactuals((row,), ()).summary()

    assert (rate.flip_rate, rate.mean_shift, rate.mean_distance) == (1.0, None, None)


@pytest.mark.parametrize("shape", ["rows", "summary", "counts"])
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_tables_have_the_same_columns_with_and_without_rows(
    shape: Any, library: str, found: Counterfactuals
) -> None:
    full = found.to_frame(shape, library)
    empty = Counterfactuals((), ()).to_frame(shape, library)

    columns = "column_names" if library == "arrow" else "columns"
    assert list(getattr(full, columns)) == list(getattr(empty, columns))
    assert len(full) > len(empty) == 0


def test_unknown_shape_and_grouping_are_refused(found: Counterfactuals) -> None:
    with pytest.raises(ValueError, match="did you mean 'rows'"):
        found.to_frame("row")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="did you mean 'variant'"):
        found.summary(["variants"])


def test_empty_result_is_shown_without_a_table() -> None:
    empty = Counterfactuals((), (KindCount("name", ("agent",), 0, 3, 0, 0),))

    assert "3 without such words" in repr(empty)
    assert "<table>" not in empty._repr_html_()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "format 2"),
        ({"rows": None}, "rows must be a list"),
        ({"rows": [3]}, "rows, item 1: not an object"),
        ({"rows": [{"transcript_id": 3}]}, "rows, item 1: 'transcript_id'"),
        ({"counts": [{"kind": "name", "roles": "agent"}]}, "counts, item 1: 'roles'"),
    ],
)
def test_damaged_result_is_refused(
    change: dict[str, Any], message: str, found: Counterfactuals, tmp_path: Path
) -> None:
    path = tmp_path / "found.json"
    path.write_text(json.dumps({**found.to_dict(), **change}), encoding="utf-8")

    with pytest.raises(ArtifactError, match=f"found.json.*{message}"):
        Counterfactuals.read(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("flipped", "1"), ("expected", "1"), ("expected", float("nan")), ("expected", 10**400)],
    ids=["text for a truth", "text for a number", "no number", "too large"],
)
def test_field_of_another_type_is_refused(field: str, value: Any, found: Counterfactuals) -> None:
    data = found.to_dict()
    data["rows"][0][field] = value

    with pytest.raises(ArtifactError, match=f"item 1: '{field}'"):
        Counterfactuals.from_dict(data)


def test_file_that_is_missing_cut_off_or_of_another_ending_is_refused(
    tmp_path: Path, found: Counterfactuals
) -> None:
    (tmp_path / "cut.json").write_text('{"format_version": 1, "ro', encoding="utf-8")

    for name, message in [("cut.json", "cut off"), ("no.json", "no such file"), ("a.csv", ".json")]:
        with pytest.raises(ArtifactError, match=message):
            Counterfactuals.read(tmp_path / name)
    with pytest.raises(ArtifactError, match=r"\.json"):
        found.write(tmp_path / "found.csv")
    with pytest.raises(ArtifactError, match="object"):
        Counterfactuals.from_dict([])  # type: ignore[arg-type]


# The file


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "either pairs or letters"),
        ({"pairs": [["a", "b"]], "letters": ["a", "b"]}, "either pairs or letters"),
        ({"letters": ["ab", "c"]}, "each letter"),
        ({"pairs": [["Ana", "Bob"]], "endings": [["a", "a"]]}, "lack the first"),
    ],
)
def test_list_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WordList(**fields)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"guards": {"title": "(dr"}}, "guard 'title' is no regular expression"),
        ({"guards": {}}, "unknown guard"),
    ],
)
def test_file_with_a_broken_guard_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WordListsFile.model_validate({**FILE.model_dump(by_alias=True), **change})
