"""A comparison made by hand: all lights, a figure that was left out, words that look like HTML or templates."""

from __future__ import annotations

from turnwright.records.fidelity import Detail, Fidelity, Floor, GateOutcome, Reading

SCRIPT = "<script>alert('x')</script>"
MARKUP = "{{ 7 * 7 }} [bold]x[/bold]"

TAILS = Reading(
    name="tail_retention",
    family="Tails",
    title="Tail retention",
    value=0.41,
    unit="ratio",
    same=1.0,
    worse="lower",
    reference=0.14,
    synthetic=0.057,
    low=0.3,
    high=0.55,
    floor=Floor(median=1.0, low=0.88, high=1.13, halves=50, size=200),
    p=0.001,
    adjusted=0.004,
    smallest=0.17,
    n=(400, 400),
    light="red",
    meaning="Acts that are rare in the reference are 59 % rarer in the synthetic set.",
    details=(
        Detail(name=f"ask_{SCRIPT}", reference=0.031, synthetic=0.002, p=0.0002, note="missing"),
        Detail(name="goodbye", reference=0.02, synthetic=0.018, p=0.8),
    ),
)
WORDS = Reading(
    name="user_auc",
    family="Classifier",
    title="Told apart by user words",
    side="user",
    value=0.57,
    unit="AUC",
    same=0.5,
    low=0.52,
    high=0.62,
    floor=Floor(median=0.49, low=0.44, high=0.54, halves=50, size=200),
    p=0.031,
    adjusted=0.21,
    smallest=0.09,
    n=(400, 400),
    light="amber",
    meaning="A classifier tells the sides apart by user words in 57 of 100 pairs; 50 is chance.",
    details=(Detail(name=MARKUP, reference=0.4, synthetic=0.1, p=0.03),),
)
LENGTH = Reading(
    name="turns_mean",
    family="Flow",
    title="Turns per conversation",
    value=-0.3,
    unit="turns",
    same=0.0,
    worse="either",
    reference=18.9,
    synthetic=18.6,
    low=-1.2,
    high=0.6,
    floor=Floor(median=0.1, low=-1.3, high=1.4, halves=50, size=200),
    p=0.51,
    adjusted=1.0,
    smallest=1.9,
    n=(400, 400),
    light="green",
    meaning="The synthetic conversations are 0.3 turns shorter.",
)
LEFT = Reading(
    name="user_acts",
    family="Tails",
    title="Acts of users",
    side="user",
    left_out="no user turn has an act",
)
MADE = Fidelity(
    reference="st_a",
    synthetic="st_b",
    sources=(("somewhere/real.jsonl",), ("runs/a", "b & c.jsonl")),
    n=(400, 400),
    alpha=0.05,
    permutations=999,
    seed=3,
    alarm=True,
    light="red",
    readings=(TAILS, LEFT, WORDS, LENGTH),
    left_out=("user_acts: no user turn has an act", "levels: the reference tells none"),
    notes=("Vocabulary of politeness is English.",),
)
GATES = (
    GateOutcome(
        gate="tail_retention >= 0.8",
        monitor="tail_retention",
        look=1,
        state="breached",
        action="stop",
        value=0.41,
        low=0.28,
        high=0.6,
        alpha=0.025,
    ),
    GateOutcome(gate="nothing <= 1", monitor="nothing", look=1, state="unread", action="stop", why="no labels"),
)
