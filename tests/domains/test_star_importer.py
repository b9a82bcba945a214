"""The importer of STAR tasks: a runnable domain from schema, API and graph alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from turnwright.domains import STANDARD_FACTORS, Domain, compile_expression, load_domain
from turnwright.domains.behaviour import STANDARD_CONSTRAINTS
from turnwright.domains.importers import IMPORTERS, import_star, import_star_all
from turnwright.domains.importers.star_words import answering
from turnwright.domains.phrasing import realise
from turnwright.errors import DomainError, Impossible
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Persona, Scenario, seeded

STAR = Path(__file__).parents[3] / "shared" / "data" / "star"
HOURS = [f"{hour} am" for hour in range(6, 12)]


def ferry_task() -> tuple[dict[str, Any], dict[str, Any]]:
    """A task of our own: its graph leaves out where `yes`, `no` and results hang, as STAR's do."""
    task = {
        "task": "ferry_book",
        "replies": {
            "hello": "Hello, how can I help?",
            "ask_name": "May I have your name, please?",
            "ferry_ask_harbor": "From which harbor do you want to leave?",
            "ferry_ask_time": "At what time would you like to leave?",
            "ferry_offer": "There is room at {harbor:s}. Should I book it for you?",
            "ferry_inform_full": "I am sorry, that ferry is full.",
            "ferry_inform_booked": "Your trip from {harbor:s} is booked.",
            "ferry_inform_failed": "I could not book that trip.",
            "ferry_bye": "Goodbye and safe travels.",
            "anything_else": "Is there anything else?",
            "out_of_scope": "I am sorry, I don't understand. I am only able to help you book a ferry.",
            "available": "Available",
            "unavailable": "Unavailable",
            "yes": "Yes",
            "no": "No",
            "query_success": "Succeeded",
            "query_failure": "Failed",
            "query_check": "Query Check",
            "query_book": "Query Book",
        },
        "graph": {
            "hello": "ask_name",
            "ask_name": "ferry_ask_harbor",
            "ferry_ask_harbor": "ferry_ask_time",
            "ferry_ask_time": "query_check",
            "available": "ferry_offer",
            "unavailable": "ferry_inform_full",
            "yes": "query_book",
            "no": "ferry_ask_harbor",
            "query_success": "ferry_inform_booked",
            "query_failure": "ferry_inform_failed",
            "ferry_inform_booked": "anything_else",
            "ferry_inform_failed": "anything_else",
        },
    }
    api = {
        "input": [
            {"Name": "Harbor", "Type": "Categorical", "Categories": ["North Quay", "Old Pier", "Lakeside"]},
            {"Name": "Time", "Type": "Categorical", "Categories": HOURS},
            {"Name": "CustomerName", "Type": "ShortString", "ReadableName": "Customer Name"},
            {"Name": "RequestType", "Type": "RequestType", "Categories": ["Check", "Book"]},
        ],
        "output": [{"Name": "Status", "Type": "Categorical", "Categories": ["Done", "Refused"]}],
        "required": ["Harbor", "Time", "CustomerName", "RequestType"],
        "function": "ferry_book",
    }
    return task, api


def write_task(folder: Path, task: dict[str, Any], api: dict[str, Any] | None, name: str = "ferry_book") -> Path:
    (folder / "tasks").mkdir(parents=True, exist_ok=True)
    (folder / "apis").mkdir(exist_ok=True)
    (folder / "tasks" / f"{name}.json").write_text(json.dumps(task), encoding="utf-8")
    if api is not None:
        (folder / "apis" / f"{name}.json").write_text(json.dumps(api), encoding="utf-8")
    return folder


@pytest.fixture
def star(tmp_path: Path) -> Path:
    return write_task(tmp_path / "star", *ferry_task())


def scenario(domain: Domain, number: int) -> Scenario:
    """Draw levels at random within the constraints, as the free part of a design does."""
    rng = seeded("importer test", domain.name, number)
    factors = {**STANDARD_FACTORS, **domain.spec.factors}
    while True:
        drawn = {n: rng.choices(list(f.levels), [v.weight for v in f.levels.values()])[0] for n, f in factors.items()}
        for name, factor in factors.items():
            if factor.when and not compile_expression(factor.when)({**dict.fromkeys(factors), **drawn}):
                del drawn[name]
        names = {**dict.fromkeys(factors), **drawn}
        rules = [*STANDARD_CONSTRAINTS, *domain.spec.constraints]
        if not any(rule.forbid and compile_expression(rule.forbid)(names) for rule in rules):
            break
    levels = {"intent": next(iter(domain.spec.intents)), **drawn}
    return Scenario(
        ordinal=number, domain=domain.fingerprint, levels=levels, persona=Persona(name="P"), seed=number + 1
    )


def blueprints(domain: Domain, count: int, tries: int) -> list[Blueprint]:
    out: list[Blueprint] = []
    for number in range(tries):
        try:
            out.append(plan(scenario(domain, number), domain, PlanSettings()))
        except Impossible:
            continue
        if len(out) == count:
            break
    return out


def acts_of(made: list[Blueprint]) -> set[str]:
    return {act for one in made for step in one.steps if step.role == "assistant" for act in step.acts}


def test_a_task_becomes_a_domain_that_loads_plans_and_speaks(star: Path, tmp_path: Path) -> None:
    domain = load_domain(str(import_star(star, "ferry_book", tmp_path / "out")))
    made = blueprints(domain, 60, 70)
    assert len(made) == 60
    for one in made:
        rng = seeded("words", one.id)
        spoken = [realise(domain, step, rng) for step in one.steps if step.role != "tool" and step.call is None]
        assert all(spoken)
        assert not any("{" in text for text in spoken)


def test_assistant_acts_are_the_names_of_the_graph(star: Path, tmp_path: Path) -> None:
    domain = load_domain(str(import_star(star, "ferry_book", tmp_path / "out")))
    replies = ferry_task()[0]["replies"]
    assert acts_of(blueprints(domain, 150, 200)) == {
        name
        for name in replies
        if name not in ("available", "unavailable", "yes", "no", "query_success", "query_failure")
    }


def test_a_declined_offer_leads_back_to_the_ask_and_to_other_values(star: Path, tmp_path: Path) -> None:
    domain = load_domain(str(import_star(star, "ferry_book", tmp_path / "out")))
    declined = [one for one in blueprints(domain, 200, 260) if any("no_ferry_offer" in s.acts for s in one.steps)]
    harbors = [[call.arguments["Harbor"] for call in one.calls] for one in declined if one.outcome == "resolved"]
    assert any(len(set(visited)) == 2 for visited in harbors)


def test_booking_changes_the_world_and_checking_does_not(star: Path, tmp_path: Path) -> None:
    domain = load_domain(str(import_star(star, "ferry_book", tmp_path / "out")))
    for one in blueprints(domain, 80, 100):
        booked = any(call.arguments["RequestType"] == "Book" for call in one.calls)
        assert bool(one.changes) == booked, one.calls


def test_importing_twice_gives_the_same_bytes(star: Path, tmp_path: Path) -> None:
    first, second = (import_star(star, "ferry_book", tmp_path / name) for name in ("one", "two"))
    names = sorted(path.name for path in first.iterdir())
    assert names == ["domain.yaml", "records.json", "users.json"]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_every_inform_act_has_at_least_ten_phrasings(star: Path, tmp_path: Path) -> None:
    domain = load_domain(str(import_star(star, "ferry_book", tmp_path / "out")))
    informs = {name: act.phrasings for name, act in domain.spec.acts.user.items() if name.startswith("inform_")}
    assert set(informs) >= {"inform_CustomerName", "inform_Harbor", "inform_Time"}
    assert all(len(set(phrasings)) >= 10 for phrasings in informs.values())


def test_all_tasks_of_a_folder_are_imported_by_the_table(star: Path, tmp_path: Path) -> None:
    write_task(star, *ferry_task(), name="ferry_two")
    folders = IMPORTERS["star"](star, tmp_path / "all")
    assert [folder.name for folder in folders] == ["ferry_book", "ferry_two"]
    assert all(load_domain(str(folder)) for folder in folders)


def refused(source: Path, target: Path, task: str = "ferry_book") -> str:
    with pytest.raises(DomainError) as caught:
        import_star(source, task, target)
    assert "\n" not in str(caught.value)
    assert not target.exists() or not any(target.iterdir())
    assert not list(target.parent.glob(f".{target.name}*")), "something half-written was left"
    return str(caught.value)


def test_a_missing_api_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source = write_task(tmp_path / "star", ferry_task()[0], None)
    assert "apis" in refused(source, tmp_path / "out")


def test_an_edge_to_an_unknown_node_is_named(tmp_path: Path) -> None:
    task, api = ferry_task()
    task["graph"]["ferry_ask_time"] = "query_chekc"
    message = refused(write_task(tmp_path / "star", task, api), tmp_path / "out")
    assert "ferry_ask_time: query_chekc" in message
    assert "did you mean 'query_check'" in message


def test_a_folder_without_tasks_is_refused(tmp_path: Path) -> None:
    assert "tasks/" in refused(tmp_path, tmp_path / "out")


def test_an_unknown_task_is_refused_with_the_known_ones(star: Path, tmp_path: Path) -> None:
    assert "known: ferry_book" in refused(star, tmp_path / "out", "ferry_bok")


def test_a_reply_that_mentions_what_the_api_lacks_is_refused(tmp_path: Path) -> None:
    task, api = ferry_task()
    task["replies"]["ferry_inform_booked"] = "Your {zeppelin:s} is booked."
    assert "zeppelin" in refused(write_task(tmp_path / "star", task, api), tmp_path / "out")


@pytest.mark.parametrize(
    ("part", "text", "named"),
    [
        ("tasks", "{", "not valid JSON"),
        ("tasks", "[]", "JSON object"),
        ("tasks", '{"replies": {"a": 1}, "graph": {}}', "replies"),
        ("apis", '{"input": "all"}', "input"),
        ("apis", '{"input": [], "output": []}', "no input"),
        ("apis", '{"input": [{"Name": "../x", "Type": "Integer"}], "output": []}', "not plain"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(star: Path, tmp_path: Path, part: str, text: str, named: str) -> None:
    (star / part / "ferry_book.json").write_text(text, encoding="utf-8")
    assert named in refused(star, tmp_path / "out")


def test_a_target_in_use_is_left_alone(star: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine.txt").write_text("keep me")
    with pytest.raises(DomainError, match="not an empty folder"):
        import_star(star, "ferry_book", target)
    assert [path.name for path in target.iterdir()] == ["mine.txt"]


def test_one_broken_task_keeps_all_tasks_from_being_written(star: Path, tmp_path: Path) -> None:
    write_task(star, ferry_task()[0], None, name="ferry_two")
    with pytest.raises(DomainError):
        import_star_all(star, tmp_path / "all")
    assert not (tmp_path / "all").exists()


@pytest.mark.skipif(not STAR.is_dir(), reason="the STAR reference data is not beside this checkout")
def test_all_ten_tasks_of_star_give_a_hundred_blueprints_each(tmp_path: Path) -> None:
    folders = import_star_all(STAR, tmp_path / "star")
    assert len(folders) == 10
    for folder in folders:
        domain = load_domain(str(folder))
        made = blueprints(domain, 100, 105)
        assert len(made) == 100, folder.name
        body = json.loads((STAR / "tasks" / f"{folder.name}.json").read_text(encoding="utf-8"))
        assert acts_of(made) <= set(body["replies"]), folder.name
        reached = {node for node in body["graph"].values() if not node.startswith("info_missing")}
        assert reached - acts_of(made) == set(), folder.name


@pytest.mark.skipif(not STAR.is_dir(), reason="the STAR reference data is not beside this checkout")
def test_the_importer_reads_no_conversation(tmp_path: Path) -> None:
    """A copy of the schema files alone gives the same domains as the folder with conversations beside them."""
    bare = tmp_path / "bare"
    for part in ("tasks", "apis"):
        (bare / part).mkdir(parents=True)
        for path in (STAR / part).glob("*.json"):
            (bare / part / path.name).write_bytes(path.read_bytes())
    one, other = import_star(STAR, "weather", tmp_path / "a"), import_star(bare, "weather", tmp_path / "b")
    assert (one / "domain.yaml").read_bytes() == (other / "domain.yaml").read_bytes()


def test_an_edge_to_a_condition_is_refused(tmp_path: Path) -> None:
    task, api = ferry_task()
    task["graph"]["ask_name"] = "available"
    assert "leads to a condition" in refused(write_task(tmp_path / "star", task, api), tmp_path / "out")


def test_a_choice_without_values_is_refused(tmp_path: Path) -> None:
    task, api = ferry_task()
    del api["input"][0]["Categories"]
    assert "'Harbor' of type Categorical has no Categories" in refused(
        write_task(tmp_path / "star", task, api), tmp_path / "out"
    )


@pytest.mark.parametrize("number", range(30))
def test_a_task_with_parts_missing_is_imported_or_refused_and_never_half_written(tmp_path: Path, number: int) -> None:
    task, api = ferry_task()
    rng = seeded("broken tasks", number)
    for _ in range(2):
        part = rng.choice([task["graph"], task["replies"], api["input"], api["output"]])
        if isinstance(part, dict) and len(part) > 1:
            del part[rng.choice(sorted(part))]
        elif len(part) > 1:
            part.pop(rng.randrange(len(part)))
    source, target = write_task(tmp_path / "star", task, api), tmp_path / "out"
    try:
        import_star(source, "ferry_book", target)
    except DomainError as fault:
        assert "\n" not in str(fault)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["star"]
    else:
        load_domain(str(target))


def test_a_question_that_stands_behind_a_filled_in_text_is_answered_as_a_choice() -> None:
    """ "{instruction} Can I proceed or do you require more detail?": no means detail, not "no, thanks"."""
    plain = answering("Can I proceed or do you require more detailed instructions?", "no")
    behind = answering("{simple_instruction:s} Can I proceed or do you require more detailed instructions?", "no")
    assert behind == plain
    assert any("detail" in text for text in behind)
    assert "No, thanks." not in behind
