"""Does a debate mend what is wrong? One known defect is planted in a clean conversation, and a council debates it.

    python benchmarks/economy/mending.py --teacher PATH.gguf --each 2 --out runs/mending

Clean conversations are in the domain's own words. The same model criticises and mends; nobody is licensed to rule.
Objected: a heard objection cites a planted turn. Mended: for classes that a check finds, the checks find nothing at the
end; for the others, the words of the planted turn were changed. Harmed: a turn that nothing was planted in was changed.
Beside it stands what another simulation of the same blueprint costs with this teacher (fill), which is what a rejected
draft costs without a council.
Nothing is paid twice: the same command goes on where it stopped. Writes benchmarks/economy/mending_NAME.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from page import write_page

from turnwright.domains.reader import Reader
from turnwright.engine.assemble import design_of, domain_of, open_models
from turnwright.engine.calls import Tally
from turnwright.engine.events import silent
from turnwright.engine.exam import Clean
from turnwright.engine.examining import clean_of_design
from turnwright.engine.spec import Spec
from turnwright.records import Conversation, Objection, Ruling, Usage, Verdict, seeded
from turnwright.refine import RefineSettings, refine
from turnwright.simulate import FillSettings, SimulateSettings, simulate
from turnwright.verify import DEFECTS, VerifySettings, guard, verify
from turnwright.verify.exam import Planted, plant

HERE = Path(__file__).parent
CLASSES = ("wrong_value", "unsupported_claim", "missing_value", "false_promise", "rudeness", "unfairness", "unanswered")
CHECKS = VerifySettings(stop_early=False)


def spec_of(given: argparse.Namespace) -> Spec:
    """A spec whose teacher is the model under test."""
    model: dict[str, Any] = {"kind": "scripted", "script": given.teacher.partition(":")[2]}
    if not given.teacher.startswith("scripted:"):
        path = str(Path(given.teacher).resolve()) if given.teacher.endswith(".gguf") else given.teacher
        model = {"kind": "embedded", "model": path, "slots": 1, "context": given.context}
    return Spec.model_validate({
        "domain": given.domain, "seed": 23, "scenarios": 200,
        "models": {"teacher": model}, "roles": {"user": "teacher", "teacher": "teacher"},
    })  # fmt: skip


class Bench:
    """The parts that every debate needs."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.spec = spec_of(given)
        self.domain = domain_of(self.spec, Path())
        self.design = design_of(self.spec, self.domain)
        self.reader = Reader(self.domain)
        self.settings = RefineSettings(
            council=True, rounds=given.rounds, lenses=given.lenses or RefineSettings().lenses
        )

    def checked(self, conversation: Conversation, each: Clean) -> Verdict:
        return verify(conversation, each.blueprint, each.scenario, self.domain, CHECKS, reader=self.reader)

    async def debated(self, each: Clean, planted: Planted, tally: Tally) -> dict[str, Any]:
        """Debate one planted copy."""

        async def rule(conversation: Conversation, objection: Objection, argument: str) -> Ruling:
            if DEFECTS[objection.defect].check == "arbiter":
                return Ruling(question=objection.id, defect=objection.defect, found=False, how="no_licence")
            kinds = {defect.kind for defect in self.checked(conversation, each).defects}
            return Ruling(question=objection.id, defect=objection.defect, found=objection.defect in kinds, how="check")

        before = tally.usage
        draft = planted.conversation
        refined = await refine(
            draft, self.checked(draft, each), each.blueprint, each.scenario, self.domain, tally.speakers, self.settings,
            reader=self.reader, check=lambda conversation: self.checked(conversation, each), rule=rule,
        )  # fmt: skip
        return told(each, planted, refined.conversation, refined.council.objections, tally.usage - before) | {
            "ending": refined.council.ending,
            "clean": self.checked(refined.conversation, each).passed,
        }

    async def simulated(self, each: Clean, tally: Tally) -> Usage:
        """What another simulation of the same blueprint costs."""
        before = tally.usage
        settings = SimulateSettings(fill=FillSettings(by="conversation", new_words=None, surprise=None))
        await simulate(
            each.blueprint, each.scenario, self.domain, tally.speakers, settings, attempt=1, reader=self.reader,
            guard=guard(self.domain, each.blueprint, each.scenario, CHECKS),
        )  # fmt: skip
        return tally.usage - before


def told(
    each: Clean, planted: Planted, final: Conversation, objections: tuple[Objection, ...], usage: Usage
) -> dict[str, Any]:
    """What became of one copy."""
    heard = [one for one in objections if not one.dismissed]
    clean = {turn.text for turn in each.conversation.turns}
    wrong = {at for at in planted.turns if planted.conversation.turns[at].text not in clean}
    changed = {at for at, turn in enumerate(final.turns) if turn.text != planted.conversation.turns[at].text}
    return {
        "defect": planted.defect,
        "what": planted.what,
        "objected": any(set(one.turns) & wrong for one in heard),
        "named": any(set(one.turns) & wrong and one.defect == planted.defect for one in heard),
        "changed": bool(changed & wrong),
        "harmed": len(changed - wrong),
        "before": [planted.conversation.turns[at].text for at in sorted(wrong)],
        "after": [final.turns[at].text for at in sorted(wrong)],
        "clean_words": [each.conversation.turns[at].text for at in sorted(wrong) if at < len(each.conversation.turns)],
        "tokens": usage.tokens,
        "calls": usage.calls,
    }


async def run(given: argparse.Namespace) -> dict[str, Any]:
    bench = Bench(given)
    rows: list[dict[str, Any]] = []
    again: list[int] = []
    wanted = dict.fromkeys(given.classes, given.each)
    async with open_models(bench.spec, Path(), given.out, bench.spec.speaking, {"mending": 1}, silent) as opened:
        async for each in clean_of_design(bench.domain, bench.design, bench.spec, bench.reader, most=200):
            defect = max(wanted, key=lambda kind: wanted[kind])
            if not wanted[defect]:
                break
            rng = seeded("mending", defect, each.conversation.id)
            planted = plant(defect, each.conversation, each.blueprint, each.scenario, bench.domain, rng)
            if planted is None:
                continue
            wanted[defect] -= 1
            tally = Tally(opened.speakers)
            row = await bench.debated(each, planted, tally)
            row["mended"] = row["clean"] if DEFECTS[defect].check != "arbiter" else row["changed"]
            rows.append(row)
            if len(again) < given.each * 2:
                again.append((await bench.simulated(each, tally)).tokens)
            print(f"{defect}: objected {row['objected']}, mended {row['mended']}, {row['tokens']:,} tokens", flush=True)
        teacher = opened.fingerprints["teacher"]
    return {"teacher": teacher, "rows": rows, "tokens_of_another_simulation": again}


def options() -> argparse.Namespace:
    chosen = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen.add_argument("--teacher", required=True, help="catalogue name, GGUF path, or scripted:SCRIPT")
    chosen.add_argument("--domain", default="telecom_support")
    chosen.add_argument("--classes", type=lambda text: text.split(","), default=list(CLASSES))
    chosen.add_argument("--each", type=int, default=2, help="copies a class")
    chosen.add_argument("--rounds", type=int, default=2)
    chosen.add_argument("--lenses", type=lambda text: text.split(","), default=[])
    chosen.add_argument("--context", type=int, default=6144)
    chosen.add_argument("--name", required=True)
    chosen.add_argument("--out", type=Path, required=True)
    return chosen.parse_args()


def main() -> None:
    given = options()
    result = asyncio.run(run(given))
    (HERE / f"mending_{given.name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    write_page(HERE)
    write_page(HERE)
    for defect in given.classes:
        rows = [row for row in result["rows"] if row["defect"] == defect]
        count = [sum(row[key] for row in rows) for key in ("objected", "named", "mended", "harmed")]
        tokens = sum(row["tokens"] for row in rows) // max(1, len(rows))
        print(f"{defect:<20} {len(rows)} planted: objected {count[0]}, named {count[1]}, mended {count[2]}, "
              f"other turns changed {count[3]}; {tokens:,} tokens each")  # fmt: skip
    again = result["tokens_of_another_simulation"]
    print(f"another simulation: {sum(again) // max(1, len(again)):,} tokens (n = {len(again)})")


if __name__ == "__main__":
    main()
