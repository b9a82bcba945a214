"""Four arms, one teacher, the same scenarios: defects, yield and cost of a conversation.

    python benchmarks/economy/run_economy.py --teacher smollm2-135m-instruct --scenarios 14 --out runs/economy
    python benchmarks/economy/run_economy.py --teacher PATH.gguf --slots 2 --context 8192 --arms naive,fill --out ...
    python benchmarks/economy/run_economy.py --teacher http://host:8000/v1#model --arbiter PATH.gguf --out ...

Every arm has a run folder of its own under --out, which is kept: the same command goes on where it stopped, and pays
for nothing twice. Arms that were run before are measured again. Prints a table, writes results_NAME.json here (or to
--results) and the page README.md beside it.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import arms
import measures
import page
from rich.console import Console
from rich.table import Table

import turnwright
from turnwright.engine.events import Concluded, Event

HERE = Path(__file__).parent


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", default="smollm2-135m-instruct", help="catalogue name, GGUF path, URL/v1#model")
    parser.add_argument("--arbiter", default="", help="the same forms; rules in the council arm")
    parser.add_argument("--domain", default="telecom_support")
    parser.add_argument("--scenarios", type=int, default=14)
    parser.add_argument("--out", type=Path, required=True, help="where the run folders of the arms lie")
    parser.add_argument("--arms", default=",".join(arms.ARMS), help="which to run; those run before are still measured")
    parser.add_argument("--name", default="", help="of the result file; the teacher's by default")
    parser.add_argument("--results", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--drop", type=lambda text: text.split(","), default=[], help="factors to leave out of the design"
    )
    parser.add_argument("--attempts", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0, help="cap an arm's time, over all its sessions")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--concurrency", type=int, default=0, help="conversations in flight; as many as slots")
    parser.add_argument("--context", type=int, default=8192)
    parser.add_argument("--api-key-env", default="")
    parser.add_argument("--fill-by", choices=("turn", "conversation"), default=None)
    parser.add_argument("--batch", type=int, default=5, help="naive: conversations a prompt")
    parser.add_argument("--tokens", type=int, default=900, help="naive: reply tokens a conversation")
    parser.add_argument("--temperature", type=float, default=0.8, help="naive: sampling temperature")
    parser.add_argument("--rounds", type=int, default=2, help="council: cap on rounds")
    parser.add_argument("--lenses", type=lambda text: text.split(","), default=[], help="council: which critics")
    chosen = parser.parse_args()
    chosen.arms = [arm for arm in chosen.arms.split(",") if arm]
    unknown = [arm for arm in chosen.arms if arm not in arms.ARMS]
    if unknown:
        parser.error(f"there is no arm '{unknown[0]}' (known: {', '.join(arms.ARMS)})")
    return chosen


def run(arm: str, chosen: argparse.Namespace, console: Console) -> None:
    """Run an arm, or go on with it."""

    def listen(event: Event) -> None:
        if isinstance(event, Concluded):
            last = event.admission
            console.print(f"{arm} {last.ordinal + 1}/{chosen.scenarios}: {last.stage} {last.reason}", highlight=False)

    spec = arms.write_spec(arm, chosen)
    report = turnwright.load(spec).run(spec.parent / "run", listen=listen)
    console.print(f"{arm}: {report.ending}, {report.summary.admitted} of {report.summary.concluded} admitted")


def measured(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure every arm whose run folder is there."""
    folders = {arm: chosen.out / arm.replace("+", "_") for arm in arms.ARMS}
    runs = {
        arm: measures.found_in(folder / "factory.yaml", folder / "run")
        for arm, folder in folders.items()
        if (folder / "run" / "run.db").exists()
    }
    figures = {arm: measures.figures(each, chosen.batch if arm == "naive" else 1) for arm, each in runs.items()}
    result: dict[str, Any] = {
        "setting": setting(chosen),
        "arms": figures,
        "distinct bigrams": measures.distinct_bigrams(runs),
    }
    if "fill+council" in runs:
        result["council"] = measures.council_figures(runs["fill+council"])
    if {"fill", "fill+council"} <= runs.keys():
        result["paired"] = paired(runs["fill"], runs["fill+council"])
    return result


def paired(without: measures.Run, with_it: measures.Run) -> dict[str, int]:
    """Which scenarios were admitted without the council, and which with it."""
    one, other = (
        {found.concluded.scenario.ordinal: found.concluded.admission.admitted for found in run.found}
        for run in (without, with_it)
    )
    pairs = [(one[ordinal], other[ordinal]) for ordinal in one.keys() & other.keys()]
    names = {(True, True): "both", (False, True): "gained", (True, False): "lost", (False, False): "neither"}
    return {name: pairs.count(pair) for pair, name in names.items()}


def setting(chosen: argparse.Namespace) -> dict[str, Any]:
    """What was run, without any path of this machine."""
    kept = (
        "domain",
        "scenarios",
        "seed",
        "attempts",
        "minutes",
        "slots",
        "batch",
        "tokens",
        "temperature",
        "rounds",
    )
    names = {"teacher": shown(chosen.teacher), "arbiter": shown(chosen.arbiter)}
    return {
        **names,
        **{name: getattr(chosen, name) for name in kept},
        "drop": ", ".join(chosen.drop),
        "lenses": ", ".join(chosen.lenses),
    }


def shown(model: str) -> str:
    return Path(model).stem if model.endswith(".gguf") else model.partition("#")[2] or model


def main() -> None:
    chosen, console = options(), Console()
    for arm in chosen.arms:
        run(arm, chosen, console)
    result = measured(chosen)
    head, *rows = page.rows_of(result)
    table = Table(*head, title=f"{shown(chosen.teacher)}, {chosen.domain}")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    console.print(table)
    name = re.sub(r"[^\w.-]+", "_", chosen.name or shown(chosen.teacher).lower())
    path = chosen.results / f"results_{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"wrote {path.name} and {page.write_page(chosen.results).name}")


if __name__ == "__main__":
    main()
