"""A spec that draws from habits: what it says itself goes first, edits count, bad files are refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from turnwright import load
from turnwright.domains import STANDARD_FACTORS, Domain, own_words
from turnwright.engine.seeding import copies_caught, learn_habits
from turnwright.engine.spec import Spec, load_spec
from turnwright.errors import SpecError
from turnwright.habits import as_yaml
from turnwright.reading import read_set
from turnwright.store import read_run

SHOP = Path(__file__).parents[1] / "fixtures" / "mini_shop"
FACTORY = """\
version: 1
domain: {shop}
scenarios: 12
habits: habits.yaml
models: {{double: {{kind: scripted, script: {script}}}}}
roles: {{user: double, teacher: double}}
run: {{durability: process}}
{more}
"""
HABITS = """\
version: 1
everywhere:
  plan:
    user_opens: {value: 0.31, low: 0.2, high: 0.4, n: 24}
    farewell: {value: 0.4}
domains:
  mini_shop:
    conversations: 24
    plan:
      user_opens: {value: 0.12}
    factors:
      memory:
        sure: {value: 0.2}
        forgets: {value: 0.6}
    volunteered:
      order_id: {value: 0.9}
    names:
      goodbye: {known_as: goodbye_1, n: 3}
    style:
      request_refund: ["I really need my whole refund for this order"]
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a spec with its habits into a folder; returns the folder."""

    def made(habits: str = HABITS, more: str = "", script: str = "obliging") -> Path:
        (tmp_path / "factory.yaml").write_text(FACTORY.format(shop=SHOP, more=more, script=script))
        (tmp_path / "habits.yaml").write_text(habits)
        return tmp_path

    return made


def test_what_was_learnt_stands_in_the_spec_and_a_domains_own_goes_first(write: Write) -> None:
    spec = load_spec(write())
    assert (spec.plan.user_opens, spec.plan.farewell) == (0.12, 0.4)
    assert spec.plan.volunteered == {"order_id": 0.9}
    assert spec.simulate.fill.style == {"request_refund": ["I really need my whole refund for this order"]}
    memory = {name: level.weight for name, level in spec.design.factors["memory"].levels.items()}
    declared = {name: level.weight for name, level in STANDARD_FACTORS["memory"].levels.items()}
    assert memory["forgets"] == pytest.approx(3 * memory["sure"])
    assert memory["corrects"] == declared["corrects"]
    assert sum(memory.values()) == pytest.approx(sum(declared.values()))
    assert spec.plan.asks_for_more == Spec.model_fields["plan"].default.asks_for_more


def test_what_the_spec_says_itself_wins(write: Write) -> None:
    more = "plan: {user_opens: 0.65}\ndesign: {factors: {memory: {sure: 1, forgets: 1}}}\n"
    spec = load_spec(write(more=more + "simulate: {fill: {style: {}}}"))
    assert spec.plan.user_opens == 0.65
    assert spec.plan.farewell == 0.4
    assert spec.simulate.fill.style == {}
    assert {name: level.weight for name, level in spec.design.factors["memory"].levels.items()} == {
        "sure": 1,
        "forgets": 1,
    }


def test_a_factor_that_the_spec_drops_stays_dropped(write: Write) -> None:
    assert "memory" not in load_spec(write(more="design: {drop: [memory]}")).design.factors


def test_an_edited_value_is_used_and_decides_the_run(write: Write) -> None:
    before = load_spec(write())
    assert load_spec(write()).id == before.id
    after = load_spec(write(HABITS.replace("0.12", "0.99")))
    assert after.plan.user_opens == 0.99
    assert after.id != before.id
    renamed = load_spec(write(HABITS.replace("goodbye_1", "goodbye_2")))
    assert renamed.id != before.id


def test_plan_and_design_draw_from_the_habits(write: Write) -> None:
    def opened(value: str) -> int:
        factory = load(write(HABITS.replace("0.12", value)))
        report = factory.run(factory.base / f"run{value}")
        kept = list(factory.dataset(report.folder))
        return sum("greet" not in turn.acts for each in kept for turn in each.conversation.turns[1:2])

    assert opened("1") > opened("0") == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("value: 0.12", "value: 1.2", "habits.yaml:10: 'domains.mini_shop.plan.user_opens.value' is 1.2"),
        ("{value: 0.12}", "{low: 0.12}", "habits.yaml:10: 'domains.mini_shop.plan.user_opens.value' is missing"),
        ("user_opens: {value: 0.12}", "user_open: {value: 0.12}", "'user_open' is no setting of plan here (did you"),
        ("      memory:", "      memry:", "'memry' is no factor here (did you mean 'memory'?)"),
        ("forgets:", "forgot:", "'forgot' is no level of the factor 'memory' here (did you mean 'forgets'?)"),
        ("order_id:", "order_no:", "'order_no' is no slot here"),
        ("request_refund:", "request_money:", "'request_money' is no user act here"),
        ("mini_shop:", "big_shop:", "tells nothing of the domain 'mini_shop'"),
        ("sure: {value: 0.2}\n        forgets: {value: 0.6}", "sure: {value: 0}", "every level of factor 'memory'"),
        ("version: 1", "version: [", "not valid YAML"),
    ],
)
def test_a_bad_habits_file_is_refused_in_one_line(write: Write, old: str, new: str, says: str) -> None:
    folder = write(HABITS.replace(old, new, 1))
    with pytest.raises(SpecError) as refused:
        load_spec(folder)
    assert says in str(refused.value)
    assert "habits.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.fix


def test_a_habits_file_that_is_not_there_is_refused(write: Write) -> None:
    folder = write()
    (folder / "habits.yaml").unlink()
    with pytest.raises(SpecError, match="cannot be read"):
        load_spec(folder)


def test_a_run_repeats_no_text_of_people_and_counts_the_tries_to_do_so(write: Write) -> None:
    """`obliging` rewords the phrasing that it is asked to say; here people said just what it then says."""
    plain = load(write(script="obliging"))
    plain.run(plain.base / "plain")
    own = set(own_words(plain.domain()))
    said = {turn.text for each in plain.dataset(plain.base / "plain") for turn in each.conversation.turns
            if turn.acts == ("request_refund",) and turn.text not in own}  # fmt: skip
    assert said
    theirs = HABITS.partition("    style:")[0] + "    style:\n      request_refund:\n"
    theirs += "".join(f'      - "{text}"\n' for text in sorted(said))
    seeded = load(write(theirs))
    report = seeded.run(seeded.base / "seeded")
    again = [turn.text for each in seeded.dataset(report.folder) for turn in each.conversation.turns]
    assert again
    assert not said & set(again)
    with read_run(report.folder) as run:
        assert copies_caught(run, seeded.spec, seeded.domain()) > 0
        assert copies_caught(run, plain.spec, plain.domain()) == 0


def test_a_learnt_file_reads_back_as_what_was_learnt(shop: Domain, tmp_path: Path) -> None:
    path = tmp_path / "real.jsonl"
    turns = '[{"role": "user", "text": "I need a refund"}, {"role": "assistant", "text": "x", "act": "ask_order_id"}]'
    path.write_text(f'{{"id": 1, "tasks": ["mini_shop"], "turns": {turns}}}\n')
    learnt = learn_habits(read_set([path], least_acts=1).examples, [shop], {})
    (tmp_path / "habits.yaml").write_text(as_yaml(learnt))
    (tmp_path / "factory.yaml").write_text(FACTORY.format(shop=SHOP, more="", script="obliging"))
    spec = load_spec(tmp_path)
    assert spec.habits == learnt.habits.id
    assert spec.plan.user_opens == learnt.habits.everywhere.plan["user_opens"].value
