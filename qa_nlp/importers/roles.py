"""Who is who: labels that state a role, labels the caller explained, and inference on request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from qa_nlp.errors import TranscriptError, did_you_mean
from qa_nlp.importers.base import ReadOptions
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["check_roles", "number_agents", "role_of_label", "settle_roles"]

# Only names that nobody uses for the other side. "Assistant" may be a person or a machine, and
# "Maren" may be anybody, so these stay unknown.
_NAMES: Final[Mapping[Role, str]] = {
    Role.AGENT: (
        "agent, human agent, live agent, support agent, advisor, adviser, representative, rep, "
        "csr, operator, support, customer service, consultant, specialist, agente, atendente, "
        "operador, operadora, consilier, operatoare, агент, оператор, консультант, специалист"
    ),
    Role.CUSTOMER: (
        "customer, client, caller, user, end user, consumer, visitor, cliente, clienta, clientă, "
        "utilizator, usuário, usuario, клиент, клиентка, покупатель, абонент, заказчик"
    ),
    Role.BOT: "bot, chatbot, voicebot, ai agent, automated agent, virtual agent, бот",
    Role.SYSTEM: "system, ivr, sistem, sistema, система",
}
_ROLE_OF_NAME: Final = {name: role for role, names in _NAMES.items() for name in names.split(", ")}
_NUMBER_OR_BRACKETS: Final = re.compile(r"\s*(?:#?\d+|\([^()]*\)|\[[^\[\]]*\])$")


def role_of_label(label: str | None) -> Role:
    """Give the role that a speaker label states.

    Parameters
    ----------
    label : str or None
        Such as ``"Agent"``, ``"END_USER"``, ``"Customer 2"``, ``"Agent (Maren)"`` or ``"Клиент"``.

    Returns
    -------
    Role
        `Role.UNKNOWN` where the label is a name, a number, or could be either side.

    Examples
    --------
    >>> role_of_label("Agent (Maren)"), role_of_label("SPEAKER_00")
    (<Role.AGENT: 'agent'>, <Role.UNKNOWN: 'unknown'>)
    """
    name = _NUMBER_OR_BRACKETS.sub("", re.sub(r"[\s_-]+", " ", label or "").strip())
    return _ROLE_OF_NAME.get(name.casefold(), Role.UNKNOWN)


def check_roles(roles: Mapping[str, str]) -> dict[str, Role]:
    """Validate what the caller says about speaker labels.

    Parameters
    ----------
    roles : mapping of str to str
        Speaker label -> role.

    Returns
    -------
    dict of str to Role
        The same.

    Raises
    ------
    TranscriptError
        When a role does not exist; lists near matches.
    """
    known = [role.value for role in Role]
    for label, role in roles.items():
        if role not in known:
            raise TranscriptError(
                f"roles gives {label!r} the unknown role {role!r}{did_you_mean(str(role), known)}"
            )
    return {str(label): Role(role) for label, role in roles.items()}


def number_agents(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Tell several agents of one conversation apart by their labels.

    Parameters
    ----------
    turns : iterable of Turn
        With roles.

    Returns
    -------
    tuple of Turn
        With `Turn.agent_id` set to the label where two or more labels are agents; otherwise as
        they were.
    """
    turns = tuple(turns)
    agents = {turn.speaker for turn in turns if turn.role is Role.AGENT and turn.speaker}
    if len(agents) < 2:
        return turns
    return tuple(
        replace(turn, agent_id=turn.speaker)
        if turn.role is Role.AGENT and turn.speaker and turn.agent_id is None
        else turn
        for turn in turns
    )


def settle_roles(transcript: Transcript, options: ReadOptions) -> Transcript:
    """Apply what the caller said about roles, and infer what is left where asked to.

    Parameters
    ----------
    transcript : Transcript
        As an importer gave it.
    options : ReadOptions
        `ReadOptions.roles` wins over the file, because it was written by somebody who looked;
        inference only ever touches unknown roles.

    Returns
    -------
    Transcript
        With ``metadata["role_confidence"]`` where roles were inferred.
    """
    turns = transcript.turns
    if options.roles and any(turn.speaker in options.roles for turn in turns):
        turns = number_agents(_with_role(turn, _said(turn, options.roles)) for turn in turns)
        transcript = replace(transcript, turns=turns)
    if not options.infer_roles:
        return transcript
    return _infer(transcript)


def _infer(transcript: Transcript) -> Transcript:
    from qa_nlp.importers.role_inference import infer_roles

    guesses = infer_roles(transcript)
    if not guesses:
        return transcript
    turns = (
        _with_role(turn, guesses[turn.speaker].role)
        if turn.role is Role.UNKNOWN and turn.speaker in guesses
        else turn
        for turn in transcript.turns
    )
    confidence = {label: guess.confidence for label, guess in guesses.items()}
    return replace(
        transcript,
        turns=number_agents(turns),
        metadata={**transcript.metadata, "role_confidence": confidence},
    )


def _said(turn: Turn, roles: Mapping[str, str]) -> Role:
    return turn.role if turn.speaker is None else Role(roles.get(turn.speaker, turn.role))


def _with_role(turn: Turn, role: Role) -> Turn:
    if role is turn.role:
        return turn
    agent_id = turn.agent_id if role in (Role.AGENT, Role.UNKNOWN) else None
    return replace(turn, role=role, agent_id=agent_id)
