"""The closed loop: generate, train, examine on the dev set, find what fails, and steer the next round's sampling by it.

Every round is a folder with a normal run a domain and `round.json`, which is written last. A loop that was killed goes
on where it stopped: runs resume, students are trained again from the same bytes, rounds that stand are only read. The
final test steers nothing; it is looked at once, after the last round.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from turnwright.engine.designing import design_of
from turnwright.engine.events import Listener, silent
from turnwright.engine.local import Ending
from turnwright.engine.loop.gate import first_round_gate, reference_gate
from turnwright.engine.loop.generating import capped, is_complete, write_spec
from turnwright.engine.loop.inputs import (
    ENOUGH,
    begin,
    begun_with,
    domains_of,
    is_cross_fitted,
    refuse_inputs,
    refuse_reference,
)
from turnwright.engine.loop.labels import Ask, Settled
from turnwright.engine.loop.page import page_of, round_page
from turnwright.engine.loop.records import (
    FinalTest,
    Gate,
    GateInput,
    LoopReport,
    LoopRound,
    LoopSettings,
    Placed,
    Stop,
)
from turnwright.engine.loop.school import School
from turnwright.engine.loop.steering import Site, Steering, steer, steered
from turnwright.engine.whole import run_spec
from turnwright.errors import CapReached, InputError
from turnwright.monitor.frozen import kept_reference
from turnwright.reading import ExampleSet, decisions
from turnwright.store import write_bytes, write_jsonl, write_text
from turnwright.train import Difference, Evaluation, Student, compare, evaluate, save_student, student_card
from turnwright.train.failures import Failures, mined
from turnwright.train.linear import measuring_version
from turnwright.train.overlap import mark

__all__ = ["run_loop"]

ROUND, STEERING, FAILURES, DISAGREEMENTS = (
    "round.json", "steering.json", "failures.json", "disagreements.jsonl",
)  # fmt: skip

T = TypeVar("T")


async def run_loop(
    placed: Sequence[Placed],
    dev: ExampleSet,
    folder: Path,
    settings: LoopSettings | None = None,
    *,
    human: ExampleSet | None = None,
    test: ExampleSet | None = None,
    reference: ExampleSet | None = None,
    gate: Gate | None = None,
    ask: Ask | None = None,
    tell: Listener = silent,
) -> LoopReport:
    """Run the loop in a folder, or go on with it.

    Args:
        placed: one spec a domain; their scenarios together are what every round shares out.
        dev: real or held-out conversations that find the failures. Where they are wholly among `human`, students are
            cross-fitted, so that none answers for a conversation that it learnt from.
        human: conversations that every student learns from besides. test: looked at once, after the last round.
        reference: human conversations that all rounds are compared with; `human`, or else `dev`, where none are given
            and there are enough of those.
        gate: judges every round before it steers; by default, by the reference.
        ask: an arbiter of labels, where one is licensed.
        tell: hears the events of all runs.

    Raises:
        InputError: something given is wrong; nothing was written.
        ModelError: an endpoint stayed down; the same call goes on where it stopped.
    """
    wanted = settings or LoopSettings()
    refuse_inputs(wanted, dev, human, test)
    refuse_reference(reference, human or dev, wanted.gates)
    loop = _Loop(placed, dev, folder, wanted, human, reference, ask, tell)
    lock = begin(folder, loop.begun)
    try:
        loop.gate = gate or loop.usual_gate(human or dev)
        return await loop.run(test)
    finally:
        lock.release()


class _Loop:
    def __init__(
        self,
        placed: Sequence[Placed],
        dev: ExampleSet,
        folder: Path,
        settings: LoopSettings,
        human: ExampleSet | None,
        reference: ExampleSet | None,
        ask: Ask | None,
        tell: Listener,
    ) -> None:
        self.placed, self.dev, self.folder, self.settings = placed, dev, folder, settings
        self.reference, self.tell = reference, tell
        self.gate: Gate = first_round_gate
        self.against = ""
        self.domains = domains_of(placed)
        for one, domain in zip(placed, self.domains, strict=True):
            design_of(one.spec, domain)  # a design that cannot be is refused before anything is paid
        measuring_version()  # students are needed after the first round is paid: what is missing is said before
        self.names = [domain.name for domain in self.domains]
        self.crossed = is_cross_fitted(dev, human)
        self.begun = begun_with(placed, self.domains, settings, dev, human, reference)
        self.points = decisions(dev.examples)
        self.school = School(folder, self.domains, dev, human, settings, crossed=self.crossed, ask=ask)

    def usual_gate(self, at_hand: ExampleSet) -> Gate:
        """The gate against the reference; that of the first round where nothing but too few conversations are at hand.

        Raises:
            InputError: the reference has too few conversations, or the loop was begun with another.
        """
        against = self.reference or at_hand
        if len(against) < ENOUGH:
            return first_round_gate
        frozen = kept_reference(self.folder / "reference.json", against.examples)
        self.against = frozen.reference
        return reference_gate(against.examples, frozen, self.settings)

    async def run(self, test: ExampleSet | None) -> LoopReport:
        rounds: list[LoopRound] = []
        stop: Stop = "rounds"
        for number in range(1, self.settings.rounds + 1):
            ending = await self.generated(number)
            if ending != "complete":
                return self.report(rounds, ending, None)
            rounds.append(await self.judged(number, rounds))
            if _idle(rounds, self.settings.patience):
                stop = "no gain"
                break
        return self.report(rounds, stop, self.tested(len(rounds), test) if test else None)

    # --- generating ---------------------------------------------------------------------------------------------

    async def generated(self, number: int) -> Ending:
        """One run a domain, each by its spec of this round."""
        for name, one in zip(self.names, self.specs(number), strict=True):
            run = self.folder / f"round_{number}" / "runs" / name
            if is_complete(run, one.spec.scenarios):
                continue
            write_spec(one.spec, self.folder / f"round_{number}" / "specs" / f"{name}.yaml")
            earlier = [self.folder / f"round_{n}" / "runs" / name for n in range(1, number)]
            try:
                spec = capped(one.spec, earlier)
            except CapReached:
                return "capped"
            ending = (await run_spec(spec, one.base, run, self.tell)).ending
            if ending != "complete":
                return ending
        return "complete"

    def specs(self, number: int) -> list[Placed]:
        """The specs of a round: as given in the first, steered by the round before in others."""
        if number == 1:
            return list(self.placed)
        steering = _read(self.place(number - 1, STEERING), Steering)
        found = []
        for one, domain in zip(self.placed, self.domains, strict=True):
            spec = steered(one.spec, domain, steering)
            found.append(msgspec.structs.replace(one, spec=spec))
        return found

    # --- judging ------------------------------------------------------------------------------------------------

    async def judged(self, number: int, before: Sequence[LoopRound]) -> LoopRound:
        """Train, examine, find what fails, settle disagreements, pass the gate, steer; or read what stands."""
        if self.place(number, ROUND).exists():
            return _read(self.place(number, ROUND), LoopRound)
        lesson = self.school.lesson(number)
        student = self.school.examined(number)
        scores = evaluate(student, self.dev)
        gain = self.gain(number)
        failures = mined(self.points, self.school.answers(number), least=self.settings.least)
        settled = await self.school.settled(number)
        passed = self.gate(
            GateInput(
                first=self.school.generated(1), now=self.school.generated(number),
                human_share=lesson.shares.share, human_floor=self.settings.human_floor,
                so_far=tuple(one for n in range(1, number + 1) for one in self.school.generated(n)),
                learnt=tuple(self.school.lesson(n).learnt.examples for n in range(1, number + 1)),
            )
        )  # fmt: skip
        strength = (before[-1].strength if before else 1.0) * (1.0 if passed.passed else 0.5)
        steering = self.steering(number, failures, scores, strength)
        made = LoopRound(
            number=number,
            generated=len(self.school.generated(number)),
            learnt=lesson.synthetic,
            human=lesson.human,
            human_share=round(lesson.shares.share, 6),
            cross_fitted=self.crossed,
            score=scores.score(),
            macro=scores.score("macro F1"),
            gain=gain,
            changed=self.school.changed(number, self.acted_on(number)) if number > 1 else (),
            looked_at=len(failures.cells),
            significant=len(failures.significant),
            corrected=lesson.corrected,
            disagreements=dict(sorted(Counter(one.outcome for one in settled).items())),
            gate=passed,
            strength=strength,
            scenarios={name: one.spec.scenarios for name, one in zip(self.names, self.specs(number), strict=True)},
            usage=self.school.usage(number),
            notes=(*scores.notes, *_copies(lesson.copies)),
        )
        self.write(made, failures, steering, settled)
        return made

    def gain(self, number: int) -> Difference | None:
        """Weighted F1 over the round before, on the same draws."""
        if number == 1:
            return None
        found = compare(self.school.examined(number), self.school.examined(number - 1), self.dev)
        return next(one for one in found.differences if (one.name, one.of) == ("weighted F1", "all"))

    def steering(self, number: int, failures: Failures, scores: Evaluation, strength: float) -> Steering:
        """What the next round samples more."""
        sites = [
            Site(
                spec=one.spec,
                domain=domain,
                sampled=design_of(this.spec, domain),
                generated=self.school.generated_so_far(number, domain.name),
            )
            for one, this, domain in zip(self.placed, self.specs(number), self.domains, strict=True)
        ]
        lost = {
            one.of.removeprefix("task="): one.decisions * (1 - one.score.value)
            for one in scores.measures
            if one.name == "weighted F1" and one.of.startswith("task=")
        }
        return steer(
            number + 1, sites, failures, lost,
            strength=strength if self.settings.steer else 0.0,
            explore=self.settings.explore, bounds=self.settings.bounds,
        )  # fmt: skip

    def acted_on(self, number: int) -> list[str]:
        """Names of the cells by which this round was steered."""
        return list(_read(self.place(number - 1, STEERING), Steering).cells)

    # --- writing ------------------------------------------------------------------------------------------------

    def place(self, number: int, name: str) -> Path:
        return self.folder / f"round_{number}" / name

    def write(self, made: LoopRound, failures: Failures, steering: Steering, settled: Sequence[Settled]) -> None:
        """Everything of a round; `round.json` comes last and says that the rest is whole."""
        number = made.number
        student, learnt = self.school.student(number), self.school.lesson(number).learnt
        shutil.rmtree(self.place(number, "student"), ignore_errors=True)  # of a loop that was killed right here
        save_student(student, self.place(number, "student"), student_card(student, learnt))
        write_bytes(self.place(number, FAILURES), _json(failures))
        write_jsonl(self.place(number, DISAGREEMENTS), settled)
        write_bytes(self.place(number, STEERING), _json(steering))
        write_text(self.place(number, "round.md"), round_page(made, failures, steering))
        write_bytes(self.place(number, ROUND), _json(made))

    def tested(self, number: int, test: ExampleSet) -> FinalTest:
        """The one look at the test: the last student, and what it gained over the first round's."""
        last, gain = self.school.student(number), None
        whole, test = len(test), _unseen(test, last)
        if number > 1:
            found = compare(last, self.school.student(1), test)
            gain = next(one for one in found.differences if (one.name, one.of) == ("weighted F1", "all"))
        return FinalTest(evaluation=evaluate(last, test), gain=gain, left_out=whole - len(test))

    def report(self, rounds: Sequence[LoopRound], stop: Stop, test: FinalTest | None) -> LoopReport:
        made = LoopReport(
            stop=stop,
            domains=tuple(self.names),
            dev=self.dev.hash,
            dev_conversations=len(self.dev),
            dev_decisions=len(self.points),
            settings=self.settings,
            rounds=tuple(rounds),
            test=test,
            student=f"round_{rounds[-1].number}/student" if rounds else "",
            reference=self.against,
        )
        write_bytes(self.folder / "loop.json", _json(made))
        write_text(self.folder / "loop.md", page_of(made))
        return made


def _copies(count: int) -> tuple[str, ...]:
    what = f"{count:,} generated conversations stand word for word in the dev set; they were not learnt from"
    return (what,) if count else ()


def _unseen(test: ExampleSet, student: Student) -> ExampleSet:
    """The test without conversations that were generated word for word: nobody can be examined with those."""
    kept = tuple(one for one in test.examples if mark(one) not in student.seen or not mark(one))
    return msgspec.structs.replace(test, examples=kept)


def _idle(rounds: Sequence[LoopRound], patience: int) -> bool:
    """Whether the gain's interval reached down to zero in so many last rounds; never for a patience of 0."""
    last = [one.gain for one in rounds[-patience:]] if patience else []
    return 0 < patience == len(last) and all(gain is not None and gain.difference.low <= 0 for gain in last)


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as fault:
        raise InputError(
            f"a part of the loop cannot be read ({fault})",
            where=str(path),
            fix="remove the folders of this round and those after it; the loop makes them again",
        ) from fault
