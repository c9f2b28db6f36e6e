"""Bad input from file to scorecard: a clear reason, no traceback, and no neighbour lost.

Every case lies in a folder between two good conversations, which must get the very scorecards that
they get alone, from the library as from the command line.
"""

from __future__ import annotations

import functools
import html.parser
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.errors import QaNlpError, RubricError
from qa_nlp.importers import read_transcripts
from qa_nlp.rubric import Rubric
from qa_nlp.samples import load_samples
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import Scorecards, read_scorecards
from qa_nlp.scorer import Scorer
from tests.command_line import run
from tests.pace import takes_less_than

ABOVE, BELOW = load_samples()[0], load_samples()[2]
HALF = "\ud800"
TALK = [
    {"role": "agent", "text": "Good morning, how can I help?"},
    {"role": "customer", "text": "My secret parcel is lost."},
    {"role": "agent", "text": "I am sorry to hear that."},
    {"role": "customer", "text": "Thanks."},
]


def jsonl(*rows: Any) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def talk(**fields: Any) -> bytes:
    return jsonl({"id": "bad", "turns": TALK, **fields})


def talk_with(**fields: Any) -> bytes:
    """Change the second turn."""
    return talk(turns=[TALK[0], {**TALK[1], **fields}, *TALK[2:]])


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "the file is empty"),
    "white space": (b" \r\n\n", "the file is empty"),
    "empty transcript": (talk(turns=[]), "the transcript has no words"),
    "wordless turns": (talk(turns=[{"role": "agent", "text": " "}]), "the transcript has no words"),
    "Latin-1": ("Agent: Olá, secret\nCliente: Não".encode("latin-1"), "byte 9 does not fit"),
    "UTF-16 without mark": ("Agent: secret".encode("utf-16-le"), "byte 1 is zero"),
    "truncated JSON": (talk()[:-20], "cut off"),
    "truncated JSON over several lines": (b'[\n{"id": "bad",\n"turns": [', "cut off"),
    "nested brackets": (b"[" * 100_000, "nested too deeply"),
    "nested metadata": (
        b'{"id": "bad", "turns": [], "metadata": {"n": ' + b"[" * 500 + b"]" * 500 + b"}}",
        "nested too deeply",
    ),
    "id of a neighbour": (talk(id=ABOVE.id), "ids must be unique"),
    "negative time": (talk_with(start=-1.0), "it must be 0 or more seconds"),
    "end before start": (talk_with(start=3.0, end=2.0), "before its start"),
    "end without start": (talk_with(end=2.0), "needs a start"),
    "turns in disorder": (
        talk(turns=[{**turn, "start": 9 - number} for number, turn in enumerate(TALK)]),
        "sort the turns",
    ),
    "infinite time": (talk_with(start=0).replace(b'"start": 0', b'"start": 1e999'), "start is inf"),
    "unknown role": (talk_with(role="costumer"), "did you mean 'customer'"),
    "unknown channel": (talk(channel="voise"), "did you mean 'voice'"),
    "unknown language": (talk(language="klingon"), "ISO 639"),
    "unknown field": (talk(turn=[]), "did you mean 'turns'"),
    "role of a wrong type": (talk_with(role=1), "role must be a string, not int"),
    "text of a wrong type": (talk_with(text=["secret"]), "text must be a string, not list"),
    "time of a wrong type": (talk_with(start="secret"), "must be a number of seconds"),
    "id of a wrong type": (talk(id=7), "must be a non-empty string, not int"),
    "turns of a wrong type": (talk(turns="secret"), "turns must be a list"),
    "turn of a wrong type": (talk(turns=["secret"]), "turn 0: a turn must be an object, not str"),
    "metadata of a wrong type": (talk(metadata=["secret"]), "metadata must be an object"),
    "half a character in the text": (talk_with(text=HALF), "half a surrogate pair"),
    "half a character in a name": (talk_with(speaker=HALF), "half a surrogate pair"),
    "half a character in the metadata": (talk(metadata={"a": [HALF]}), "half a surrogate pair"),
    "half a character in the id": (talk(id=HALF), "half a surrogate pair"),
    "half a character in the group": (talk(group_id=HALF), "half a surrogate pair"),
    "NaN": (b'{"id": "bad", "turns": [], "metadata": {"a": NaN}}', "NaN is not a JSON value"),
    "endless number": (b'{"id": 1' + b"0" * 5000 + b', "turns": []}', "a number is too long"),
    "YAML bomb": (b"a: &a [secret, secret]\nb: &b [*a, *a]\nc: [*b, *b]\n", "none of the formats"),
    "web page": (b"<!DOCTYPE html><script>secret</script>", "none of the formats"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not text"),
}


def dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def folder_named_like_a_file(path: Path) -> None:
    path.mkdir()
    (path / "part.jsonl").write_bytes(talk())


def link_out_of_the_folder(path: Path) -> None:
    outside = path.parent.parent / "outside.jsonl"
    outside.write_bytes(talk())
    path.symlink_to(os.path.relpath(outside, path.parent))


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def pipe(path: Path) -> None:
    os.mkfifo(path)


NO_FILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "dangling link": (dangling_link, "the link leads nowhere"),
    "link to itself": (link_to_itself, "link"),
    "folder named like a file": (folder_named_like_a_file, "a folder with the name of a file"),
    "path that leaves the folder": (link_out_of_the_folder, "leads out of the folder"),
    "pipe": (pipe, "no regular file"),
}

MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}<!--]]>"
ACCEPTED: dict[str, bytes] = {
    "customer alone": talk(turns=[{"role": "customer", "text": "Hello? Is anybody there?"}] * 5),
    "agent alone": talk(turns=[{"role": "agent", "text": "Hello? I will hang up now."}] * 5),
    "machines alone": talk(turns=[{"role": "system", "text": "Agent joined."}] * 5),
    "unknown roles": talk(turns=[{**turn, "role": "unknown"} for turn in TALK]),
    "overlapping times": talk(
        turns=[{**turn, "start": number, "end": number + 5.0} for number, turn in enumerate(TALK)]
    ),
    "turns of no length": talk(turns=[{**turn, "start": 1.0, "end": 1.0} for turn in TALK]),
    "emoji": talk_with(text="😀👩‍👩‍👧🇷🇴 😡😡😡 🙏🏽"),
    "right-to-left text": talk_with(text="שלום, החבילה שלי אבדה. \u202eevil\u202c مرحبا"),
    "zero characters and escapes": talk_with(text="lost\x00 \x1b[31mparcel\x07 \x85\u2028"),
    "markup": talk(
        id=MARKUP,
        metadata={"agent_id": MARKUP, MARKUP: [MARKUP]},
        turns=[{**turn, "text": f"{turn['text']} {MARKUP}", "speaker": MARKUP} for turn in TALK],
    ),
    "endless id": talk(id="x" * 100_000),
    "punctuation alone": talk_with(text="?!... " * 1000),
}
SLOW: dict[str, bytes] = {
    "100,000 turns": talk(
        turns=[{**TALK[n % 4], "start": n, "end": n + 0.5} for n in range(100_000)]
    ),
    "turn of 1 MB": talk_with(text="My parcel is lost. " * 55_000),
    "word of 1 MB": talk_with(text="a" * 1_000_000),
    "agent's turn of 1 MB": talk(turns=[TALK[1], {"role": "agent", "text": "word " * 200_000}]),
}


@functools.cache
def scorer() -> Scorer:
    return Scorer()


@functools.cache
def scored_alone() -> Scorecards:
    return scorer().score([ABOVE, BELOW])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold a good conversation at the beginning and one at the end."""
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "a.jsonl").write_text(json.dumps(ABOVE.to_dict()))
    (folder / "z.jsonl").write_text(json.dumps(BELOW.to_dict()))
    return folder


def score(folder: Path) -> Scorecards:
    return scorer().score(read_transcripts(folder))


def score_by_command_line(folder: Path) -> Scorecards:
    """Score to JSON Lines, where exit code and output must tell the same."""
    out = folder.parent / "cards.jsonl"
    result = run("score", folder, "--out", out)
    cards = read_scorecards(out)
    assert result.code == (1 if cards.errors else 0)
    assert "Traceback" not in result.out + result.err
    return cards


def between_its_neighbours(cards: Scorecards) -> list[Scorecard]:
    """Give the cards in the middle, once the neighbours are found to be as they are alone."""
    above, *middle, below = cards
    assert Scorecards([above, below]) == scored_alone()
    return middle


def write_all(folder: Path, contents: Iterable[bytes]) -> None:
    """Write every case to a file of its own, with an id of its own."""
    for number, content in enumerate(contents):
        own = content.replace(b'"id": "bad"', b'"id": "bad-%d"' % number)
        (folder / f"b{number:02}.jsonl").write_bytes(own)


@pytest.mark.parametrize("case", list(REFUSED))
def test_bad_content_becomes_an_error_row_and_costs_no_neighbour(folder: Path, case: str) -> None:
    content, reason = REFUSED[case]
    (folder / "bad.jsonl").write_bytes(content)

    (card,) = between_its_neighbours(score(folder))

    assert card.error is not None
    assert reason in card.error
    assert "secret" not in card.error
    assert (card.grades, card.total) == ((), None)


@pytest.mark.parametrize("case", list(NO_FILE))
def test_what_is_no_file_becomes_an_error_row_and_costs_no_neighbour(
    folder: Path, case: str
) -> None:
    make, reason = NO_FILE[case]
    make(folder / "bad.jsonl")

    (card,) = between_its_neighbours(score(folder))

    assert card.error is not None
    assert card.error.startswith(str(folder / "bad.jsonl"))
    assert reason in card.error


@pytest.mark.parametrize(
    "case", [*ACCEPTED, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW)]
)
def test_odd_content_is_scored_and_costs_no_neighbour(folder: Path, case: str) -> None:
    (folder / "bad.jsonl").write_bytes((ACCEPTED | SLOW)[case])

    (card,) = between_its_neighbours(score(folder))

    assert card.error is None
    assert card.grades


def test_command_line_writes_a_row_with_its_reason_for_everything_bad(folder: Path) -> None:
    write_all(folder, [content for content, _ in REFUSED.values()])
    for number, (make, _) in enumerate(NO_FILE.values()):
        make(folder / f"c{number:02}.jsonl")

    cards = between_its_neighbours(score_by_command_line(folder))

    reasons = [reason for _, reason in (*REFUSED.values(), *NO_FILE.values())]
    assert len(cards) == len(reasons)
    for card, reason in zip(cards, reasons, strict=True):
        assert card.error is not None
        assert reason in card.error


@pytest.mark.parametrize(
    "contents", [ACCEPTED, pytest.param(SLOW, marks=pytest.mark.slow)], ids=["odd", "huge"]
)
@pytest.mark.parametrize("rubric", ["compliance", "support_call"])
def test_command_line_scores_everything_odd(
    folder: Path, contents: Mapping[str, bytes], rubric: str
) -> None:
    write_all(folder, contents.values())
    out = folder.parent / "cards.jsonl"

    result = run("score", folder, "--rubric", rubric, "--out", out)

    assert result.code == 0
    assert len(read_scorecards(out)) == len(contents) + 2


@pytest.mark.parametrize("way", [score, score_by_command_line])
def test_one_bad_line_costs_no_line_of_the_same_file(
    folder: Path, way: Callable[[Path], Scorecards]
) -> None:
    bad = [content for content, _ in REFUSED.values() if content.startswith(b'{"id"')]
    bad = [content for content in bad if b"\n" not in content and ABOVE.id.encode() not in content]
    good = [talk(id=f"good-{number}") for number in range(len(bad))]
    rows = [row for pair in zip(bad, good, strict=True) for row in pair]
    (folder / "a.jsonl").write_bytes(b"\n".join(rows))

    cards = way(folder)[:-1]

    assert len(bad) > 20
    assert [card.error is None for card in cards] == [False, True] * len(bad)


def test_file_whose_name_is_no_text_is_scored_and_written(folder: Path) -> None:
    (folder / os.fsdecode(b"b\xff.txt")).write_text("Agent: Hello\nCustomer: Hi")
    (folder / os.fsdecode(b"c\xfe.txt")).write_text("")

    cards = score_by_command_line(folder)

    assert [card.transcript_id for card in cards][1] == "b\\xff"
    assert cards.errors[0].transcript_id == f"{folder}/c\\xfe.txt"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read")
def test_file_that_the_disk_does_not_give_is_an_error_row(folder: Path) -> None:
    unreadable = "/proc/self/mem"

    calls = read_transcripts([folder / "a.jsonl", unreadable, folder / "z.jsonl"])

    (card,) = between_its_neighbours(scorer().score(calls))

    assert card.error is not None
    assert "the file cannot be read" in card.error


class Page(html.parser.HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))


def test_page_of_a_transcript_full_of_markup_stays_inert(folder: Path) -> None:
    (folder / "bad.jsonl").write_bytes(
        ACCEPTED["markup"] + b"\n" + jsonl({"id": f"{MARKUP}2", "turns": []})
    )
    out = folder.parent / "cards.html"

    result = run("score", folder, "--out", out)

    text = out.read_text(encoding="utf-8")
    elements = Page(text).elements
    names = [name for _, attributes in elements for name in attributes]
    links = [a[name] or "" for _, a in elements for name in ("href", "src", "action") if name in a]
    assert result.code == 1
    assert "&lt;/script&gt;" in text
    assert [tag for tag, _ in elements].count("script") == 1
    assert {"img", "iframe", "object", "embed", "base"} & {tag for tag, _ in elements} == set()
    assert [name for name in names if name.startswith("on")] == []
    assert [link for link in links if not link.startswith("#") and link != "data:,"] == []


RUBRIC = """\
format_version: 1
id: tiny
version: "1.0"
name: Tiny
sections:
  - id: only
    name: Only
    criteria:
      - id: greeting
        question: Did the agent greet?
        levels:
          - {id: "no", value: 0, points: 0}
          - {id: "yes", value: 1, points: 1}
        signals:
          - {signal: phrase.greeting, direction: more, threshold: 0.5, weight: 4}
"""
LAUGHS = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 10))
BAD_RUBRICS: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "rubric.yaml:1: the file is empty"),
    "YAML bomb": (b"x0: &x0 [laugh]\n" + LAUGHS.encode(), "anchors and aliases are not allowed"),
    "nested brackets": (b"[" * 100_000, "nested deeper"),
    "2 MB of text": (b"a: " + b"x" * 2_100_000, "split it"),
    "code in a tag": (b"!!python/object/apply:os.system [ls]", "tags such as"),
    "wrong encoding": (RUBRIC.replace("Tiny", "Olá").encode("latin-1"), "not UTF-8"),
    "cut off": (RUBRIC.encode()[:-10], "not valid YAML"),
    "list instead of a rubric": (b"- 1\n- 2\n", "rubric.yaml:1"),
    "missing signal": (
        RUBRIC.replace("phrase.greeting", "phrase.greting").encode(),
        "there is no signal 'phrase.greting'; did you mean 'phrase.greeting'",
    ),
    "misspelt field": (RUBRIC.replace("levels:", "lvels:").encode(), "did you mean 'levels'"),
    "key given twice": (RUBRIC.encode() + b"id: other\n", "'id' is given twice"),
    "weight of a wrong type": (RUBRIC.replace("4}", "[heavy]}").encode(), "rubric.yaml:15"),
}


def test_rubric_from_which_the_bad_ones_are_made_is_good(folder: Path) -> None:
    (folder.parent / "rubric.yaml").write_text(RUBRIC)

    assert Scorer(folder.parent / "rubric.yaml").score([ABOVE])[0].error is None


@pytest.mark.parametrize("case", list(BAD_RUBRICS))
def test_bad_rubric_is_refused_with_its_place_at_once(folder: Path, case: str) -> None:
    content, reason = BAD_RUBRICS[case]
    path = folder.parent / "rubric.yaml"
    path.write_bytes(content)

    with takes_less_than(5.0), pytest.raises(RubricError) as caught:
        Scorer(path)
    scored = run("score", folder, "--rubric", path, "--out", folder.parent / "cards.jsonl")
    checked = run("check", path, folder)

    assert str(caught.value).startswith(f"{path}")
    assert reason in str(caught.value)
    assert (scored.code, checked.code) == (2, 1)
    assert reason in scored.err
    assert reason in checked.out
    assert checked.err.startswith("2 fine")
    assert not (folder.parent / "cards.jsonl").exists()


@pytest.mark.parametrize("make", [Path.mkdir, dangling_link, link_to_itself])
def test_rubric_that_is_no_file_is_refused(folder: Path, make: Callable[[Path], None]) -> None:
    path = folder.parent / "rubric.yaml"
    make(path)

    result = run("score", folder, "--rubric", path, "--out", folder.parent / "cards.jsonl")

    assert (result.code, result.out) == (2, "")
    assert "rubric.yaml" in result.err
    with pytest.raises(QaNlpError, match=r"rubric\.yaml"):
        Rubric.load(path)
