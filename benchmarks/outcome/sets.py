"""From an arm, a size and a generation seed to the conversations that a student learns: runs, reading, mixing.

Every run folder is kept; a run that was killed goes on, one that is done is only read. What an arm lacks here (a
teacher, a command of turnwright that is not there) ends as `Missing` with its reason, never as a figure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from arms import ARMS, SILENT, Arm, spec_of, write_spec
from corpus import Star, called

import turnwright
from turnwright.reading import Example, ExampleSet, read_set
from turnwright.store import read_run
from turnwright.train.mix import Mixture, mixed

__all__ = ["Made", "Missing", "Works"]

WEIGHT = 5.0
"""What a real conversation that is added counts, where a synthetic one counts 1."""


class Missing(Exception):
    """Why this cell cannot be measured here."""


@dataclass(frozen=True)
class Made:
    """What a student learns from. asked, synthetic, human: conversations asked for, admitted, and real ones added.

    cpu: seconds of this process in all sessions that ended; None where it is not known. calls, tokens: paid.
    """

    examples: Sequence[Example]
    asked: int = 0
    synthetic: int = 0
    human: int = 0
    calls: int = 0
    tokens: int = 0
    cpu: float | None = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Works:
    """Where sets are made. out: of this version of turnwright. paid: runs with a teacher, kept over versions.

    teacher: a GGUF file or a name of the catalogue; "" where the runs of paid arms are only read. minutes: their cap.
    """

    star: Star
    out: Path
    paid: Path
    teacher: str = ""
    minutes: float = 60.0

    def _told(self, folders: Sequence[Path], found: ExampleSet, size: int) -> str:
        """How far a paid arm got: how many scenarios a teacher was asked for, and which tasks have nothing."""
        asked = sum(map(_concluded, folders))
        none = sorted({one.name for one in self.star.domains} - {one.task for one in found.examples})
        stopped = "" if asked == size else ", then its time was up"
        nothing = f"; nothing of {', '.join(none)}" if none else ""
        return f"the teacher was asked for {asked} of {size} conversations{stopped}; {len(found)} came back{nothing}"

    def _cut(self, arm: Arm, size: int, seed: int) -> Made:
        """The full set, of each task the first so many as the other arm has; that one is there with its first seed."""
        left = Counter(one.task for one in self.made(ARMS[arm.like], size, 1).examples)
        whole, kept = self.made(ARMS["full"], size, seed), []
        for one in whole.examples:
            if left[one.task] > 0:
                left[one.task] -= 1
                kept.append(one)
        return replace(whole, examples=kept, synthetic=len(kept), cpu=None)

    @property
    def paid_star(self) -> Star:
        """The same data with domains of its own, so that runs with a teacher outlive a change of the importer."""
        return Star(self.star.folder, self.paid)

    def made(self, arm: Arm, size: int, seed: int) -> Made:
        """Make or read the set of a cell; raises Missing."""
        if arm.kind == "real":
            drawn = self.star.few(size, seed) if size else list(self.star.pool.examples)
            return Made(examples=drawn, human=len(drawn))
        if arm.kind == "loop":
            return self._looped(arm, size, seed)
        if arm.like:
            return self._cut(arm, size, seed)
        works = replace(self, star=self.paid_star) if arm.teacher else self
        folders = works.runs(arm, size, seed)
        found = read_set(folders)
        if arm.name == "natural weights":
            found = mixed(found, None, Mixture(weights="natural"))
        made = self._with_few(arm, seed, size, found, _seconds(folders))
        return replace(made, notes=(self._told(folders, found, size),)) if arm.teacher else made

    def runs(self, arm: Arm, size: int, seed: int) -> list[Path]:
        """The run folders of a cell, one a task, each run to its end."""
        home = (self.paid if arm.teacher else self.out) / "runs" / slug(arm.name) / str(size) / str(seed)
        habits = str(self.habits(arm, seed)) if arm.learns else ""
        folders = []
        for domain in self.star.domains:
            spec = spec_of(arm, domain, size // len(self.star.domains), seed, self._model(arm, home), habits)
            if arm.teacher:
                spec["caps"] = {"minutes": self.minutes / len(self.star.domains)}
            folders.append(_run(home / domain.name, spec, paid=bool(arm.teacher)))
        return [folder for folder in folders if folder is not None]

    def habits(self, arm: Arm, seed: int) -> Path:
        """The habits that `turnwright learn` reads off the few of this seed."""
        home = self.out / "habits" / f"{arm.few}-{seed}"
        if not (home / "habits.yaml").exists():
            real = self.star.write_few(arm.few, seed, home / "few.jsonl")
            named = [word for domain in self.star.domains for word in ("--domain", str(domain))]
            _turnwright("learn", "--real", str(real), *named, "--act", "query_*=query", "--to", str(home / "new.yaml"))
            (home / "new.yaml").rename(home / "habits.yaml")
        return home / "habits.yaml"

    def _model(self, arm: Arm, home: Path) -> dict[str, Any]:
        if not arm.teacher:
            return SILENT
        if self.teacher and not Path(self.teacher).stem.lower().startswith(arm.teacher):
            raise Missing(f"needs the teacher {arm.teacher}, not {Path(self.teacher).name}")
        if not self.teacher and not home.exists():
            raise Missing("needs a teacher: name its GGUF file with --teacher, and be ready to wait an hour")
        return {"kind": "embedded", "model": self.teacher, "slots": 2, "context": 4096, "threads": 2}

    def _with_few(self, arm: Arm, seed: int, size: int, found: ExampleSet, cpu: float | None) -> Made:
        few = self.star.few(arm.few, seed) if arm.adds else []
        weighed = [msgspec.structs.replace(one, weight=WEIGHT) for one in few]
        usage = found.usage
        return Made(
            examples=[*called(found.examples), *weighed],
            asked=size,
            synthetic=len(found),
            human=len(few),
            calls=usage.calls if usage and arm.teacher else 0,
            tokens=usage.tokens if usage and arm.teacher else 0,
            cpu=cpu,
        )

    def _looped(self, arm: Arm, size: int, seed: int) -> Made:
        """The sets of all rounds together; the size is shared out over the rounds."""
        rounds = self.rounds(arm, size, seed)
        made = self.grown(arm, size, seed, len(rounds))
        few = "" if len(rounds) > arm.rounds else f"the loop ended after {len(rounds)} of {arm.rounds + 1} rounds"
        spent = _seconds([self._loop(arm, size, seed) / "loop"])
        return replace(made, cpu=spent, notes=(few,) if few else ())

    def grown(self, arm: Arm, size: int, seed: int, count: int) -> Made:
        """The sets of the first `count` rounds of a loop together."""
        runs = [run for runs in self.rounds(arm, size, seed)[:count] for run in runs]
        return self._with_few(arm, seed, size, read_set(runs), None)

    def rounds(self, arm: Arm, size: int, seed: int) -> list[list[Path]]:
        """The run folders of every round of a loop that is run to its end: rounds x tasks."""
        home, domains = self._loop(arm, size, seed), self.star.domains
        each, more = divmod(size // (arm.rounds + 1), len(domains))
        if not (home / "cpu.json").exists():
            real = self.star.write_few(arm.few, seed, home / "few.jsonl")
            for place, domain in enumerate(domains):
                habits = str(self.habits(arm, seed)) if arm.learns else ""
                spec = spec_of(arm, domain, each + (place < more), seed, SILENT, habits)
                write_spec(home / domain.name / "factory.yaml", spec)
            specs = [str(home / domain.name / "factory.yaml") for domain in domains]
            words = [
                "--dev",
                str(real),
                "--human",
                str(real),
                "--rounds",
                str(arm.rounds + 1),
                "--act",
                "query_*=query",
            ]
            spent = _turnwright("loop", *specs, *words, *arm.words, "--folder", str(home / "loop"), "--quiet")
            (home / "cpu.json").write_text(json.dumps({"seconds": spent}), encoding="utf-8")
        found = sorted((home / "loop").glob("round_*"), key=lambda path: int(path.name.removeprefix("round_")))
        return [sorted(path for path in (one / "runs").iterdir() if path.is_dir()) for one in found]

    def _loop(self, arm: Arm, size: int, seed: int) -> Path:
        return self.out / "loops" / slug(arm.name) / str(size) / str(seed)


def _run(folder: Path, spec: dict[str, Any], *, paid: bool) -> Path | None:
    """Run one task, or go on with it; None where a paid one was never begun and cannot be now."""
    done, run = folder / "cpu.json", folder / "run"
    if not done.exists() and not (paid and not spec["models"]["teacher"]["model"]):
        write_spec(folder / "factory.yaml", spec)
        before = time.process_time()
        turnwright.load(folder / "factory.yaml").run(run)
        done.write_text(json.dumps({"seconds": time.process_time() - before}), encoding="utf-8")
    return run if (run / "run.db").exists() else None


def _concluded(run: Path) -> int:
    with read_run(run) as opened:
        return sum(1 for _ in opened.records.concluded())


def _seconds(folders: Sequence[Path]) -> float | None:
    files = [folder.parent / "cpu.json" for folder in folders]
    if not all(file.exists() for file in files):
        return None
    return float(sum(json.loads(file.read_text(encoding="utf-8"))["seconds"] for file in files))


def _turnwright(*words: str) -> float:
    """Run a command of turnwright; returns its CPU seconds. Raises Missing with its last line where it fails."""
    before = os.times()
    done = subprocess.run([sys.executable, "-m", "turnwright", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip(" │╰─╯")]
        raise Missing(f"`turnwright {words[0]}` failed: {said[-1].strip('│ ') if said else done.returncode}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def slug(name: str) -> str:
    """A folder's name."""
    return re.sub(r"[^\w.-]+", "-", name)
