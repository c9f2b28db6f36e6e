from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa_nlp.errors import TranscriptError
from qa_nlp.importers import ReadOptions, read_transcripts
from qa_nlp.importers.role_inference import THRESHOLD, infer_roles
from qa_nlp.importers.roles import role_of_label, settle_roles
from qa_nlp.transcript import Role, Transcript, Turn

AGENT_WORDS = ("Thank you for calling, how can I help you?", "Let me check your order for you.")
CUSTOMER_WORDS = ("I'm calling about my bike.", "I want to return it, my chain is broken.")


def call(*said: tuple[str | None, str], role: Role = Role.UNKNOWN) -> Transcript:
    return Transcript("c", tuple(Turn(role, text, speaker=label) for label, text in said))


def dialogue(first: str = "spk_0", second: str = "spk_1") -> Transcript:
    pairs = zip(AGENT_WORDS, CUSTOMER_WORDS, strict=True)
    return call(*[said for a, c in pairs for said in ((first, a), (second, c))])


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Agent", Role.AGENT),
        ("AGENT_1", Role.AGENT),
        ("agent #2", Role.AGENT),
        ("Agent (Ines)", Role.AGENT),
        ("Operator", Role.AGENT),
        ("atendente", Role.AGENT),
        ("END_USER", Role.CUSTOMER),
        ("Client 2", Role.CUSTOMER),
        ("Клиент", Role.CUSTOMER),
        ("Bot", Role.BOT),
        ("virtual agent", Role.BOT),
        ("IVR", Role.SYSTEM),
        ("Assistant", Role.UNKNOWN),
        ("Client Services", Role.UNKNOWN),
        ("Ines", Role.UNKNOWN),
        ("spk_0", Role.UNKNOWN),
        ("1", Role.UNKNOWN),
        ("", Role.UNKNOWN),
        (None, Role.UNKNOWN),
    ],
)
def test_label_states_a_role_only_when_it_is_one(label: str | None, role: Role) -> None:
    assert role_of_label(label) is role


def test_roles_of_the_caller_apply_to_their_labels_alone() -> None:
    options = ReadOptions(roles={"spk_0": "agent"})

    settled = settle_roles(dialogue(), options)

    assert [turn.role for turn in settled.turns] == [Role.AGENT, Role.UNKNOWN] * 2
    assert [turn.speaker for turn in settled.turns] == ["spk_0", "spk_1"] * 2


def test_two_labels_that_are_agents_become_two_agents() -> None:
    options = ReadOptions(roles={"spk_0": "agent", "spk_1": "agent"})

    settled = settle_roles(dialogue(), options)

    assert settled.agents == ("spk_0", "spk_1")


def test_agent_id_goes_when_the_caller_says_it_is_the_customer() -> None:
    transcript = Transcript("c", (Turn(Role.UNKNOWN, "Hi", speaker="x", agent_id="A1"),))

    settled = settle_roles(transcript, ReadOptions(roles={"x": "customer"}))

    assert settled.turns[0].agent_id is None


def test_unknown_role_of_the_caller_is_refused_with_near_matches(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("Agent: hi")

    with pytest.raises(TranscriptError, match=r"unknown role 'agnet'; did you mean 'agent'"):
        read_transcripts(tmp_path / "x", roles={"spk_0": "agnet"})


def test_roles_stay_unknown_when_nobody_asks(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(json.dumps(dialogue().to_dict()))

    (transcript,) = read_transcripts(tmp_path / "x")

    assert {turn.role for turn in transcript.turns} == {Role.UNKNOWN}
    assert "role_confidence" not in transcript.metadata


def test_inference_finds_agent_and_customer_with_its_confidence(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(json.dumps(dialogue().to_dict()))

    (transcript,) = read_transcripts(tmp_path / "x", infer_roles=True)

    assert [turn.role for turn in transcript.turns] == [Role.AGENT, Role.CUSTOMER] * 2
    confidence = transcript.metadata["role_confidence"]
    assert confidence["spk_0"] == confidence["spk_1"] >= THRESHOLD


def test_inference_does_not_depend_on_labels_or_their_order() -> None:
    guesses = infer_roles(dialogue("B", "A"))

    assert (guesses["B"].role, guesses["A"].role) == (Role.AGENT, Role.CUSTOMER)


def test_inference_leaves_small_talk_unknown_and_says_how_sure_it_was() -> None:
    settled = settle_roles(
        call(("a", "Hello there."), ("b", "Hi."), ("a", "Nice weather.")),
        ReadOptions(infer_roles=True),
    )

    assert {turn.role for turn in settled.turns} == {Role.UNKNOWN}
    assert settled.metadata["role_confidence"] == {"a": 0.5, "b": 0.5}


def test_inference_never_touches_a_role_that_is_known() -> None:
    transcript = call(*[("a", text) for text in CUSTOMER_WORDS], role=Role.AGENT)

    assert settle_roles(transcript, ReadOptions(infer_roles=True)) == transcript


def test_inference_judges_the_one_unknown_speaker_beside_a_known_one() -> None:
    known = [Turn(Role.CUSTOMER, text, speaker="c") for text in CUSTOMER_WORDS]
    unknown = [Turn(Role.UNKNOWN, "Let me look into that.", speaker="x")] * 2

    guess = infer_roles(Transcript("c", (*known, *unknown)))["x"]

    assert guess.role is Role.AGENT


def test_inference_leaves_out_who_sounds_like_a_machine() -> None:
    said = [(("ivr"), "I am a virtual assistant. How can I help you?")] * 2
    transcript = call(*said, *[("x", text) for text in CUSTOMER_WORDS])

    assert "ivr" not in infer_roles(transcript)


def test_inference_leaves_turns_without_label_alone() -> None:
    assert infer_roles(call(*[(None, text) for text in AGENT_WORDS])) == {}


@pytest.mark.parametrize(
    ("agent", "customer"),
    [
        ("Bună ziua, cu ce vă pot ajuta?", "Aș vrea să returnez bicicleta mea."),
        ("Спасибо за звонок, чем я могу вам помочь?", "Я хочу вернуть мой велосипед."),
        ("Bom dia, em que posso ajudar? Vou verificar.", "Queria devolver a minha bicicleta."),
    ],
)
def test_inference_knows_the_languages_of_the_samples(agent: str, customer: str) -> None:
    guesses = infer_roles(call(("a", agent), ("b", customer)))

    assert (guesses["a"].role, guesses["b"].role) == (Role.AGENT, Role.CUSTOMER)
