"""`turnwright label`: people say of one conversation after the other whether they would take it, and what that shows.

The machine's verdict is not shown, so as not to lead the reviewer. Every answer is on disk before the next
conversation is shown. What is drawn and what follows from the labels is worked out elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from turnwright.api import load
from turnwright.cli.console import complain, err, out
from turnwright.cli.pages import table, title
from turnwright.domains import nearest
from turnwright.engine.calibrating import Calibration, calibrate, defect_classes
from turnwright.engine.labels import import_labels
from turnwright.errors import InputError, TurnwrightError
from turnwright.records import Blueprint, Label, Turn, canonical
from turnwright.store import Concluded, Run, read_run
from turnwright.store.labels import Labels, add_label, read_labels
from turnwright.verify.calibration import Agreement, Drawn, Share, draw

__all__ = ["label"]

HERE = Path("factory.yaml")
KEYS = "y accept, n reject, s skip, b back, p policy and goal, q quit"
COLOURS = {"user": "cyan", "assistant": "green", "tool": "dim"}
UNSHOWN = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""Control characters, which words of models must not send to a terminal."""
SHOWN = 10


def label(
    spec: Annotated[Path, typer.Argument(help="factory.yaml, or the folder that holds it")] = HERE,
    folder: Annotated[Path | None, typer.Option("--folder", "-f", help="the run folder")] = None,
    reviewer: Annotated[str, typer.Option("--reviewer", "-r", help="who says so; needed to label")] = "",
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="how many conversations to show")] = 20,
    seed: Annotated[int, typer.Option(help="reviewers with the same seed are shown the same conversations")] = 0,
    import_: Annotated[Path | None, typer.Option("--import", help="take labels from a CSV or JSONL file")] = None,
    report: Annotated[bool, typer.Option("--report", help="only print what the labels say")] = False,
) -> int:
    """Say which conversations you would take, and see how far the machine can be trusted."""
    code = 0
    with read_run(folder if folder is not None else load(spec).folder) as run:
        if import_ is not None:
            code = _import(run, import_, reviewer)
        elif not report:
            _label(run, spec, reviewer.strip(), number, seed)
        _report(run)
    return code


def _import(run: Run, path: Path, reviewer: str) -> int:
    imported = import_labels(run, path, reviewer)
    for fault in imported.refused:
        complain(str(fault))
    there = f", {imported.unchanged:,} were there already" if imported.unchanged else ""
    out.print(f"{imported.added:,} label(s) added{there}")
    return 2 if imported.refused else 0


def _label(run: Run, spec: Path, reviewer: str, number: int, seed: int) -> None:
    if not reviewer:
        raise InputError("nobody is named as the reviewer", fix="add --reviewer NAME: it stands beside every label")
    labelled = {given.conversation_id for given in read_labels(run.folder.path).latest if given.reviewer == reviewer}
    drawn = draw(run.records.admissions(), number, seed, labelled=labelled)
    if not drawn:
        out.print(Text(f"{reviewer} has labelled every conversation of this run"))
        return
    _Session(run, spec, reviewer, drawn).go()


class _Session:
    """One reviewer and the conversations that were drawn for them; answers are lines of standard input."""

    def __init__(self, run: Run, spec: Path, reviewer: str, drawn: Sequence[Drawn]) -> None:
        self.run, self.spec, self.reviewer, self.drawn = run, spec, reviewer, drawn
        self.classes = defect_classes(run)
        self.given: dict[str, Label] = {}

    def go(self) -> None:
        """Show them one after the other until the last one, `q`, or the end of the input."""
        out.print(Text(f"{len(self.drawn)} conversations to label. {KEYS}; each followed by Enter", style="bold"))
        place = 0
        while 0 <= place < len(self.drawn):
            step = self._one(place)
            if step is None:
                break
            place += step
        out.print(Text(f"\n{len(self.given)} label(s) kept in {self.run.folder.path / 'labels.jsonl'}"))

    def _one(self, place: int) -> int | None:
        """Show one and take its answer; return how far to go on, None to stop."""
        drawn = self.drawn[place]
        concluded = self.run.records.concluded_at(drawn.ordinal)
        title(f"{place + 1} of {len(self.drawn)}  {drawn.conversation_id}")
        for index, turn in enumerate(concluded.conversation.turns if concluded.conversation else ()):
            out.print(_line(index, turn))
        before = self.given.get(drawn.conversation_id)
        if before is not None:
            out.print(Text(f"you said: {'accept' if before.accepted else 'reject'}", style="dim"))
        while True:
            key = _ask("would you take it? [y/n/s/b/p/q]", ("y", "n", "s", "b", "p", "q"), KEYS)
            if key in (None, "q"):
                return None
            if key == "p":
                self._background(concluded)
            elif key == "b" and place == 0:
                out.print("this is the first one")
            elif key in ("s", "b"):
                return 1 if key == "s" else -1
            else:
                self._keep(drawn, accepted=key == "y")
                return 1

    def _keep(self, drawn: Drawn, *, accepted: bool) -> None:
        """Write the label; a rejection is asked for its defect class and a note first."""
        defect = note = ""
        if not accepted:
            listed = f"classes: {', '.join(self.classes)}"
            defect = _ask("which defect? [Enter for none, ? for the list]", ("", *self.classes), listed) or ""
            note = _ask("a note? [Enter for none]") or ""
        given = Label(
            conversation_id=drawn.conversation_id, reviewer=self.reviewer, accepted=accepted, defect=defect, note=note,
            probability=drawn.probability,
        )  # fmt: skip
        add_label(self.run.folder.path, given)
        self.given[drawn.conversation_id] = given

    def _background(self, concluded: Concluded) -> None:
        """What the user wanted and knew, and the policy that the assistant had to keep."""
        if concluded.blueprint is not None:
            _goal(concluded.blueprint)
        try:
            domain = load(self.spec).domain()
        except TurnwrightError as error:
            out.print(_shown(f"the policy is not at hand: {error}"))
            return
        if concluded.conversation is not None and concluded.conversation.domain != domain.fingerprint:
            out.print(Text("the domain has changed since this run; this is its policy now", style="yellow"))
        title("policy")
        out.print(_shown(domain.spec.policy.strip() or "the domain states none"))


def _goal(blueprint: Blueprint) -> None:
    title("the user")
    out.print(_shown(f"wants: {blueprint.goal}"))
    for fact in blueprint.facts:
        out.print(_shown(f"knows {fact.slot} = {fact.value}"))


def _line(index: int, turn: Turn) -> Text:
    """One turn as a reader sees it: no labels, origins or planted failures."""
    if turn.call is not None:
        said, style = f"→ {turn.call.name}({canonical(turn.call.arguments).decode()})", "dim"
    elif turn.result is not None:
        said, style = f"← {turn.result.error or canonical(turn.result.content).decode()}", "dim"
    else:
        said, style = turn.text, ""
    line = Text(f"{index:>3} ", style="dim")
    line.append(f"{turn.role:<10}", style=COLOURS[turn.role])
    line.append(said.translate(UNSHOWN).replace("\n", f"\n{'':14}"), style=style or "default")
    return line


def _shown(text: str) -> Text:
    return Text(f"  {text.translate(UNSHOWN)}".replace("\n", "\n  "))


def _ask(question: str, answers: Collection[str] = (), listed: str = "") -> str | None:
    """Ask until one of the answers is given (any, where there are none to choose from); None at the input's end."""
    while True:
        out.print(Text(f"{question} ", style="bold"), end="")
        try:
            line = sys.stdin.readline()
        except UnicodeDecodeError as error:
            raise InputError("the answer is not UTF-8", fix="what was labelled is kept; start again") from error
        if not line:
            out.print()
            return None
        said = line.strip().encode(errors="replace").decode()
        if not answers:
            return said
        exact = [one for one in answers if one.lower() == said.lower()]
        fitting = exact or [one for one in answers if len(said) > 1 and one.lower().startswith(said.lower())]
        if len(fitting) == 1:
            return fitting[0]
        near = nearest(said, answers) if len(said) > 1 else ""
        out.print(_shown(listed if said in ("", "?") else f"'{said}' is not one of them{near}. {listed}"))


# --- what the labels say ----------------------------------------------------------------------------------------


def _report(run: Run) -> None:
    found = read_labels(run.folder.path)
    for torn in found.torn:
        err.print(Text(f"note: {torn}".translate(UNSHOWN), style="yellow"))
    if not found.given:
        out.print("no labels yet: `turnwright label --reviewer NAME` asks for some, `--import FILE` takes them")
        return
    _calibration(calibrate(run, found.given), found)


def _calibration(figures: Calibration, labels: Labels) -> None:
    people = ", ".join(f"{name} {count:,}" for name, count in figures.reviewers.items())
    title("what people say")
    corrected = len(labels.given) - len(labels.latest)
    more = f"; {corrected:,} earlier label(s) were corrected" if corrected else ""
    out.print(_shown(f"{figures.labels:,} conversations with a word that counts ({people}{more})"))
    title("share that people would accept")
    columns = ("over", "conversations", "labels", "accepted", "95 % interval", "worth", "how")
    out.print(table(*columns, rows=map(_share, figures.shares)))
    _notes((one.over, one.note) for one in figures.shares)
    out.print("worth: how many plainly drawn labels, read without the machine, would say as much")
    title("agreement (Cohen's kappa, as if drawn evenly)")
    columns = ("between", "labels", "agree", "by chance", "kappa", "95 % interval", "how")
    out.print(table(*columns, rows=map(_agreement, figures.agreements)))
    _notes((one.between, one.note) for one in figures.agreements)
    _defects(figures)
    _contradictions(figures)
    if figures.unknown:
        out.print(_shown(f"labelled, but not in this run: {_some(figures.unknown)}"))


def _share(one: Share) -> tuple[str, ...]:
    worth = "" if one.share is None else "all" if one.worth is None else f"{one.worth:,.0f}"
    interval = _interval(one.low, one.high, _percent)
    return one.over, f"{one.size:,}", f"{one.labels:,}", _percent(one.share), interval, worth, one.how


def _agreement(one: Agreement) -> tuple[str, ...]:
    interval = _interval(one.low, one.high, _figure)
    agree = _percent(one.observed), _percent(one.expected), _figure(one.kappa)
    return one.between, f"{one.labels:,}", *agree, interval, one.how


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.1%}"


def _figure(kappa: float | None) -> str:
    return "not known" if kappa is None else f"{kappa:.2f}"


def _interval(low: float | None, high: float | None, say: Callable[[float | None], str]) -> str:
    return "" if low is None or high is None else f"{say(low)} to {say(high)}"


def _notes(notes: Iterable[tuple[str, str]]) -> None:
    for name, note in notes:
        if note:
            out.print(_shown(f"{name}: {note}"))


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else "")


def _defects(figures: Calibration) -> None:
    if figures.defects:
        title("defects that people saw")
        rows = [(name, f"{n:,}", f"{figures.missed.get(name, 0):,}") for name, n in figures.defects.items()]
        out.print(table("class", "conversations", "of them admitted", rows=rows))


def _contradictions(figures: Calibration) -> None:
    if figures.contradictions:
        title(f"reviewers contradict each other on {len(figures.contradictions):,}; these count for neither")
    for one in figures.contradictions:
        yes, no = ", ".join(one.accepted_by), ", ".join(one.rejected_by)
        out.print(_shown(f"#{one.ordinal} {one.conversation_id}: accepted by {yes}, rejected by {no}"))
