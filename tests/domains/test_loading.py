"""Reading a domain: every mistake of its author is one line with the file, the line and a fix, before anything runs."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from turnwright.domains import load_domain, packs, parse_yaml, read_yaml
from turnwright.errors import DomainError, SpecError

GOOD = """\
name: lamp_shop
title: A lamp shop
slots:
  order_id: {label: order number}
tools:
  - name: get_order
    description: Find an order.
    parameters: {type: object, properties: {order_id: {type: string}}, required: [order_id]}
    does: {find: orders, by: {order_id: id}}
  - name: cancel_order
    description: Cancel an order.
    effect: write
    parameters: {type: object, properties: {order_id: {type: string}}, required: [order_id]}
    does: {update: orders, by: {order_id: id}, set: {status: "'cancelled'"}}
world:
  orders:
    rows:
      - {id: O1, status: open}
      - {id: O2, status: open}
intents:
  cancel:
    goal: Cancel order {order_id}.
    opens_with: request_cancel
    cast:
      order: {table: orders, where: row.status == 'open'}
    facts: {order_id: order.id}
parts:
  look:
    ask_id: {say: ask_order_id, ask: order_id, next: find}
    find: {call: get_order, with: {order_id: order_id}, save: found, on_error: unknown, next: confirm}
    unknown: {say: refuse_unknown, end: refused}
flows:
  cancel:
    start: ask_id
    include: [look]
    nodes:
      confirm: {say: confirm_cancel, mention: {order_id: found.id}, choose: {affirm: do, deny: stop}}
      do: {call: cancel_order, with: {order_id: found.id}, next: done}
      done: {say: inform_done, end: resolved}
      stop: {end: abandoned}
rules:
  - {name: confirmed, tools: [cancel_order], require: said('confirm_cancel') and heard('affirm')}
factors:
  situation:
    levels:
      ordinary: 0.9
      shipped: {weight: 0.1, rare: true, quota: 1, set: {order.status: shipped}}
constraints:
  - {forbid: situation == 'shipped' and mood == 'angry'}
documents:
  - {id: hours, asks: [When are you open?], answers: [Nine to five.]}
acts:
  user:
    request_cancel: {phrasings: [Please cancel an order.]}
  assistant:
    ask_order_id: {phrasings: [Which order?]}
    refuse_unknown: {phrasings: [There is no such order.]}
    confirm_cancel: {phrasings: ["Shall I cancel {order_id}?"]}
    inform_done: {phrasings: [Done.]}
"""

ROWS = "    rows:\n      - {id: O1, status: open}\n      - {id: O2, status: open}\n"
WITH_FILE = GOOD.replace(ROWS, "    file: o.json\n")
WITH_CODE = GOOD.replace("    does: {find: orders, by: {order_id: id}}\n", "")


def folder(path: Path, text: str, tools: str = "", **files: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "domain.yaml").write_text(text, encoding="utf-8")
    if tools:
        (path / "tools.py").write_text(textwrap.dedent(tools), encoding="utf-8")
    for name, content in files.items():
        (path / name.replace("_json", ".json")).write_text(content, encoding="utf-8")
    return path


def refused(path: Path, text: str, tools: str = "", **files: str) -> DomainError:
    with pytest.raises(DomainError) as caught:
        load_domain(str(folder(path, text, tools, **files)))
    assert "\n" not in str(caught.value)
    assert caught.value.fix
    return caught.value


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_good_domain_loads_and_its_flow_holds_the_nodes_of_its_parts(tmp_path: Path) -> None:
    domain = load_domain("shop", folder(tmp_path / "shop", GOOD).parent)
    assert set(domain.tools) == {"get_order", "cancel_order"}
    assert list(domain.spec.flows["cancel"].nodes) == ["ask_id", "find", "unknown", "confirm", "do", "done", "stop"]
    assert domain.fingerprint.startswith("lamp_shop@")


def test_a_node_of_the_flow_itself_comes_before_one_of_a_part(tmp_path: Path) -> None:
    text = GOOD.replace("      stop:", "      unknown: {say: refuse_unknown, end: escalated}\n      stop:")
    domain = load_domain(str(folder(tmp_path / "d", text)))
    assert domain.spec.flows["cancel"].nodes["unknown"].end == "escalated"


def test_the_fingerprint_changes_with_any_file_of_the_domain(tmp_path: Path) -> None:
    first = load_domain(str(folder(tmp_path / "a", WITH_FILE, o_json='[{"id": "O1", "status": "open"}]')))
    second = load_domain(str(folder(tmp_path / "b", WITH_FILE, o_json='[{"id": "O1", "status": "shut"}]')))
    again = load_domain(str(folder(tmp_path / "c", WITH_FILE, o_json='[{"id": "O1", "status": "open"}]')))
    assert first.fingerprint == again.fingerprint != second.fingerprint


def test_an_unknown_domain_is_refused_with_the_nearest_name_and_what_exists() -> None:
    with pytest.raises(DomainError, match=r"did you mean 'telecom_support'.*starter, telecom_support"):
        load_domain("telecom_suport")
    assert {"starter", "telecom_support"} <= set(packs())


# --- one mistake each: (what is replaced, by what, where the line is found, what the message says) ---

MISTAKES = [
    ("title: A lamp shop", "titel: A lamp shop", "titel", r"unknown key 'titel'.*did you mean 'title'"),
    ("say: confirm_cancel, mention", "says: confirm_cancel, mention", "confirm: {says", r"unknown key .*says"),
    ("next: find}", "next: fnd}", "ask_id:", r"unknown node 'fnd' \(did you mean 'find'\?\)"),
    ("affirm: do,", "affirm: doo,", "confirm: {say", r"unknown node 'doo'"),
    ("affirm: do,", "afirm: do,", "confirm: {say", r"unknown user act 'afirm' \(did you mean 'affirm'\?\)"),
    ("say: inform_done", "say: inform_dun", "done: {say", r"unknown assistant act 'inform_dun'"),
    ("ask: order_id, next", "ask: order_no, next", "ask_id:", r"unknown slot 'order_no'"),
    ("call: cancel_order, with", "call: cancel_ordr, with", "do: {call", r"unknown tool 'cancel_ordr'"),
    ("call: cancel_order, with: {order_id: found.id}", "call: cancel_order", "do: {call", r"lacks 'order_id'"),
    ("with: {order_id: found.id}, next", "with: {order: found.id}, next", "do: {call", r"unknown argument of cancel"),
    ("with: {order_id: found.id}, next", "with: {order_id: fond.id}, next", "do: {call", r"unknown name 'fond'"),
    ("mention: {order_id: found.id}", "mention: {order_id: foun.id}", "confirm: {say", r"unknown name 'foun'"),
    ("done: {say: inform_done, end: resolved}", "done: {say: inform_done}", "done: {say", r"leads nowhere"),
    ("done: {say: inform_done, end", "done: {next: stop, end", "done: {next", r"ends and leads on"),
    ("do: {call: cancel_order", "do: {ask: order_id, call: cancel_order", "do: {ask", r"has ask and call"),
    ("start: ask_id", "start: ask_di", "start: ask_di", r"unknown node 'ask_di'"),
    ("include: [look]", "include: [lok]", "include: [lok]", r"unknown part 'lok'"),
    ("  cancel:\n    start", "  cancl:\n    start", "  cancel:\n    goal", r"unknown flow 'cancel'"),
    ("table: orders, where", "table: order, where", "order: {table", r"unknown table 'order'"),
    ("where: row.status == 'open'", "where: rowe.status == 'open'", "order: {table", r"unknown name 'rowe'"),
    ("facts: {order_id: order.id}", "facts: {order_id: oder.id}", "facts:", r"unknown name 'oder'"),
    ("facts: {order_id: order.id}", "facts: {order_no: order.id}", "facts:", r"unknown slot 'order_no'"),
    ("Cancel order {order_id}.", "Cancel order {order}.", "goal:", r"unknown slot 'order'"),
    ("Cancel order {order_id}.", "Cancel order {0}.", "goal:", r"not a plain slot name"),
    ("opens_with: request_cancel", "opens_with: request_cancle", "opens_with", r"unknown user act"),
    ('["Shall I cancel {order_id}?"]', '["Shall I cancel {order_id?"]', "confirm_cancel: {", r"expected '}'"),
    ('["Shall I cancel {order_id}?"]', '["Cancel {order_id.x}?"]', "confirm_cancel: {", r"not a plain slot name"),
    ("inform_done: {phrasings: [Done.]}", "inform_done: {means: done}", "inform_done: {means", r"has no phrasings"),
    ("tools: [cancel_order], require", "tools: [cancel], require", "rules:", r"unknown tool 'cancel'"),
    ("said('confirm_cancel')", "said('confirm')", "rules:", r"unknown act 'confirm'"),
    ("said('confirm_cancel')", "sad('confirm_cancel')", "rules:", r"unknown function 'sad'"),
    ("heard('affirm')", "heard('afirm')", "rules:", r"unknown act 'afirm'"),
    ("heard('affirm')", "last.get_ordr.id == 1", "rules:", r"unknown tool 'get_ordr'"),
    ("heard('affirm')", "args.number == 1", "rules:", r"unknown argument of cancel_order 'number'"),
    ("{name: confirmed,", "{name: confirmed, when: 'a ==',", "rules:", r"cannot be read"),
    ("order.status: shipped", "ordr.status: shipped", "shipped:", r"unknown cast alias 'ordr'"),
    ("order.status: shipped", "order: shipped", "shipped:", r"names no field"),
    ("ordinary: 0.9", "ordinary: -1", "ordinary:", r"greater than or equal to 0"),
    ("mood == 'angry'", "mod == 'angry'", "constraints:", r"unknown name 'mod' \(did you mean 'mood'\?\)"),
    ("mood == 'angry'", "mood == 'angri'", "constraints:", r"unknown level of mood 'angri'"),
    ("{forbid: situation", "{forbid: mood == 'calm', require: situation", "constraints:", r"exactly one of forbid"),
    ("answers: [Nine to five.]", "answers: []", "documents:", r"lacks asks or answers"),
    ("answers: [Nine to five.]", "answers: ['{hour}']", "documents:", r"no slots to fill in"),
    ("find: orders, by", "find: order, by", "- name: get_order", r"unknown table 'order'"),
    ("by: {order_id: id}}", "by: {order: id}}", "- name: get_order", r"unknown parameter of get_order 'order'"),
    ("by: {order_id: id}}", "by: {order_id: id}, insert: orders}", "- name: get_order", r"exactly one of find"),
    ("effect: write\n    ", "", "- name: cancel_order", r"declared to read, but does write"),
    ("set: {status: \"'cancelled'\"}", "set: {status: args.why}", "- name: cancel_order", r"unknown parameter .*'why'"),
    ("update: orders, by: {order_id: id}, set", "update: orders, set", "- name: cancel_order", r"which row it updates"),
    ("type: object, properties: {order_id: {type: string}}", "type: objct", "- name: get_order", r"not a JSON Schema"),
    ("- {id: O2, status: open}", "- {id: O1, status: open}", "  orders:", r"has the id 'O1' twice"),
    ("- {id: O2, status: open}", "- {status: open}", "  orders:", r"has a row without 'id'"),
    ("{label: order number}", "{label: order number, format: '{amount}'}", "  order_id: {", r"must say {value} once"),
    ("name: lamp_shop", "name: lamp shop", "name:", r"must be a word"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "message"), MISTAKES)
def test_a_mistake_is_reported_with_its_line_and_a_fix(
    tmp_path: Path, old: str, new: str, at: str, message: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    fault = refused(tmp_path / "d", text)
    assert fault.where.startswith(str(tmp_path / "d" / "domain.yaml"))
    found = int(fault.where.rsplit(":", 1)[1])
    first = line_of(text, at) if at in text else 1
    assert first <= found <= first + 6
    assert re.search(message, str(fault))


def test_a_question_without_say_uses_the_act_that_is_named_after_its_slot(tmp_path: Path) -> None:
    text = GOOD.replace("say: ask_order_id, ask", "ask")
    load_domain(str(folder(tmp_path / "d", text)))
    fault = refused(tmp_path / "e", text.replace("    ask_order_id: {phrasings: [Which order?]}\n", ""))
    assert "unknown assistant act 'ask_order_id'" in fault.what


def test_a_flow_that_never_ends_is_refused(tmp_path: Path) -> None:
    loop = "      done: {say: inform_done, next: stop}\n      stop: {say: inform_done, next: done}\n"
    text = GOOD.replace("      done: {say: inform_done, end: resolved}\n      stop: {end: abandoned}\n", loop)
    text = text.replace("unknown: {say: refuse_unknown, end: refused}", "unknown: {say: refuse_unknown, next: find}")
    assert "never reaches an end" in refused(tmp_path / "d", text).what


def test_an_edge_with_a_wrong_key_is_reported_at_the_edge(tmp_path: Path) -> None:
    text = GOOD.replace("next: confirm}", "next: [{wen: found.id == 'x', go: confirm}]}")
    fault = refused(tmp_path / "d", text)
    assert "wen" in fault.what
    assert int(fault.where.rsplit(":", 1)[1]) == line_of(text, "find: {call")


def test_the_number_of_further_mistakes_is_told(tmp_path: Path) -> None:
    text = GOOD.replace("title:", "titel:").replace("goal:", "gaol:")
    assert "more place" in refused(tmp_path / "d", text).what


# --- tools.py and data files ---


def test_a_tool_without_does_needs_a_function_of_its_name(tmp_path: Path) -> None:
    fault = refused(tmp_path / "d", WITH_CODE)
    assert "has neither `does` nor a function" in fault.what
    assert int(fault.where.rsplit(":", 1)[1]) == line_of(WITH_CODE, "- name: get_order")
    load_domain(str(folder(tmp_path / "e", WITH_CODE, "def get_order(world, order_id):\n    return {}\n")))


@pytest.mark.parametrize("signature", ["world", "world, number", "world, order_id, extra", "order_id"])
def test_a_function_that_does_not_fit_its_schema_is_refused(tmp_path: Path, signature: str) -> None:
    fault = refused(tmp_path / "d", WITH_CODE, f"def get_order({signature}):\n    return {{}}\n")
    assert "does not fit its parameters" in fault.what
    assert "def get_order(world, order_id)" in fault.fix


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("x = 1\ndef get_order(:\n", 2, "SyntaxError"),
        ("import no_such_module\n", 1, "ModuleNotFoundError"),
        ("\n\n1 / 0\n", 3, "ZeroDivisionError"),
        ("def get_order(world, order_id): ...\ndef seed_world(world):\n    world.table('x')\n", 3, "seed_world fails"),
    ],
)
def test_a_mistake_in_tools_py_is_reported_with_its_line(tmp_path: Path, code: str, line: int, message: str) -> None:
    fault = refused(tmp_path / "d", WITH_CODE, code)
    assert message in fault.what
    assert fault.where == f"{tmp_path / 'd' / 'tools.py'}:{line}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"id": "O1",]', "not valid JSON"),
        ('{"id": "O1"}', "must be a list of rows"),
        ('[{"id": null}]', "has a row without 'id'"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_data_file_that_holds_no_rows_is_refused(tmp_path: Path, content: str, message: str) -> None:
    assert message in refused(tmp_path / "d", WITH_FILE, o_json=content).what


def test_a_data_file_that_is_missing_or_outside_the_folder_is_refused(tmp_path: Path) -> None:
    assert "is missing" in refused(tmp_path / "d", WITH_FILE).what
    (tmp_path / "o.json").write_text("[]", encoding="utf-8")
    assert "outside the domain" in refused(tmp_path / "e", WITH_FILE.replace("o.json", "../o.json")).what


# --- YAML ---


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: &x 2\n", 2, "anchors and aliases are not read"),
        ("a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y]\n", 1, "anchors and aliases are not read"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "the key 'c' stands twice"),
        ("a:\n  - !!python/object/apply:os.system [ls]\n", 2, "is not read"),
        ("a: !thing 1\n", 1, "is not read"),
        ("a: 1\nb: !!binary aGk=\n", 2, "is not read"),
        ("a: 1\n<<: {b: 2}\n", 2, "a key must be a plain word"),
        ("? [a, b]\n: 1\n", 1, "a key must be a plain word"),
        ("a:\n b: 1\n  c: 2\n", 3, "not valid YAML"),
        ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        ("a: 1\nb: 'open\n", 3, "not valid YAML"),
        ("a: 1\nb: 0042\n", 2, "can be read in two ways"),
        ("a: .nan\n", 1, "is too large"),
        ("a: 123456789012345678901234567890\n", 1, "is too large"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: \x07\n", 1, "not valid YAML"),
    ],
)
def test_yaml_with_a_trap_in_it_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        parse_yaml(text, "factory.yaml", SpecError)
    assert caught.value.where == f"factory.yaml:{line}"


@pytest.mark.parametrize("text", ["a: " + "[" * 50 + "]" * 50, "a: " + "[" * 200_000, "- " * 200_000, "a: {" * 60])
def test_deep_nesting_is_refused_before_it_can_exhaust_the_stack(text: str) -> None:
    with pytest.raises(SpecError, match=r"nested more than 40 levels deep|not valid YAML"):
        parse_yaml(text, "factory.yaml", SpecError)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", "just text"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match=r"empty|must be a mapping"):
        parse_yaml(text, "factory.yaml", SpecError)


def test_words_keep_their_meaning() -> None:
    text = "a: [yes, No, on, 12:30, 2026-06-15, true, 12, 1.5, 1e3, ~, '07']\nno: 1\n1.10: 2\n"
    value = parse_yaml(text, "x", SpecError).value
    assert value["a"] == ["yes", "No", "on", "12:30", "2026-06-15", True, 12, 1.5, "1e3", None, "07"]
    assert list(value) == ["a", "no", "1.10"]


def test_every_place_has_its_line() -> None:
    source = parse_yaml("a: 1\nb:\n  - c: 2\n    d: 3\n", "x", SpecError)
    assert source.place(("b", 0, "d")) == "x:4"
    assert source.place(("b", 0, "unknown", "deeper")) == "x:3"
    assert source.place(("nowhere",)) == "x:1"


def test_files_that_are_huge_missing_or_no_text_are_refused(tmp_path: Path) -> None:
    big, binary = tmp_path / "big.yaml", tmp_path / "binary.yaml"
    big.write_text("a: " + "x" * 1_000_001, encoding="utf-8")
    binary.write_bytes(b"a: \xff\xfe")
    for path, message in ((big, "more than 1,000,000"), (binary, "not UTF-8"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(SpecError, match=message) as caught:
            read_yaml(path, SpecError)
        assert caught.value.where == str(path)
