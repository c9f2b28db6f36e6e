"""Rubrics: what loads, and how every mistake is reported."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.errors import RubricError
from qa_nlp.phrase_bank import shipped_banks
from qa_nlp.rubric import Condition, Criterion, Rubric, SignalUse, shipped_rubrics
from qa_nlp.signals.conduct import CONDUCT
from qa_nlp.signals.emotion import EMOTION
from qa_nlp.signals.empathy import EMPATHY
from qa_nlp.signals.required import required_specs
from qa_nlp.signals.rule_matchers import CompiledRules
from qa_nlp.signals.sentiment import SENTIMENT
from qa_nlp.signals.tone import TONE
from qa_nlp.yaml_files import YamlFile

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "rubric_prompts/schemas/rubric.schema.json").read_text("utf-8"))

VALID = """\
format_version: 1
id: team
version: "1.0"
name: Team
rules:
  - id: sorry
    name: Sorry
    patterns:
      - so sorry
      - - LOWER: {IN: [sorry, apologies]}
sections:
  - id: opening
    name: Opening
    criteria:
      - id: greeting
        question: Did the agent greet the customer?
        levels:
          - {id: no, value: 0}
          - {id: yes, value: 1}
        signals:
          - signal: phrase.greeting
            within: first 3 agent turns
            threshold: 0.5
            weight: 4
      - id: warmth
        question: Was the greeting warm?
        applies_if: {criterion: greeting, levels: [yes]}
        levels:
          - {id: cold, value: 0, points: 0}
          - {id: mild, value: 1, points: 1}
          - {id: warm, value: 2, points: 2}
        not_applicable_if:
          - {signal: conduct.turns, below: 3}
        cutpoints: [-1, 1]
        signals:
          - {signal: empathy.emotional_reactions, threshold: 0.5, weight: 2}
"""


def changed(old: str, new: str) -> tuple[str, int]:
    """Change the valid rubric in one place; give its text and the line of the change."""
    assert VALID.count(old) == 1, old
    return VALID.replace(old, new), VALID[: VALID.index(old)].count("\n") + 1


def finding(text: str, name: str = "team.yaml") -> str:
    with pytest.raises(RubricError) as caught:
        Rubric.from_yaml(text, name)
    return str(caught.value)


def test_rubric_loads_when_valid() -> None:
    rubric = Rubric.from_yaml(VALID)

    assert [criterion.id for criterion in rubric.criteria] == ["greeting", "warmth"]
    assert rubric.criterion("greeting").signals[0].column == "phrase.greeting [first 3 agent turns]"
    assert rubric.criterion("warmth").prior_cutpoints == (-1, 1)


def test_level_called_no_stays_text() -> None:
    criterion = Rubric.from_yaml(VALID).criterion("greeting")

    assert [level.id for level in criterion.levels] == ["no", "yes"]
    assert criterion.level("yes").points == 1


def test_level_is_found_by_id_or_value() -> None:
    criterion = Rubric.from_yaml(VALID).criterion("warmth")

    assert {criterion.level(name).id for name in ("warm", 2, "2", "2.0")} == {"warm"}
    with pytest.raises(RubricError, match="did you mean 'warm'"):
        criterion.level("worm")


def test_level_written_as_number_is_its_own_value() -> None:
    text, _ = changed("{id: cold, value: 0, points: 0}", "{id: 0}")
    text = text.replace("{id: mild, value: 1, points: 1}", "{id: 2.5}")
    text = text.replace("{id: warm, value: 2, points: 2}", "{id: 5}")

    levels = Rubric.from_yaml(text).criterion("warmth").levels

    assert [(level.id, level.value, level.points) for level in levels] == [
        ("0", 0, 0),
        ("2.5", 2.5, 2.5),
        ("5", 5, 5),
    ]


def test_applies_if_names_levels_by_number_when_they_are_numbers() -> None:
    text, _ = changed("{id: no, value: 0}", "{id: 0}")
    text = text.replace("{id: yes, value: 1}", "{id: 1}").replace("levels: [yes]", "levels: [1]")

    condition = Rubric.from_yaml(text).criterion("warmth").applies_if

    assert condition is not None
    assert condition.levels == ("1",)


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        pytest.param(
            "            threshold: 0.5",
            "            treshold: 0.5",
            "sections[0].criteria[0].signals[0].treshold",
            "unknown field 'treshold'; did you mean 'threshold'?",
            id="misspelt field",
        ),
        pytest.param(
            "rules:\n",
            "ruls:\n",
            "ruls",
            "unknown field 'ruls'; did you mean 'rules'?",
            id="misspelt field at the top",
        ),
        pytest.param(
            "{criterion: greeting, levels: [yes]}",
            "{criteria: greeting, levels: [yes]}",
            "sections[0].criteria[1].applies_if.criteria",
            "unknown field 'criteria'; did you mean 'criterion'?",
            id="misspelt field below an optional part",
        ),
        pytest.param(
            "{signal: conduct.turns, below: 3}",
            "{signal: conduct.turns, bellow: 3, above: 1}",
            "sections[0].criteria[1].not_applicable_if[0].bellow",
            "unknown field 'bellow'; did you mean 'below'?",
            id="misspelt field in a condition",
        ),
        pytest.param(
            "{signal: conduct.turns, below: 3}",
            "{signal: a, below: 3, unless: {signal: b, below: 1, unles: {}}}",
            "sections[0].criteria[1].not_applicable_if[0].unless.unles",
            "unknown field 'unles'; did you mean 'unless'?",
            id="misspelt field in an exception",
        ),
        pytest.param(
            "{signal: conduct.turns, below: 3}",
            "{signal: conduct.turns}",
            "sections[0].criteria[1].not_applicable_if[0]",
            "give exactly one of 'above' and 'below'",
            id="condition without a bound",
        ),
        pytest.param(
            "{id: mild, value: 1, points: 1}",
            "{id: mild, value: 3, points: 1}",
            "sections[0].criteria[1].levels[2]",
            "levels go from worst to best: 'warm' must have a higher value than 'mild'",
            id="level order",
        ),
        pytest.param(
            "{id: mild, value: 1, points: 1}",
            "{id: mild, value: 1, points: 9}",
            "sections[0].criteria[1].levels[2]",
            "and no fewer points",
            id="points order",
        ),
        pytest.param(
            "{id: mild, value: 1, points: 1}",
            "{id: cold, value: 1, points: 1}",
            "sections[0].criteria[1].levels[1].id",
            "two levels have the id 'cold'",
            id="two levels with one id",
        ),
        pytest.param(
            "{id: mild, value: 1, points: 1}",
            "{id: '2', value: 1, points: 1}",
            "sections[0].criteria[1].levels[2].value",
            "this value is another level's id",
            id="value that is another id",
        ),
        pytest.param(
            "{id: warm, value: 2, points: 2}",
            "{id: n/a, value: 2, points: 2}",
            "sections[0].criteria[1].levels[2].id",
            "'N/A' is not a level; state not_applicable_if instead",
            id="N/A as a level",
        ),
        pytest.param(
            "          - {id: no, value: 0}\n",
            "",
            "sections[0].criteria[0].levels",
            "needs at least 2 of them",
            id="one level",
        ),
        pytest.param(
            "{id: yes, value: 1}",
            "{id: yes}",
            "sections[0].criteria[0].levels[1].value",
            "is missing",
            id="missing value",
        ),
        pytest.param(
            "        question: Did the agent greet the customer?\n",
            "",
            "sections[0].criteria[0].question",
            "is missing",
            id="missing question",
        ),
        pytest.param(
            "- id: warmth",
            "- id: greeting",
            "sections[0].criteria[1].id",
            "two criteria have the id 'greeting'",
            id="two criteria with one id",
        ),
        pytest.param(
            "criterion: greeting,",
            "criterion: greting,",
            "sections[0].criteria[1].applies_if.criterion",
            "must name a criterion above this one, not 'greting'; did you mean 'greeting'?",
            id="applies_if names no criterion",
        ),
        pytest.param(
            "criterion: greeting,",
            "criterion: warmth,",
            "sections[0].criteria[1].applies_if.criterion",
            "must name a criterion above this one, not 'warmth'",
            id="applies_if names itself",
        ),
        pytest.param(
            "levels: [yes]}",
            "levels: [yess]}",
            "sections[0].criteria[1].applies_if.levels[0]",
            "criterion 'greeting' has no level 'yess'; did you mean 'yes'?",
            id="applies_if names no level",
        ),
        pytest.param(
            "within: first 3 agent turns",
            "within: first three turns",
            "sections[0].criteria[0].signals[0].within",
            "cannot read the scope 'first three turns'; write 'anywhere', 'first 3 agent turns'",
            id="bad scope",
        ),
        pytest.param(
            "cutpoints: [-1, 1]",
            "cutpoints: [1, -1]",
            "sections[0].criteria[1].cutpoints",
            "cutpoints must be 2 increasing numbers",
            id="falling cutpoints",
        ),
        pytest.param(
            "cutpoints: [-1, 1]",
            "cutpoints: [0]",
            "sections[0].criteria[1].cutpoints",
            "cutpoints must be 2 increasing numbers",
            id="too few cutpoints",
        ),
        pytest.param(
            "            weight: 4",
            "            weight: 0",
            "sections[0].criteria[0].signals[0].weight",
            "must be greater than 0, not 0",
            id="weight of zero",
        ),
        pytest.param(
            "            weight: 4",
            "            weight: .nan",
            "sections[0].criteria[0].signals[0].weight",
            "must be",
            id="weight that is no number",
        ),
        pytest.param(
            'version: "1.0"',
            "version: 1.0",
            "version",
            "must be text, not 1.0; put it in quotes",
            id="version without quotes",
        ),
        pytest.param(
            "format_version: 1",
            "format_version: 2",
            "format_version",
            "must be 1, not 2",
            id="other format version",
        ),
        pytest.param(
            "      - so sorry",
            "      - [sorry]",
            "rules[0].patterns[0][0]",
            "must be 'name: value' pairs, not 'sorry'",
            id="pattern of bare words",
        ),
        pytest.param(
            "      - so sorry",
            "      - {LOWER: sorry}",
            "rules[0].patterns[0]",
            "must be text or a list, not 'name: value' pairs",
            id="pattern without a list",
        ),
        pytest.param(
            "      - so sorry",
            "      - 5",
            "rules[0].patterns[0]",
            "must be text or a list, not 5",
            id="pattern that is a number",
        ),
        pytest.param(
            "      - so sorry",
            "      - []",
            "rules[0].patterns[0]",
            "needs at least 1 of them",
            id="empty pattern",
        ),
        pytest.param(
            "      - so sorry",
            '      - " "',
            "rules[0].patterns[0]",
            "must have at least 1 character",
            id="empty phrase",
        ),
        pytest.param(
            "name: Opening",
            "name: [Opening]",
            "sections[0].name",
            "must be text, not a list",
            id="list for a text",
        ),
    ],
)
def test_rubric_names_file_line_path_and_near_matches(
    old: str, new: str, place: str, problem: str
) -> None:
    text, _ = changed(old, new)
    line = _line_of(text, place)

    message = finding(text)

    assert len(message.splitlines()) <= 2  # a misspelt field may be missing, too
    assert any(
        one.startswith(f"team.yaml:{line}: {place}: ") and problem in one
        for one in message.splitlines()
    ), message


def _line_of(text: str, place: str) -> int:
    steps: list[int | str] = [
        int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", place)
    ]
    return YamlFile(text, "x").line(steps)


def test_rubric_gives_the_line_of_the_culprit() -> None:
    text, line = changed("within: first 3 agent turns", "within: somewhere")

    assert finding(text).startswith(f"team.yaml:{line}: ")


def test_rubric_reports_every_finding_when_there_are_several() -> None:
    text, _ = changed("criterion: greeting,", "criterion: greeting, levls: [],")
    text = text.replace("threshold: 0.5\n", "threshold: high\n").replace("name: Team", "nam: Team")

    lines = finding(text).splitlines()

    assert len(lines) == 4  # `name` is missing and `nam` unknown
    assert all(re.match(r"team\.yaml:\d+: \S+: ", line) for line in lines)


def test_rubric_does_not_flood_when_everything_is_wrong() -> None:
    levels = "\n".join(f"          - {{id: l{n}, valu: {n}}}" for n in range(25))
    text, _ = changed("          - {id: no, value: 0}\n", levels + "\n")

    lines = finding(text).splitlines()

    assert len(lines) == 21
    assert lines[-1].endswith("more findings")


@pytest.mark.parametrize("name", ["str", "a[b", "[key]", "tuple[str, ...]", "<<", "~"])
def test_rubric_names_an_odd_field_as_it_is(name: str) -> None:
    text, line = changed("    name: Opening", f"    name: Opening\n    '{name}': 3")

    assert f"team.yaml:{line + 1}: sections[0].{name}: unknown field '{name}'" in finding(text)


def test_rubric_refuses_two_sections_or_rules_with_one_id() -> None:
    start = VALID.index("sections:\n") + len("sections:\n")
    sections = VALID[start:]
    twice = VALID + sections.replace("- id: greeting", "- id: b").replace("- id: warmth", "- id: c")
    rules, _ = changed("rules:\n", "rules:\n  - {id: sorry, name: A, patterns: [a]}\n")

    assert "sections[1].id: two sections have the id 'opening'" in finding(
        twice.replace("criterion: greeting", "criterion: b")
    )
    assert "rules[1].id: two rules have the id 'sorry'" in finding(rules)


def test_rubric_refuses_a_signal_used_twice_in_one_criterion() -> None:
    use = "          - {signal: empathy.emotional_reactions, threshold: 0.5, weight: 2}\n"

    assert "sections[0].criteria[1].signals[1]: the signal 'empathy.emotional_reactions'" in (
        finding(VALID + use)
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "team.yaml:1: the file is empty"),
        ("# only a comment\n", "team.yaml:1: the file is empty"),
        ("null", "team.yaml:1: document: must be 'name: value' pairs, not nothing"),
        ("- a\n- b", "team.yaml:1: document: must be 'name: value' pairs, not a list"),
        ("just words", "team.yaml:1: document: must be 'name: value' pairs, not 'just words'"),
        ("a: 1\nb: [", "team.yaml:2: not valid YAML"),
        ("a: 1\n\tb: 2", "team.yaml:2: not valid YAML"),
        ("a: 1\n---\nb: 2", "team.yaml:2: not valid YAML"),
        ("a: 1\nb: \x01", "team.yaml:2: not valid YAML: the character U+0001 is not allowed"),
        ("a: 1\nb: 2\na: 3", "team.yaml:3: 'a' is given twice"),
        ("a: &x 1\nb: *x", "team.yaml:1: anchors and aliases are not allowed"),
        ("a: 1\nb: *x", "team.yaml:2: anchors and aliases are not allowed"),
        ("a: !!python/object:os.system x", "team.yaml:1: tags such as"),
        ("a: !!timestamp 2020-13-45", "team.yaml:1: tags such as"),
        ("a: 1\nb: " + "1" * 5000, "team.yaml:2: not a number that can be read"),
        ("? [a]\n: 1", "team.yaml:1: not valid YAML: found unhashable key"),
        ("a: " + "[" * 100_000, "team.yaml:1: nested deeper than 40"),
        ("a: " + "{a: " * 100_000, "team.yaml:1: nested deeper than 40"),
        ("x" * 2_000_001, "team.yaml: larger than 2,000,000 characters"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_yaml_is_refused_with_its_line(text: str, problem: str) -> None:
    assert problem in finding(text)


def test_yaml_bomb_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert finding(bomb) == (
        "team.yaml:1: anchors and aliases are not allowed; write the value out"
    )


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_a_rubric_or_a_rubric_error(text: str) -> None:
    with pytest.raises(RubricError):
        Rubric.from_yaml(text)


@given(st.sampled_from(VALID.splitlines()), st.text("{}[]:-#&*!|>'\"%@`,? a1\n", max_size=8))
def test_any_damage_is_a_rubric_or_a_rubric_error(line: str, damage: str) -> None:
    with contextlib.suppress(RubricError):
        Rubric.from_yaml(VALID.replace(line, line + damage, 1))


def test_rubric_file_is_loaded_with_or_without_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(VALID, encoding="utf-8-sig")

    assert Rubric.load(path) == Rubric.load(str(path)) == Rubric.from_yaml(VALID)


def test_missing_file_lists_near_matches(tmp_path: Path) -> None:
    (tmp_path / "support_call.yaml").write_text(VALID, encoding="utf-8")

    with pytest.raises(RubricError, match=r"no such file; did you mean 'support_call\.yaml'\?"):
        Rubric.load(tmp_path / "suport_call.yaml")


def test_unknown_name_lists_near_matches() -> None:
    with pytest.raises(
        RubricError, match=r"no rubric 'suport_call' .* did you mean 'support_call'"
    ):
        Rubric.load("suport_call")


def test_dangling_link_is_a_missing_file(tmp_path: Path) -> None:
    link = tmp_path / "team.yaml"
    link.symlink_to(tmp_path / "gone.yaml")

    with pytest.raises(RubricError, match=r"team\.yaml: no such file"):
        Rubric.load(link)


def test_folder_instead_of_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "team.yaml"
    folder.mkdir()

    for given_path in (folder, str(folder), str(tmp_path)):
        with pytest.raises(RubricError, match="is a folder, not a file"):
            Rubric.load(given_path)


def test_folder_does_not_hide_a_shipped_rubric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("compliance").mkdir()

    assert Rubric.load("compliance").id == "compliance"


def test_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_bytes(VALID.replace("Opening", "Ouverture ouvrée").encode("latin-1"))
    line = VALID[: VALID.index("Opening")].count("\n") + 1

    with pytest.raises(RubricError, match=rf"team\.yaml:{line}: not UTF-8 .* save it as UTF-8"):
        Rubric.load(path)


@pytest.mark.parametrize("name", ["x" * 5000, VALID * 20, "a\0b", "a\0b.yaml", "x" * 300 + ".yaml"])
def test_impossible_name_is_a_rubric_error(name: str) -> None:
    with pytest.raises(RubricError):
        Rubric.load(name)


def test_condition_holds_within_its_bound_only() -> None:
    below = Condition(signal="conduct.turns", below=6)

    assert below.holds({"conduct.turns": 5})
    assert not below.holds({"conduct.turns": 6})
    assert not below.holds({"conduct.turns": math.nan})
    assert not below.holds({})


def test_condition_does_not_hold_when_its_exception_does() -> None:
    rubric = Rubric.load("support_call")
    conditions = rubric.criterion("hold_request").not_applicable_if

    def no_hold(request: float, hold_time: float) -> bool:
        values = {"phrase.hold_request": request, "conduct.hold_time": hold_time}
        return any(condition.holds(values) for condition in conditions)

    assert no_hold(0.1, 0)
    assert no_hold(0.9, 0)  # "one moment" without a silence is no hold
    assert not no_hold(0.1, 60)  # a hold that nobody asked for
    assert not no_hold(0.9, 60)
    assert no_hold(0.1, math.nan)  # no times: the words decide
    assert not no_hold(0.9, math.nan)


def test_signal_places_name_every_use_with_its_line() -> None:
    text, _ = changed(
        "{signal: conduct.turns, below: 3}",
        "{signal: conduct.turns, below: 3, unless: {signal: rule.sorry, above: 0}}",
    )

    places = list(Rubric.from_yaml(text, "team.yaml").signal_places())

    assert [(signal, within) for signal, within, _ in places] == [
        ("phrase.greeting", "first 3 agent turns"),
        ("empathy.emotional_reactions", "anywhere"),
        ("conduct.turns", "anywhere"),
        ("rule.sorry", "anywhere"),
    ]
    assert places[-1][2] == (
        f"team.yaml:{_line_of(text, 'sections[0].criteria[1].not_applicable_if[0]')}: "
        "sections[0].criteria[1].not_applicable_if[0].unless.signal"
    )


def test_fingerprint_changes_with_what_the_rubric_says_only() -> None:
    rubric = Rubric.from_yaml(VALID)

    assert Rubric.from_yaml("# a comment\n" + VALID).fingerprint == rubric.fingerprint
    assert Rubric.from_yaml(changed("weight: 4", "weight: 5")[0]).fingerprint != rubric.fingerprint


def test_schema_agrees_with_the_loader_on_valid_files() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    numbers, _ = changed("{id: no, value: 0}", "{id: 0}")

    for text in (VALID, numbers.replace("{id: yes, value: 1}", "{id: yes, value: 1, points: 1}")):
        jsonschema.validate(YamlFile(text, "team.yaml").data, SCHEMA)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rules:\n", "ruls:\n"),
        ("{id: yes, value: 1}", "{id: yes}"),
        ("- so sorry", "- [sorry]"),
        ("- so sorry", "- []"),
        ('version: "1.0"', "version: 1.0"),
        ("weight: 4", "weight: 0"),
    ],
)
def test_schema_refuses_what_the_loader_refuses(old: str, new: str) -> None:
    text, _ = changed(old, new)

    finding(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(YamlFile(text, "team.yaml").data, SCHEMA)


SHIPPED = ["compliance", "service_excellence", "support_call", "support_chat"]
SCALES = {spec.name: spec.scale for spec in (*CONDUCT, *EMOTION, *EMPATHY, *SENTIMENT, *TONE)}


def test_shipped_rubrics_are_these() -> None:
    assert list(shipped_rubrics()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_rubric_is_well_made(name: str) -> None:
    path = shipped_rubrics()[name]
    rubric = Rubric.load(name)
    signals = {signal for signal, _, _ in rubric.signal_places()}
    rules = {f"rule.{rule.id}" for rule in rubric.rules}

    assert rubric.id == name
    assert path.read_text(encoding="utf-8").splitlines()[0] == (
        "# yaml-language-server: $schema=../schemas/rubric.schema.json"
    )
    jsonschema.validate(YamlFile.read(path).data, SCHEMA)
    required = {spec.name for spec in required_specs(rubric)} - {"forbidden.worst"}
    named = {name for name, _ in rubric.requirement_places()}
    phrases = {f"phrase.{bank}" for bank in shipped_banks()}
    assert signals <= set(SCALES) | rules | phrases | required
    assert rules <= signals | named, "a rule that nothing uses"
    assert required <= signals, "a requirement that nothing uses"
    assert all(1 <= len(criterion.signals) <= 8 for criterion in rubric.criteria)
    assert all(level.description for c in rubric.criteria for level in c.levels)
    CompiledRules(rubric.rules)


def test_service_excellence_has_the_five_elements() -> None:
    rubric = Rubric.load("service_excellence")

    assert {section.id: [c.id for c in section.criteria] for section in rubric.sections} == {
        "service": ["responsiveness", "knowledge"],
        "relationship": ["empathy", "communication"],
        "follow_through": ["follow_up"],
    }
    for criterion in rubric.criteria:
        assert [level.id for level in criterion.levels] == ["poor", "fair", "good", "excellent"]
        assert [level.value for level in criterion.levels] == [1, 2, 3, 4]
    assert [c.id for c in rubric.criteria if c.not_applicable_if] == ["follow_up"]


def test_shipped_rubrics_are_asked_on_their_channels() -> None:
    assert Rubric.load("service_excellence").channels == ()
    assert Rubric.load("support_call").channels == ("voice",)
    assert Rubric.load("support_chat").channels == ("chat",)
    assert Rubric.load("compliance").criterion("recording_notice").channels == ("voice",)


def prior(criterion: Criterion, values: dict[str, float]) -> list[float]:
    """P(level) of the criterion's prior: an ordered logit, as the rubric's fields describe it."""
    logit = 0.0
    for use in criterion.signals:
        value = values[use.column]
        step = (value - use.threshold) / SCALES.get(use.signal, 1.0)
        z = max(-1.0, min(1.0, step if use.direction == "more" else -step))
        logit += use.weight * z
    above = [1.0, *(1 / (1 + math.exp(cut - logit)) for cut in criterion.prior_cutpoints), 0.0]
    return [high - low for high, low in itertools.pairwise(above)]


def best_value(use: SignalUse, good: bool) -> float:
    """A plainly good or bad measurement: noise floor and near certainty for phrases."""
    high = good == (use.direction == "more")
    if use.signal.startswith("phrase."):
        return 0.95 if high else 0.12
    if use.signal.startswith("rule."):
        return float(high)
    scale = SCALES.get(use.signal, 1.0)
    return use.threshold + (0.45 if high else -0.45) * scale


@pytest.mark.parametrize(
    ("rubric", "criterion"),
    [(name, c.id) for name in SHIPPED for c in Rubric.load(name).criteria],
)
def test_prior_reaches_both_ends_of_the_scale(rubric: str, criterion: str) -> None:
    form = Rubric.load(rubric).criterion(criterion)

    best = prior(form, {use.column: best_value(use, good=True) for use in form.signals})
    worst = prior(form, {use.column: best_value(use, good=False) for use in form.signals})

    assert max(best) == best[-1] > 0.6
    assert max(worst) == worst[0] > 0.5


FORBIDDEN = [
    criterion.id
    for criterion in Rubric.load("compliance").criteria
    if criterion.signals[0].direction == "less"
]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_statement_fails_only_when_nearly_certain(name: str) -> None:
    criterion = Rubric.load("compliance").criterion(name)

    def breach(phrase: float, rule: float = 0.0) -> float:
        # the first signal is the phrase, the others are exact words
        values = {use.column: rule for use in criterion.signals}
        values[criterion.signals[0].column] = phrase
        return prior(criterion, values)[0]

    assert criterion.levels[0].id == "breach"
    assert breach(0.97) >= 0.95
    assert breach(0.90) < 0.95
    assert all(breach(floor) < 0.05 for floor in (0.0, 0.05, 0.15, 0.3, 0.4))
    if len(criterion.signals) > 1:
        assert breach(0.97, rule=1) >= breach(0.97)
        assert breach(0.05, rule=1) > 0.05, "exact words are at least a case for a person"


@pytest.mark.parametrize("name", ["recording_notice", "verification"])
def test_missing_statement_is_a_case_for_a_person_unless_nothing_comes_near(name: str) -> None:
    criterion = Rubric.load("compliance").criterion(name)

    def breach(phrase: float, rule: float = 0.0) -> float:
        values = {use.column: rule for use in criterion.signals}
        values[criterion.signals[0].column] = phrase
        return prior(criterion, values)[0]

    assert breach(0.03) >= 0.95
    assert 0.05 < breach(0.15) < 0.95
    assert breach(0.9) < 0.05
    if len(criterion.signals) > 1:
        assert breach(0.03, rule=1) < 0.05
