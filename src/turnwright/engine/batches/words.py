"""What gates said, in words for people: which gate, which figure, which bound, and what became of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from turnwright.monitor.page.wording import number, span
from turnwright.records.fidelity import BatchVerdict, GateOutcome

__all__ = ["acted_lines", "quarantine_reasons", "said", "stop_reasons", "verdict_lines"]


def said(outcome: GateOutcome) -> str:
    """One gate's word: `tail_retention >= 0.8: 0.61 (0.48…0.74), breached`."""
    if outcome.state == "unread":
        return f"{outcome.gate}: not read ({outcome.why})"
    interval = span(outcome.low, outcome.high)
    figure = f"{number(outcome.value)} ({interval})" if interval else number(outcome.value)
    return f"{outcome.gate}: {figure}, {outcome.state}{f' ({outcome.why})' if outcome.why else ''}"


def stop_reasons(verdicts: Sequence[BatchVerdict]) -> tuple[str, ...]:
    """The gates that stopped a run, with figure and batch; none where the last batch was let through."""
    if not verdicts or verdicts[-1].action != "stop":
        return ()
    last = verdicts[-1]
    return tuple(f"{said(one)} after batch {last.number} (scenarios {last.first} to {last.last})" for one in last.due)


def quarantine_reasons(verdicts: Sequence[BatchVerdict]) -> dict[str, int]:
    """Reason → conversations that are in quarantine for it, by batch."""
    found: dict[str, int] = {}
    for one in verdicts:
        if one.quarantined:
            gates = [said(gate) for gate in one.outcomes if gate.state == "breached" and gate.action == "quarantine"]
            found[f"batch {one.number}: {'; '.join(gates)}"] = one.quarantined
    return found


def verdict_lines(verdict: BatchVerdict) -> Iterator[str]:
    """What was decided after a batch, and why; nothing where all gates let it through.

    What cannot be read is told once.
    """
    for one in verdict.outcomes:
        if one.state == "breached" or (one.state == "unread" and verdict.look == 1):
            yield f"batch {verdict.number}: {said(one)}"
    yield from acted_lines(verdict)


def acted_lines(verdict: BatchVerdict) -> Iterator[str]:
    """What was done after a batch."""
    place = f"batch {verdict.number}"
    if verdict.quarantined:
        yield f"{place}: {verdict.quarantined:,} conversations are in quarantine"
    for level in verdict.quotas:
        because = f" ({', '.join(level.because)})" if level.because else ""
        shares = f"{level.before:.1%} → {level.after:.1%}"
        yield f"{place}: sampled more from here on: {level.factor}={level.level} {shares}{because}"
    for note in verdict.notes:
        yield f"{place}: {note}"
