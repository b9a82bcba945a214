"""The debate over one draft, round by round: checks first, then one critic, then the panel.

It ends: every round asks each lens at most once, hears a bounded number of objections, and the rounds are capped.
What it may change is words in cited spans; everything else of a conversation is out of its reach.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.models import Speaker
from turnwright.records import (
    Blueprint,
    Conversation,
    Council,
    Defect,
    Objection,
    Provenance,
    Response,
    Ruling,
    Scenario,
    Severity,
    Usage,
    Verdict,
)
from turnwright.records.council import CouncilEnding
from turnwright.refine.asking import Asked
from turnwright.refine.briefing import Briefing
from turnwright.refine.critic import Raw, criticised, objection_of
from turnwright.refine.findings import findings, is_beyond_words
from turnwright.refine.lenses import SEVERITIES, LensSpec
from turnwright.refine.minutes import Minutes
from turnwright.refine.revision import Check, Draft, Reviser
from turnwright.refine.settings import CHECKS, RefineSettings
from turnwright.refine.span import folded, span_of
from turnwright.refine.teacher import Answered, Part, Teacher

__all__ = ["Refined", "Rule", "refine"]

Rule = Callable[[Conversation, Objection, str], Awaitable[Ruling]]
"""The arbiter: conversation, contested objection and the teacher's open argument → ruling."""
Key = tuple[int, str, str]


class Refined(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a debate.

    defects: objections of critics that were upheld and not mended, for the verdict (found_by `council`). Findings of
    the checks are not among them: the checks find them again.
    """

    conversation: Conversation
    council: Council
    defects: tuple[Defect, ...] = ()


async def refine(
    draft: Conversation,
    verdict: Verdict,
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    speakers: Mapping[str, Speaker],
    settings: RefineSettings,
    *,
    reader: Reader,
    check: Check,
    rule: Rule,
    order: Sequence[str] = (),
    severities: Mapping[str, Severity] = SEVERITIES,
) -> Refined:
    """Debate a draft until nothing upheld is open and nobody has to look again, a round changes nothing, or the cap.

    A lens looks again in the next round where one of its objections was upheld, so that nothing counts as mended on
    the teacher's word alone. While a finding of the checks stands, no critic is paid. Critics and teacher together
    are called at most `settings.most_calls` times, the arbiter at most `settings.most_rulings` times.

    Args:
        verdict: the deterministic verdict on the draft.
        speakers: the roles `teacher` and `critics` (without it, the teacher's model criticises, too).
        check: the deterministic checks; run once for each revision whose words pass.
        rule: the arbiter, for what the teacher contests, for objections to calls, and for what was conceded and could
            not be mended. What it is paid is not in
            `Council.usage`.
        order: names of lenses, the lead critic first; default: the order of the settings.
        severities: class → how grave an upheld objection is; `fault` for a class that is not in it.

    Returns:
        Turns keep number, order, roles, acts, mentions, calls and results. The same replies give the same bytes.

    Raises:
        ModelError, CapReached: from the speakers, save unreadable replies, which are no answers.
    """
    briefing = Briefing(blueprint, scenario, domain)
    teacher = Teacher(speakers["teacher"], briefing, settings)
    critics = speakers["critics"] if "critics" in speakers else speakers["teacher"]
    reviser = Reviser(domain, reader, check)
    debate = _Debate(
        Draft(conversation=draft, verdict=verdict), settings, briefing, teacher, critics, reviser, rule, severities
    )
    return await debate.run(settings.panel(order))


class _Debate:
    """The state of one debate.

    open: key → upheld objection that is not mended. mended, overruled: those that are closed.
    refused: key → why the last revision was not taken. due: lenses that are to be heard.
    """

    def __init__(
        self,
        draft: Draft,
        settings: RefineSettings,
        briefing: Briefing,
        teacher: Teacher,
        critics: Speaker,
        reviser: Reviser,
        rule: Rule,
        severities: Mapping[str, Severity],
    ) -> None:
        self.first, self.draft, self.settings, self.briefing = draft, draft, settings, briefing
        self.teacher, self.critics, self.reviser, self.rule = teacher, critics, reviser, rule
        self.severities = severities
        self.rounds: list[Minutes] = []
        self.open: dict[Key, Objection] = {}
        self.mended: set[Key] = set()
        self.overruled: set[Key] = set()
        self.refused: dict[Key, str] = {}
        self.due: tuple[LensSpec, ...] = ()
        self.numbered = 0
        self.hopeless = False

    @property
    def minutes(self) -> Minutes:
        """Those of the round that goes on."""
        return self.rounds[-1]

    @property
    def place(self) -> tuple[str, int]:
        """What every seed of this round depends on."""
        return (self.first.conversation.id, len(self.rounds))

    async def run(self, panel: tuple[LensSpec, ...]) -> Refined:
        self.due = panel
        while len(self.rounds) < self.settings.rounds:
            self.rounds.append(Minutes())
            await self.hear_checks()
            if not self.hopeless and not self.draft.findings:
                await self.hear_critics(lead=self.due is panel)
            if self.hopeless or not self.minutes.changed or not (self.due or self.draft.findings):
                break
        return self.concluded()

    async def hear_checks(self) -> None:
        """Facts first: what words can mend is mended, and what they cannot ends the debate unpaid."""
        found = list(findings(self.draft))
        if not found:
            return
        beyond = [one for defect, one in found if is_beyond_words(defect, self.draft.conversation.turns)]
        for one in beyond:
            objection = self.noted(one)
            self.open[_key(objection)] = objection
            self.minutes.upheld(CHECKS)
        self.hopeless = bool(beyond)
        for _, one in [] if beyond else found[: self.settings.objections]:
            standing = next((other for _, other in findings(self.draft) if _key(other) == _key(one)), None)
            if standing is not None:
                await self.heard(self.noted(standing))
        left = {_key(one) for _, one in findings(self.draft)}
        self.open = {key: one for key, one in self.open.items() if key in left}

    async def hear_critics(self, *, lead: bool) -> None:
        """Hear the lenses that are due; the first time one speaks alone, since it may spare the others."""
        groups = [self.due[:1], self.due[1:]] if lead else [self.due]
        again: list[LensSpec] = []
        for group in groups:
            if not self.hopeless:
                again += await self.hear_group(group)
        self.due = tuple(again)

    async def hear_group(self, group: Sequence[LensSpec]) -> list[LensSpec]:
        """Ask these lenses about the same draft, then hear what they object; those that have to look again."""
        seen, replies = self.draft, []
        for lens in group:
            asked = await criticised(
                lens, seen.conversation, self.critics, self.briefing, self.settings, place=self.place
            )
            self.minutes.paid(lens.name, asked.usage)
            replies.append((lens, asked))
        return [lens for lens, asked in replies if await self.hear_lens(lens, asked, seen)]

    async def hear_lens(self, lens: LensSpec, asked: Asked[tuple[Raw, ...]], seen: Draft) -> bool:
        """Hear one lens out; whether it has to look again, since something of it was upheld or overtaken."""
        overtaken = False
        for raw in asked.read or ():
            self.numbered += 1
            objection = objection_of(
                raw, lens, seen.conversation.turns,
                number=self.numbered, asked=asked, prompts=self.briefing.prompts("critic"),
            )  # fmt: skip
            objection = msgspec.structs.replace(objection, dismissed=objection.dismissed or self.dismissal(objection))
            overtaken |= objection.dismissed == "overtaken"
            self.minutes.raised(objection)
            if not objection.dismissed:
                await self.heard(objection)
        return overtaken or self.minutes.has_upheld(lens.name)

    def dismissal(self, objection: Objection) -> str:
        """Why an objection that stands is not heard all the same."""
        if self.hopeless:
            return "hopeless"
        turn = self.draft.conversation.turns[objection.turns[0]]
        if turn.text and span_of(objection.quote, turn.text) is None:
            return "overtaken"
        key = _key(objection)
        said = key in self.mended or any(_key(other) == key for other in self.minutes.heard)
        return "said_before" if said or any(_is_within(key, other) for other in self.overruled) else ""

    def noted(self, objection: Objection) -> Objection:
        """Give a finding its id and its place in the minutes."""
        self.numbered += 1
        objection = msgspec.structs.replace(objection, id=f"o{self.numbered}")
        self.minutes.raised(objection)
        return objection

    async def heard(self, objection: Objection) -> None:
        """Let the teacher answer, let the arbiter rule where it is contested, and mend what is upheld."""
        has_words = bool(self.draft.conversation.turns[objection.turns[0]].text)
        settled = objection.lens == CHECKS or bool(self.same(objection))
        answered = await self.answer(objection, "mend" if settled else "answer" if has_words else "call")
        contested = not settled and (answered.response.stance == "rebut" or not has_words)
        if contested:
            ruling = await self.rule(self.draft.conversation, objection, answered.response.argument)
            self.minutes.rulings.append(ruling)
            if not ruling.found:
                self.minutes.responses.append(answered.response)
                self.overruled.add(_key(objection))
                return
            if has_words:
                answered = _joined(answered, await self.answer(objection, "mend"))
        self.minutes.responses.append(answered.response)
        if await self.mend(objection, answered, has_words=has_words, ruled=contested):
            self.minutes.upheld(objection.lens)

    async def answer(self, objection: Objection, part: Part) -> Answered:
        """Ask the teacher, and note what it cost under the lens that objected."""
        answered = await self.teacher.answer(
            self.draft.conversation, objection, part, place=self.place, refused=self.refused.get(_key(objection), "")
        )
        self.minutes.paid(objection.lens, answered.usage)
        return answered

    async def mend(self, objection: Objection, answered: Answered, *, has_words: bool, ruled: bool) -> bool:
        """Try the teacher's words; whether the objection stands.

        What stays unmended is open, and hopeless where it is fatal or has no words. But no conversation is lost on
        the word of critic and teacher alone: what was conceded and not mended is put to who may rule on its class.
        """
        key, response = _key(objection), answered.response
        for same in self.same(objection):
            del self.open[same]
        if has_words and answered.has_words:
            made = Provenance(
                origin="model-edited", role="teacher", model=response.model, prompt=response.prompt,
                seed=answered.seed, calls=response.calls, tries=len(response.calls), sampling=answered.sampling,
            )  # fmt: skip
            revision, self.draft = self.reviser.tried(self.draft, objection, response.replacement, made)
            self.minutes.revisions.append(revision)
            if not revision.refused:
                self.mended.add(key)
                return True
            self.refused[key] = f"{revision.refused.replace('_', ' ')}: {revision.detail}"
        if objection.lens != CHECKS and not ruled and await self.lapses(objection):
            return False
        self.open[key] = objection
        self.hopeless = not has_words or (objection.lens != CHECKS and self.severity(objection) == "fatal")
        return True

    async def lapses(self, objection: Objection) -> bool:
        """Whether who may rule on the class of a conceded objection finds nothing; nobody ruling, it stands."""
        ruling = await self.rule(self.draft.conversation, objection, "")
        self.minutes.rulings.append(ruling)
        if ruling.found or ruling.how in ("no_licence", "unreadable"):
            return False
        self.overruled.add(_key(objection))
        return True

    def same(self, objection: Objection) -> list[Key]:
        """The open objections that this one repeats, with more or fewer words."""
        return [key for key in self.open if _is_within(key, _key(objection))]

    def severity(self, objection: Objection) -> Severity:
        return self.severities.get(objection.defect, "fault")

    def concluded(self) -> Refined:
        """Close the debate: what stayed open becomes context only, or a defect."""
        rounds = tuple(minutes.round() for minutes in self.rounds)
        conversation = self.draft.conversation
        upheld = [one for one in self.open.values() if one.lens != CHECKS]
        spared = [one for one in upheld if self.may_stay(one)]
        for objection in spared:
            conversation = _as_context(conversation, objection.turns[0])
        council = Council(
            draft_id=self.first.conversation.id,
            final_id=conversation.id,
            rounds=rounds,
            ending=self.ending(),
            open=tuple(sorted((one.id for one in self.open.values()), key=lambda name: int(name[1:]))),
            usage=sum((cost.usage for each in rounds for cost in each.lenses), Usage()),
        )
        defects = tuple(self.defect(one) for one in upheld if one not in spared)
        return Refined(conversation=conversation, council=council, defects=defects)

    def ending(self) -> CouncilEnding:
        if self.hopeless:
            return "hopeless"
        if not self.open and not self.draft.findings:
            return "agreed"
        return "cap" if self.minutes.changed else "nothing_changed"

    def may_stay(self, objection: Objection) -> bool:
        """Whether its turn may stay as context: words of the assistant, and nothing fatal."""
        turn = self.draft.conversation.turns[objection.turns[0]]
        is_fatal = self.severity(objection) == "fatal"
        return self.settings.unmended == "context" and turn.role == "assistant" and bool(turn.text) and not is_fatal

    def defect(self, objection: Objection) -> Defect:
        return Defect(
            kind=objection.defect,
            severity=self.severity(objection),
            turns=objection.turns,
            evidence=f"'{objection.quote}': {objection.claim}" if objection.quote else objection.claim,
            found_by="council",
        )


def _key(objection: Objection) -> Key:
    """What makes two objections the same: turn, class and words."""
    return (objection.turns[0] if objection.turns else -1, objection.defect, folded(objection.quote))


def _is_within(key: Key, other: Key) -> bool:
    """Whether two objections name the same class in the same turn, the one with more of the words than the other."""
    return key[:2] == other[:2] and (key[2] in other[2] or other[2] in key[2])


def _joined(contested: Answered, mended: Answered) -> Answered:
    """One response of a rebuttal that was overruled and the words that the teacher had to give after it."""
    one, other = contested.response, mended.response
    response = Response(
        objection=one.objection,
        stance=one.stance,
        scratchpad="\n\n".join(filter(None, (one.scratchpad, other.scratchpad))),
        argument=one.argument,
        replacement=other.replacement,
        model=other.model or one.model,
        prompt=one.prompt,
        calls=(*one.calls, *other.calls),
    )
    return Answered(
        response=response,
        seed=mended.seed,
        usage=contested.usage + mended.usage,
        has_words=mended.has_words,
        sampling=mended.sampling,
    )


def _as_context(conversation: Conversation, index: int) -> Conversation:
    """The same conversation, with one turn that no student learns to say."""
    turn = msgspec.structs.replace(conversation.turns[index], trainable=False)
    turns = (*conversation.turns[:index], turn, *conversation.turns[index + 1 :])
    return msgspec.structs.replace(conversation, turns=turns)
