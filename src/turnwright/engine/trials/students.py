"""Who may sit a trial: a model of the spec, or a student that was trained and kept in a folder.

A model of the spec is asked as the teacher is, in JSON. A trained student that speaks does so its own way, in the chat
that it was trained on; here that chat is read from the talk so far, and what it answers is made a decision again.
Nothing is mended: an answer that cannot be read is handed on as it is, and costs the student a try. A student that
speaks no words chooses acts (see `policy`).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from turnwright.domains import Domain
from turnwright.engine.spec import Spec
from turnwright.engine.trials.policy import ActPolicy, calling_acts
from turnwright.errors import InputError
from turnwright.models import Client, Message, Reply, Request
from turnwright.records import Json, Usage, canonical
from turnwright.train import Student, load_student

__all__ = ["Candidate", "StudentClient", "Talking", "candidate_of", "decision_of", "told"]

_ACT = re.compile(r"^\s*\[([^\[\]\n]+)\]\s*")
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|$)", re.DOTALL)


@runtime_checkable
class Talking(Protocol):
    """A student that can speak: it answers a chat with `[act] words` or `[act] <tool_call>{...}</tool_call>`."""

    @property
    def name(self) -> str: ...

    def reply(self, messages: Sequence[dict[str, Json]], tools: Sequence[dict[str, Json]], *, seed: int = 0) -> str:
        """Answer the last message of a chat; equal arguments give equal answers."""
        ...


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits the trial: one of a model of the spec by its name, a client of its own, and a chooser of acts."""

    name: str
    model: str = ""
    client: Client | None = None
    policy: ActPolicy | None = None

    @property
    def fingerprint(self) -> str:
        """Which student this is; for a model of the spec its name there."""
        own = self.client or self.policy
        return own.fingerprint if own else self.model


def candidate_of(folder: Path | None, model: str, spec: Spec, domain: Domain) -> Candidate:
    """Find the student: either a folder that `train` wrote or the name of one of the spec's models.

    Raises:
        InputError: both or neither is given, there is no such model or student, or the student cannot speak.
    """
    if bool(model) == (folder is not None):
        raise InputError("name either a student's folder or --student-model", fix="one of the two, not both")
    if model:
        if model not in spec.models:
            raise InputError(f"there is no model '{model}' in the spec", fix=f"one of: {', '.join(spec.models)}")
        return Candidate(name=model, model=model)
    assert folder is not None
    student = load_student(folder)
    print_ = f"student:{student.name}@{_hash_of(folder)}"
    if isinstance(student, Talking):
        return Candidate(name=student.name, client=StudentClient(student, domain, print_))
    return Candidate(name=student.name, policy=_policy(student, domain, folder, print_))


def _policy(student: Student, domain: Domain, folder: Path, print_: str) -> ActPolicy:
    policy = ActPolicy(student, domain, print_)
    if not policy.usable:
        raise InputError(
            f"this student predicts acts, and none of its {len(student.acts)} is one of {domain.name}'s",
            where=str(folder),
            fix="train it on conversations of this domain",
        )
    return policy


def _hash_of(folder: Path) -> str:
    """Hash of all that the student is, without its checkpoints: 12 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder)
        if name.parts[0] != "checkpoints":
            digest.update(name.as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


class StudentClient:
    """A client that hands a talk to a student. The student blocks, so it answers in a thread, one call at a time."""

    def __init__(self, student: Talking, domain: Domain, fingerprint: str) -> None:
        self._student, self._fingerprint = student, fingerprint
        self._policy = domain.spec.policy.strip()
        self._tools = [tool.as_openai() for tool in domain.tools.values()]
        self._acts = calling_acts(domain)

    @property
    def fingerprint(self) -> str:
        """`student:`, its name, and the hash of its folder."""
        return self._fingerprint

    async def complete(self, request: Request) -> Reply:
        """Answer as the student does, as one JSON decision where its answer can be read."""
        chat = told(request.messages, self._policy, self._acts)
        text = await asyncio.to_thread(self._student.reply, chat, self._tools, seed=request.seed)
        decision = decision_of(text)
        said = text if decision is None else canonical(decision).decode()
        return Reply(text=said, usage=Usage(calls=1))

    async def close(self) -> None:
        """Nothing is held."""


def told(messages: Sequence[Message], policy: str, acts: dict[str, str]) -> list[dict[str, Json]]:
    """The talk so far as the chat that students are trained on: policy, user, assistant with its calls, results.

    Args:
        messages: of the teacher's side of an interplay. acts: tool → the act of its call.
    """
    chat: list[dict[str, Json]] = [{"role": "system", "content": policy}] if policy else []
    open_call = ""
    for message in messages[1:]:
        if message.role == "assistant":
            decision = msgspec.json.decode(message.content)
            open_call = str(decision.get("tool", ""))
            chat.append({"role": "assistant", "content": _written(decision, acts)})
        elif open_call:
            # what follows a call is its result, whatever a user may write that looks like one
            chat.append({"role": "tool", "name": open_call, "content": message.content.partition("] ")[2]})
            open_call = ""
        else:
            chat.append({"role": "user", "content": message.content})
    return chat


def _written(decision: dict[str, Json], acts: dict[str, str]) -> str:
    if "tool" not in decision:
        return f"[{decision['act']}] {decision['text']}"
    tool, arguments = canonical(decision["tool"]).decode(), canonical(decision["arguments"]).decode()
    act = acts.get(decision["tool"], decision["tool"])
    return f'[{act}] <tool_call>{{"name":{tool},"arguments":{arguments}}}</tool_call>'


def decision_of(text: str) -> dict[str, Json] | None:
    """What an answer decides: an act with words, or a call; None where it can be read as neither."""
    act = _ACT.match(text)
    call = _CALL.search(text)
    if call is None:
        words = text[act.end() :].strip() if act else ""
        return {"act": act[1].strip(), "text": words} if act and words else None
    try:
        made = msgspec.json.decode(call[1])
    except (msgspec.DecodeError, UnicodeError):
        return None
    if not isinstance(made, dict) or not isinstance(made.get("arguments", {}), dict) or "name" not in made:
        return None
    return {"tool": str(made["name"]), "arguments": made.get("arguments", {})}
