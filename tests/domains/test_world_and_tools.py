"""Worlds: seeded, restorable, comparable, isolated. Tools: checked, declared or written, failing on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from turnwright.domains import Tool, Toolbox, World
from turnwright.domains.declaration import ToolSpec
from turnwright.domains.tools import declared
from turnwright.errors import DomainError, ToolError
from turnwright.records import Change, Fault, ToolCall

TABLES = {
    "orders": {
        "O1": {"id": "O1", "owner": "ada", "total": 20.0, "tags": ["new"]},
        "O2": {"id": "O2", "owner": "ben", "total": 55.0, "tags": []},
    },
    "notes": {},
}


def world(seed: int = 1) -> World:
    return World(TABLES, seed)


def tool(name: str, function: Any, effect: str = "read", **properties: Any) -> Tool:
    parameters = {"type": "object", "properties": properties}
    return Tool(ToolSpec(name=name, description=name, parameters=parameters, effect=effect), function)


def declared_tool(name: str, effect: str, properties: list[str], **does: Any) -> Tool:
    parameters = {"type": "object", "properties": {name: {} for name in properties}}
    spec = ToolSpec.model_validate(
        {"name": name, "description": name, "parameters": parameters, "effect": effect, "does": does}
    )
    assert spec.does is not None
    return Tool(spec, declared(spec.does))


def run(tool: Tool, here: World, *faults: Fault, **arguments: Any) -> Any:
    return Toolbox({tool.name: tool}, here, faults).run(ToolCall(id="c1", name=tool.name, arguments=arguments))


# --- worlds ---


def test_a_snapshot_brings_back_rows_and_random_numbers() -> None:
    here = world()
    here.rng.random()
    kept, hashed = here.snapshot(), here.hash()
    drawn = here.rng.random()
    here.need("orders", "O1")["total"] = 0
    here.put("orders", "O3", {"id": "O3"})
    assert here.hash() != hashed
    here.restore(kept)
    assert here.hash() == hashed
    assert here.rng.random() == drawn


def test_two_worlds_of_one_seed_are_equal_and_share_nothing() -> None:
    one, two = world(), world()
    assert one.hash() == two.hash()
    assert one.rng.random() == two.rng.random()
    one.need("orders", "O1")["tags"].append("changed")
    assert two.need("orders", "O1")["tags"] == ["new"]
    assert TABLES["orders"]["O1"]["tags"] == ["new"]
    assert world(2).rng.random() != world(1).rng.random()


def test_the_hash_depends_on_content_and_not_on_the_order_of_rows() -> None:
    turned = {"notes": {}, "orders": dict(reversed(TABLES["orders"].items()))}
    assert World(turned, 1).hash() == world().hash()


def test_a_difference_names_every_cell_and_applying_it_gives_the_same_world() -> None:
    before, after = world(), world()
    after.need("orders", "O1")["total"] = 0.0
    after.need("orders", "O2")["gift"] = True
    after.put("notes", "N1", {"id": "N1", "text": "hi"})
    del after.tables["orders"]["O2"]["tags"]
    changes = after.diff(before.tables)
    assert [(c.table, c.key, c.field, c.value) for c in changes] == [
        ("notes", "N1", "", {"id": "N1", "text": "hi"}),
        ("orders", "O1", "total", 0.0),
        ("orders", "O2", "gift", True),
        ("orders", "O2", "tags", None),
    ]
    before.apply(changes[:3])
    assert before.diff(after.tables) == (Change(table="orders", key="O2", field="tags", value=[]),)


def test_a_row_that_is_gone_is_a_change_and_can_be_applied() -> None:
    before, after = world(), world()
    del after.tables["orders"]["O1"]
    changes = after.diff(before.tables)
    assert changes == (Change(table="orders", key="O1", field="", value=None),)
    before.apply(changes)
    assert before.hash() == after.hash()


def test_a_new_id_never_overwrites_a_row() -> None:
    here = World({"notes": {"N-0002": {"id": "N-0002"}}}, 1)
    assert here.next_id("notes", "N") == "N-0003"
    here.put("notes", "N-0003", {})
    assert here.next_id("notes", "N") == "N-0004"


def test_a_missing_row_refuses_the_call_in_plain_words() -> None:
    with pytest.raises(ToolError, match="no order with id O9"):
        world().need("orders", "O9")


# --- tools ---


def test_a_call_is_checked_against_its_schema_before_it_runs() -> None:
    asked: list[Any] = []
    total = tool("total", lambda world, key: asked.append(key), key={"type": "string", "pattern": "^O"})
    assert "is not of type 'string'" in run(total, world(), key=5).error
    assert "does not match" in run(total, world(), key="X").error
    assert "'extra' was unexpected" in run(total, world(), key="O1", extra=1).error
    assert asked == []


def test_an_unknown_tool_is_an_error_result_and_no_crash() -> None:
    result = Toolbox({}, world()).run(ToolCall(id="c1", name="fly", arguments={}))
    assert result.error == "unknown tool 'fly'"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"type": "strin"}, "not a JSON Schema"),
        ({"type": "array"}, "not of type object"),
        ({"type": "object", "properties": {"a": {"$ref": "http://example.org/x.json"}}}, "use \\$ref"),
    ],
)
def test_a_schema_that_is_none_or_points_elsewhere_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        Tool(ToolSpec(name="t", description="t", parameters=parameters), lambda world: None)


def test_what_a_tool_returns_is_a_copy_that_later_changes_do_not_reach() -> None:
    here = world()
    result = run(tool("get", lambda world: world.need("orders", "O1")), here)
    here.need("orders", "O1")["tags"].append("later")
    assert result.content["tags"] == ["new"]


def test_a_refused_call_leaves_the_world_as_it_was() -> None:
    def half(world: World) -> None:
        world.need("orders", "O1")["total"] = 0
        world.rng.random()
        raise ToolError("not today")

    here = world()
    before = here.snapshot()
    assert run(tool("half", half, "write"), here).error == "not today"
    assert here.snapshot() == before


@pytest.mark.parametrize("fault", [KeyError("x"), ValueError("x"), ZeroDivisionError("x"), TypeError("x")])
def test_a_mistake_in_a_tool_is_reported_as_the_domains_with_its_line(fault: Exception) -> None:
    def broken(world: World) -> None:
        raise fault

    with pytest.raises(DomainError, match=r"tool 'broken' failed: \w+Error.*") as caught:
        run(tool("broken", broken), world())
    assert "test_world_and_tools.py:" in caught.value.where


def test_a_result_that_is_no_json_or_too_large_is_the_domains_fault() -> None:
    with pytest.raises(DomainError, match="failed: TypeError"):
        run(tool("odd", lambda world: object()), world())
    with pytest.raises(DomainError, match="more than 20,000"):
        run(tool("huge", lambda world: "x" * 30_000), world())


def test_a_declared_find_gives_the_chosen_fields_or_refuses() -> None:
    find = declared_tool("find", "read", ["owner", "id"], find="orders", by={"owner": "owner"}, give=["id", "total"])
    assert run(find, world(), owner="ada").content == {"id": "O1", "total": 20.0}
    assert run(find, world(), owner="zoe").error == "no order found for owner zoe"
    assert run(find, world()).error == "give at least one of owner"


def test_a_declared_find_of_many_lists_what_it_found_even_when_that_is_nothing() -> None:
    find = declared_tool("find", "read", ["owner"], find="orders", by={"owner": "owner"}, many=True, give=["id"])
    assert run(find, world(), owner="ben").content == {"items": [{"id": "O2"}], "total": 1}
    assert run(find, world(), owner="zoe").content == {"items": [], "total": 0}


def test_a_declared_update_changes_just_the_row_that_was_named() -> None:
    change = {"total": "row.total - args.off", "seen": "now"}
    cut = declared_tool("cut", "write", ["id", "off"], update="orders", by={"id": "id"}, set=change)
    here = world()
    assert run(cut, here, id="O2", off=5).content["total"] == 50.0
    assert [(c.key, c.field) for c in here.diff(TABLES)] == [("O2", "seen"), ("O2", "total")]


def test_a_declared_insert_adds_a_row_under_the_tables_own_key() -> None:
    spec = ToolSpec.model_validate(
        {"name": "note", "description": "note", "parameters": {"properties": {"text": {}}}, "effect": "write",
         "does": {"insert": "notes", "stem": "N", "set": {"text": "args.text"}}}
    )  # fmt: skip
    assert spec.does is not None
    here = world()
    result = run(Tool(spec, declared(spec.does, key="number")), here, text="hello")
    assert result.content == {"number": "N-0001", "text": "hello"}
    assert here.tables["notes"] == {"N-0001": {"number": "N-0001", "text": "hello"}}


# --- planted failures ---


def total_of(world: World, key: str) -> dict[str, Any]:
    return {"total": world.need("orders", key)["total"]}


def test_planted_failures_hit_the_nth_call_and_no_other() -> None:
    get = tool("get", total_of, key={})
    box = Toolbox({"get": get}, world(), [Fault(tool="get", nth=2, kind="error")])
    results = [box.run(ToolCall(id=f"c{n}", name="get", arguments={"key": "O1"})) for n in (1, 2, 3)]
    assert [bool(result.error) for result in results] == [False, True, False]
    assert results[1].fault == "error"
    assert results[1].content is None


def test_an_empty_result_is_empty_and_a_slow_one_is_right_but_marked() -> None:
    get = tool("get", total_of, key={})
    empty = run(get, world(), Fault(tool="get", nth=1, kind="empty"), key="O1")
    slow = run(get, world(), Fault(tool="get", nth=1, kind="slow"), key="O1")
    assert (empty.content, empty.error, empty.fault) == ({}, "", "empty")
    assert (slow.content, slow.error, slow.fault) == ({"total": 20.0}, "", "slow")


def test_stale_data_is_as_it_was_when_the_conversation_began() -> None:
    here = world()
    box = Toolbox({"get": tool("get", total_of, key={})}, here, [Fault(tool="get", nth=1, kind="stale")])
    here.need("orders", "O1")["total"] = 99.0
    stale = box.run(ToolCall(id="c1", name="get", arguments={"key": "O1"}))
    fresh = box.run(ToolCall(id="c2", name="get", arguments={"key": "O1"}))
    assert (stale.content, fresh.content) == ({"total": 20.0}, {"total": 99.0})


def test_a_writing_tool_is_never_stale_and_never_fails_half_way() -> None:
    cut = declared_tool("cut", "write", ["id"], update="orders", by={"id": "id"}, set={"total": "0"})
    here = world()
    run(cut, here, Fault(tool="cut", nth=1, kind="stale"), id="O1")
    assert here.need("orders", "O1")["total"] == 0
    failed = world()
    run(cut, failed, Fault(tool="cut", nth=1, kind="error"), id="O1")
    assert failed.hash() == world().hash()


def test_toolboxes_of_two_conversations_do_not_see_each_other() -> None:
    cut = declared_tool("cut", "write", ["id"], update="orders", by={"id": "id"}, set={"total": "0"})
    one, two = world(), world()
    run(cut, one, id="O1")
    assert two.need("orders", "O1")["total"] == 20.0


def test_a_tool_is_shown_to_models_as_an_openai_function() -> None:
    shown = tool("get", total_of, key={"type": "string"}).as_openai()
    assert shown["function"]["name"] == "get"
    assert shown["function"]["parameters"]["properties"] == {"key": {"type": "string"}}
