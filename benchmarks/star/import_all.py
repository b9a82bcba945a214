"""How much of STAR's ten task graphs becomes admitted conversations, without a hand on them?

usage: python benchmarks/star/import_all.py STAR_DIR [--scenarios 125]
STAR_DIR holds tasks/ and apis/. Words are the domains' own (a silent model), so this measures import, design, planning,
verification and admission. Prints a table and writes benchmarks/star/results/import_all.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import turnwright
from turnwright.domains.importers import IMPORTERS

HERE = Path(__file__).parent
SPEC = """\
version: 1
domain: {domain}
seed: 11
scenarios: {scenarios}
models: {{double: {{kind: scripted, script: silent}}}}
roles: {{user: double, teacher: double}}
simulate: {{fill: {{tries: 1}}}}
run: {{concurrency: 16, durability: process}}
"""


def measure(domain: Path, scenarios: int, work: Path) -> dict[str, object]:
    spec = work / domain.name / "factory.yaml"
    spec.parent.mkdir()
    spec.write_text(SPEC.format(domain=domain, scenarios=scenarios))
    factory = turnwright.load(spec)
    report = factory.run(work / domain.name / "run")
    texts = {
        turn.text for kept in factory.dataset(report.folder) for turn in kept.conversation.turns if turn.role == "user"
    }
    turns = [len(kept.conversation.turns) for kept in factory.dataset(report.folder)]
    return {
        "task": domain.name,
        "scenarios": scenarios,
        "planned": report.summary.planned,
        "admitted": report.summary.admitted,
        "turns": round(sum(turns) / len(turns), 1),
        "distinct_user_texts": len(texts),
        "rejected": report.summary.rejected,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("directory", type=Path)
    options.add_argument("--scenarios", type=int, default=125)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        IMPORTERS["star"](given.directory, Path(folder) / "domains")
        rows = [measure(path, given.scenarios, Path(folder)) for path in sorted((Path(folder) / "domains").iterdir())]
    print(f"{'task':<26} {'scenarios':>9} {'planned':>8} {'admitted':>8} {'turns':>6} {'user texts':>10}  rejected")
    for row in rows:
        print(
            f"{row['task']:<26} {row['scenarios']:>9} {row['planned']:>8} {row['admitted']:>8} {row['turns']:>6} "
            f"{row['distinct_user_texts']:>10}  {row['rejected']}"
        )
    out = HERE / "results" / "import_all.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
