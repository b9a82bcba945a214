"""Which licences does a model earn as arbiter? The exam of `turnwright examine`, on scripted arbiters and on real ones.

    python benchmarks/arbiter/exam.py [--arbiter smollm2-135m-instruct] [--planted 93] [--controls 61] --out runs/exam

The scripted ones are `blind` (no to everything) and `suspicious` (yes to everything); the perfect one, which knows the
copies, is in tests/engine/test_exam.py. Nothing is paid twice: the same command goes on where it stopped. Prints a
table and writes benchmarks/arbiter/results/exam_NAME.json.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import yaml

import turnwright
from turnwright.verify import RUBRIC

HERE = Path(__file__).parent


def spec_of(arbiter: str, domain: str, context: int, slots: int, classes: list[str]) -> dict[str, Any]:
    """A spec whose teacher is the double: only its arbiter is examined."""
    scripted = arbiter in {"blind", "suspicious"}
    judge: dict[str, Any] = {"kind": "scripted", "script": arbiter}
    if not scripted:
        model = str(Path(arbiter).resolve()) if arbiter.endswith(".gguf") else arbiter
        judge = {"kind": "embedded", "model": model, "context": context, "slots": slots}
    spec: dict[str, Any] = {
        "version": 1,
        "domain": domain,
        "seed": 17,
        "scenarios": 30,
        "models": {"double": {"kind": "scripted"}, "judge": judge},
        "roles": {"user": "double", "teacher": "double", "arbiter": "judge"},
        "run": {"concurrency": slots, "durability": "process"},
    }
    if classes:
        rubric = [criterion.model_dump() for criterion in RUBRIC if criterion.defect in classes]
        spec["arbiter"] = {"rubric": rubric}
    return spec


def examined(given: argparse.Namespace, arbiter: str) -> dict[str, Any]:
    """Hold one exam."""
    name = Path(arbiter).stem
    folder = given.out / name
    folder.mkdir(parents=True, exist_ok=True)
    spec = spec_of(arbiter, given.domain, given.context, given.slots, given.classes)
    (folder / "factory.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    began = time.perf_counter()
    report = turnwright.load(folder / "factory.yaml").examine(planted=given.planted, controls=given.controls)
    figures = report.figures
    return {
        "arbiter": report.licence.arbiters[0],
        "logprobs": next(iter(report.licence.logprobs.values()), None),
        "clean": report.clean,
        "questions": figures.asked,
        "seconds": round(time.perf_counter() - began, 1),
        "licensed": sorted(report.licence.licensed),
        "classes": [msgspec.to_builtins(each) for each in figures.classes],
        "checks": {defect: msgspec.to_builtins(each) for defect, each in figures.checks.items()},
        "checks_alarmed": figures.alarms,
    }


def options() -> argparse.Namespace:
    chosen = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen.add_argument("--arbiter", action="append", help="catalogue name, GGUF path, blind or suspicious; repeatable")
    chosen.add_argument("--domain", default="telecom_support")
    chosen.add_argument("--planted", type=int, default=93)
    chosen.add_argument("--controls", type=int, default=61)
    chosen.add_argument("--classes", type=lambda text: text.split(","), default=[], help="only these")
    chosen.add_argument("--context", type=int, default=4096)
    chosen.add_argument("--slots", type=int, default=4)
    chosen.add_argument("--out", type=Path, required=True, help="where exams keep their calls")
    given = chosen.parse_args()
    given.arbiter = given.arbiter or ["blind", "suspicious", "smollm2-135m-instruct"]
    return given


def main() -> None:
    given = options()
    (HERE / "results").mkdir(exist_ok=True)
    for arbiter in given.arbiter:
        result = examined(given, arbiter)
        path = HERE / "results" / f"exam_{Path(arbiter).stem}.json"
        path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        print(f"{result['arbiter']}: {result['questions']:,} questions in {result['seconds']:.0f} s; "
              f"licensed for {', '.join(result['licensed']) or 'nothing'}")  # fmt: skip
        for each in result["classes"]:
            misses = f"missed {each['missed']:>3} of {each['planted']:>3}"
            alarms = f"alarmed {each['alarms']:>3} of {each['controls']:>3}"
            print(f"  {each['defect']:<22} {misses}, {alarms}{' (stopped)' if each['stopped'] else ''}")


if __name__ == "__main__":
    main()
