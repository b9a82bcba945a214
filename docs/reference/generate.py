"""Write the reference pages that the code's own tables give. usage: python docs/reference/generate.py

A test of `make check` compares the pages with what this gives, so they cannot go stale.
"""

from __future__ import annotations

from pathlib import Path

from turnwright.refine import LENSES
from turnwright.verify import DEFECTS, RUBRIC
from turnwright.verify.exam import PLANTINGS

HERE = Path(__file__).parent
HEAD = "<!-- written by docs/reference/generate.py from the code's tables; do not edit -->\n"


def defects() -> str:
    """Every defect class: what it means, what finds it, whether an exam can plant it."""
    asked = {criterion.defect: criterion.asks for criterion in RUBRIC}
    rows = [
        f"| `{name}` | {kind.means} | {kind.severity} | {_finder(kind.check)} | {_planted(name)} |"
        for name, kind in DEFECTS.items()
    ]
    questions = [f"| `{defect}` | {asks} |" for defect, asks in asked.items()]
    return "\n".join(
        [
            HEAD,
            "# Defect classes",
            "",
            "A *fatal* finding ends verification at once, a *fault* keeps the conversation out of the set, a *note* is",
            "only reported. `verify.severity` in a spec changes what a class weighs. Classes that only an arbiter can",
            "find are **unguarded** in a run whose arbiter holds no licence for them; report and dataset card say so.",
            "",
            "| class | what it is | a finding is | found by | planted by the exam |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            "## What the arbiter is asked",
            "",
            "One question a class, answered yes or no; `arbiter.rubric` in a spec puts others in their place.",
            "",
            "| class | question |",
            "| --- | --- |",
            *questions,
            "",
        ]
    )


def lenses() -> str:
    """The council's built-in lenses."""
    parts = [HEAD, "# Lenses of the council", "", "`refine.lenses` in a spec names some of these, or your own:", ""]
    parts += ["```yaml", "refine:", "  council: true", "  lenses:", "    - policy_and_facts"]
    parts += ["    - {name: tone, looks_for: Is any turn colder than our house style?, defects: [rudeness]}", "```", ""]
    for lens in LENSES.values():
        classes = ", ".join(f"`{defect}`" for defect in lens.defects)
        parts += [f"## {lens.name}", "", lens.looks_for, "", f"May name: {classes}", ""]
    return "\n".join(parts)


PAGES = {"defects.md": defects, "lenses.md": lenses}


def _planted(defect: str) -> str:
    return "yes" if defect in PLANTINGS else "no"


def _finder(check: str) -> str:
    return "an arbiter only" if check == "arbiter" else f"check `{check}`"


def main() -> None:
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
