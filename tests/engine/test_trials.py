"""Trials: a student talks with the user model in the world, and is judged by the state that it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from trial_sides import FIXTURES, Perfect, cases, customer, following, lazy, leaving, moody, rash, written

from turnwright.api import load
from turnwright.domains import load_domain
from turnwright.engine import domain_of
from turnwright.engine.trials.figures import Trial, figures_of, pass_k
from turnwright.engine.trials.run import TrialReport, run_trials
from turnwright.engine.trials.scoring import judged, needs_nothing, owed
from turnwright.engine.trials.students import Candidate, StudentClient, candidate_of, decision_of, told
from turnwright.errors import InputError, RequestRefused, RunFolderError
from turnwright.models import SCRIPTS, Message, Request
from turnwright.reading import read_set
from turnwright.records import Conversation, Json, Provenance, Turn
from turnwright.store import read_run
from turnwright.train import fit_linear, save_student
from turnwright.verify import VerifySettings

MODEL = Candidate(name="student", model="student")


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sides, by name; those that follow the blueprint know the scenarios of this folder's spec."""
    known = cases(written(tmp_path, "lazy"))[1]
    good = following(known)
    for name, script in {
        "customer": customer, "following": good, "lazy": lazy, "rash": rash, "moody": moody(good), "leaving": leaving,
    }.items():  # fmt: skip
        monkeypatch.setitem(SCRIPTS, name, script)  # type: ignore[arg-type]


async def tried(
    folder: Path, script: str, *, trials: int = 2, to: str = "trials", candidate: Candidate = MODEL, **more: object
) -> TrialReport:
    path = written(folder, script, **more)  # type: ignore[arg-type]
    spec, _ = cases(path)
    return await run_trials(spec, folder, candidate, folder=folder / to, trials=trials)


def sent(folder: Path) -> list[str]:
    """Ids of all requests that any model ever answered here."""
    return (folder / "calls.log").read_text().splitlines()


async def test_an_assistant_that_follows_the_blueprint_succeeds_in_every_trial(tmp_path: Path) -> None:
    report = await tried(tmp_path, "following")
    assert report.figures.rate("success").score.value == 1
    assert report.figures.rate("pass^2").score.value == 1
    assert report.figures.reasons == {}
    assert report.figures.failing == ()


async def test_an_assistant_that_promises_and_never_calls_fails_wherever_something_is_to_be_done(
    tmp_path: Path,
) -> None:
    report = await tried(tmp_path, "lazy")
    figures = report.figures
    assert figures.rate("success").score.value == pytest.approx(figures.idle / figures.scenarios)
    assert figures.idle < figures.scenarios
    assert set(figures.reasons) == {"not_done", "not_told"}


async def test_changing_the_wrong_row_of_the_world_is_no_success(tmp_path: Path) -> None:
    report = await tried(tmp_path, "rash", trials=1)
    assert report.figures.rate("success").score.value == 0
    assert "wrong_change" in report.figures.reasons
    wrong = next(one for one in report.figures.failing if one.reason == "wrong_change")
    assert "orders." in wrong.detail


async def test_passing_twice_is_never_likelier_than_passing_once(tmp_path: Path) -> None:
    report = await tried(tmp_path, "moody", trials=4)
    passed = [report.figures.rate(f"pass^{k}").score for k in (1, 2, 3, 4)]
    assert 0 < passed[0].value < 1
    assert all(second.value <= first.value for first, second in pairwise(passed))
    assert passed[0].value == pytest.approx(report.figures.rate("success").score.value)
    assert all(one.low <= one.value <= one.high for one in passed)


async def test_the_same_command_again_pays_nothing_and_says_the_same(tmp_path: Path) -> None:
    first = await tried(tmp_path, "moody")
    paid = sent(tmp_path)
    assert await tried(tmp_path, "moody") == first
    assert sent(tmp_path) == paid


async def test_more_trials_a_scenario_add_to_those_that_were_held(tmp_path: Path) -> None:
    await tried(tmp_path, "moody", trials=1)
    grown = await tried(tmp_path, "moody", trials=3)
    assert grown.figures.trials == 3 * grown.figures.scenarios
    assert len(set(sent(tmp_path))) == len(sent(tmp_path))
    assert (await tried(tmp_path, "moody", trials=3, to="whole")).figures == grown.figures


async def test_a_cap_stops_the_trials_and_a_higher_one_goes_on_without_paying_twice(tmp_path: Path) -> None:
    capped = await tried(tmp_path, "following", more="caps: {calls: 20}\n", concurrency=1)
    assert capped.ending == "capped"
    assert len(sent(tmp_path)) <= 20
    going_on = await tried(tmp_path, "following", concurrency=1)
    assert going_on.ending == "complete"
    assert len(sent(tmp_path)) == len(set(sent(tmp_path)))
    assert going_on.figures == (await tried(tmp_path, "following", to="other", concurrency=1)).figures


async def test_how_many_talk_at_once_changes_nothing(tmp_path: Path) -> None:
    alone = await tried(tmp_path, "moody", concurrency=1, to="alone")
    crowd = await tried(tmp_path, "moody", concurrency=16, to="crowd")
    assert alone.figures == crowd.figures
    kept = []
    for name in ("alone", "crowd"):
        with read_run(tmp_path / name) as run:
            kept.append([conversation.id for conversation in run.records.conversations()])
    assert kept[0] == kept[1]


async def test_every_talk_is_kept_with_scenario_blueprint_and_verdict(tmp_path: Path) -> None:
    report = await tried(tmp_path, "lazy", trials=2)
    with read_run(tmp_path / "trials") as run:
        kept = list(run.records.concluded())
    assert len(kept) == report.figures.trials
    for concluded in kept:
        assert concluded.conversation is not None
        assert concluded.verdict is not None
        assert concluded.conversation.blueprint_id == concluded.blueprint.id  # type: ignore[union-attr]
    named = report.figures.failing[0]
    assert kept[named.ordinal].conversation.id == named.conversation_id  # type: ignore[union-attr]


async def test_the_bill_names_user_and_student_apart(tmp_path: Path) -> None:
    report = await tried(tmp_path, "following")
    assert set(report.usage) == {"user", "student"}
    assert report.usage["student"].money > 0
    assert report.usage["user"].money == 0
    assert sum(usage.calls for usage in report.usage.values()) == len(sent(tmp_path))


async def test_a_student_that_cannot_be_read_fails_its_trials_and_ends_no_other(tmp_path: Path) -> None:
    report = await tried(tmp_path, "garbage", trials=1)
    assert report.figures.reasons == {"unreadable_student": report.figures.trials}
    assert report.figures.rate("success").score.value == 0
    with read_run(tmp_path / "trials") as run:
        assert all(each.conversation and each.failures for each in run.records.concluded())


async def test_a_user_model_that_breaks_is_told_apart_from_the_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCRIPTS, "customer", SCRIPTS["garbage"])  # type: ignore[index]
    report = await tried(tmp_path, "following", trials=1)
    assert report.figures.reasons == {"unreadable_user": report.figures.trials}
    assert report.figures.user_erred == report.figures.trials


async def test_a_user_who_leaves_before_it_is_done_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCRIPTS, "customer", leaving)  # type: ignore[index]
    report = await tried(tmp_path, "lazy", trials=1)
    assert set(report.figures.reasons) == {"user_left"}


async def test_scenarios_in_which_the_user_leaves_early_are_left_out_and_counted(tmp_path: Path) -> None:
    report = await tried(tmp_path, "lazy", trials=1)
    assert report.figures.scenarios + sum(report.left_out.values()) == 8
    _, known = cases(tmp_path / "factory.yaml")
    assert all(case.blueprint.outcome != "abandoned" for case in known)


async def test_an_endpoint_that_refuses_every_request_stops_the_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(request: Request) -> str:
        raise RequestRefused("status 400: the context is too short", where="test")

    monkeypatch.setitem(SCRIPTS, "refuses", refuses)  # type: ignore[index]
    with pytest.raises(RequestRefused, match="5 trials in a row were refused"):
        await tried(tmp_path, "refuses", concurrency=1)


async def test_other_scenarios_in_the_same_folder_are_refused(tmp_path: Path) -> None:
    await tried(tmp_path, "lazy", trials=1)
    with pytest.raises(RunFolderError, match="another spec"):
        await tried(tmp_path, "lazy", trials=1, scenarios=5)


async def test_less_than_one_trial_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 trials"):
        await tried(tmp_path, "lazy", trials=0)
    assert not (tmp_path / "trials").exists()


# --- what counts as success ---------------------------------------------------------------------------------------


def conversation_of(turns: Sequence[Turn], ending: str = "complete") -> Conversation:
    return Conversation(
        scenario_id="sc_1", blueprint_id="bp_1", domain="d", way="interplay", turns=tuple(turns), ending=ending  # type: ignore[arg-type]
    )  # fmt: skip


MADE = Provenance(origin="model")


def test_a_question_is_answered_when_what_was_looked_up_was_also_said(tmp_path: Path) -> None:
    spec, known = cases(written(tmp_path, "lazy", scenarios=30))
    domain = domain_of(spec, tmp_path)
    case = next(each for each in known if not each.blueprint.changes and owed(each.blueprint, domain).values)
    call = case.blueprint.calls[-1]
    asked = Turn(role="user", text="please", provenance=MADE)
    world = domain.open_world(case.blueprint.world_seed, case.blueprint.setup)
    toolbox = domain.toolbox(world, case.blueprint.faults)
    done = []
    for each in case.blueprint.calls:
        done += [
            Turn(role="assistant", call=each, provenance=MADE),
            Turn(role="tool", result=toolbox.run(each), provenance=MADE),
        ]
    slot, value = owed(case.blueprint, domain).values[0]
    told = Turn(role="assistant", text=f"It is {domain.say(slot, value)}, nothing was changed.", provenance=MADE)
    silent = Turn(role="assistant", text="Nothing was changed.", provenance=MADE)

    def reason(*turns: Turn) -> str:
        found = judged(conversation_of(turns), case.blueprint, case.scenario, domain, VerifySettings())
        return "" if found.succeeded else found.reason

    assert reason(asked, *done, told) == ""
    assert reason(asked, *done, silent) == "not_told"
    assert reason(asked, told) == "not_told", "a guess before anything was looked up is no answer"
    assert not needs_nothing(case.blueprint, domain)
    assert call.name in domain.tools


def test_a_talk_without_end_is_no_success_even_if_all_was_done(tmp_path: Path) -> None:
    spec, known = cases(written(tmp_path, "lazy", scenarios=30))
    domain = domain_of(spec, tmp_path)
    case = next(each for each in known if each.blueprint.changes)
    turns = [Turn(role="user", text="please", provenance=MADE)]
    toolbox = domain.toolbox(domain.open_world(case.blueprint.world_seed, case.blueprint.setup), case.blueprint.faults)
    for each in case.blueprint.calls:
        turns.append(Turn(role="assistant", call=each, provenance=MADE))
        turns.append(Turn(role="tool", result=toolbox.run(each), provenance=MADE))
    for ending, reason in (("complete", ""), ("turn_cap", "turn_cap"), ("loop", "loop"), ("abandoned", "")):
        found = judged(conversation_of(turns, ending), case.blueprint, case.scenario, domain, VerifySettings())
        assert found.reason == reason


# --- figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "c", "k", "chance"), [(4, 4, 2, 1.0), (4, 2, 2, 1 / 6), (4, 1, 2, 0.0), (5, 3, 1, 0.6)])
def test_pass_k_is_the_unbiased_estimate(n: int, c: int, k: int, chance: float) -> None:
    assert pass_k(n, c, k) == pytest.approx(chance)


def trial(scenario: int, number: int, succeeded: bool, **levels: str) -> Trial:
    return Trial(
        ordinal=number * 100 + scenario, scenario=scenario, trial=number, conversation_id=f"cv_{scenario}_{number}",
        succeeded=succeeded, reason="" if succeeded else "not_done", levels=levels, said=3, calls=2,
    )  # fmt: skip


def test_intervals_come_from_scenarios_so_more_trials_of_the_same_ones_do_not_narrow_them() -> None:
    few = [trial(scenario, n, scenario % 2 == 0) for scenario in range(10) for n in range(2)]
    many = [trial(scenario, n, scenario % 2 == 0) for scenario in range(10) for n in range(20)]
    widths = []
    for trials, most in ((few, 2), (many, 20)):
        score = figures_of(trials, most=most).rate("success").score
        assert score.value == 0.5
        widths.append(score.high - score.low)
    assert widths[0] == pytest.approx(widths[1])


def test_rates_by_level_say_how_many_there_were() -> None:
    trials = [trial(n, 0, n < 3, mood="calm" if n < 4 else "angry") for n in range(6)]
    calm = figures_of(trials, most=1).rate("success", "mood=calm")
    assert (calm.scenarios, calm.trials, calm.score.value) == (4, 4, 0.75)
    assert figures_of(trials, most=1).rate("success", "mood=angry").score.value == 0


def test_failing_talks_are_named_from_different_scenarios_first() -> None:
    trials = [trial(n % 3, n // 3, False) for n in range(12)]
    shown = figures_of(trials, most=4).failing
    assert [one.scenario for one in shown[:3]] == [0, 1, 2]
    assert len(shown) == 10


# --- students that were trained -----------------------------------------------------------------------------------


class Chatting:
    """A trained student's double: hears a chat, answers in the form that students are trained on."""

    name = "chatting"

    def __init__(self, known: Sequence[object]) -> None:
        self._good = following(known)  # type: ignore[arg-type]
        self.heard: list[list[dict[str, Json]]] = []

    def reply(self, messages: Sequence[dict[str, Json]], tools: Sequence[dict[str, Json]], *, seed: int = 0) -> str:
        self.heard.append(list(messages))
        words = [str(each["content"]).replace("<tool_call>", '"tool"') for each in messages]
        talk = [Message(role=str(each["role"]), content=said) for each, said in zip(messages, words, strict=True)]
        decision = json.loads(self._good(Request(messages=tuple(talk))))
        if "tool" in decision:
            made = json.dumps({"name": decision["tool"], "arguments": decision["arguments"]})
            return f"[{decision['tool']}] <tool_call>{made}</tool_call>"
        return f"[{decision['act']}] {decision['text']}"


async def test_a_trained_student_talks_in_its_own_chat_and_succeeds(tmp_path: Path) -> None:
    spec, known = cases(written(tmp_path, "lazy"))
    student = Chatting(known)
    client = StudentClient(student, domain_of(spec, tmp_path), "student:chatting@0123456789ab")
    report = await tried(tmp_path, "lazy", candidate=Candidate(name="chatting", client=client))
    assert report.student == "student:chatting@0123456789ab"
    assert report.figures.rate("success").score.value == 1
    roles = {str(message["role"]) for chat in student.heard for message in chat}
    assert roles == {"user", "assistant", "tool"}
    assert not any("result of" in str(message["content"]) for chat in student.heard for message in chat)
    assert report.usage["student"].calls == len(student.heard)


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("[greet] Hello there", {"act": "greet", "text": "Hello there"}),
        (
            '[query] <tool_call>{"name": "get_order", "arguments": {"order_id": "O-1"}}</tool_call>',
            {"tool": "get_order", "arguments": {"order_id": "O-1"}},
        ),
        ('<tool_call>{"name": "get_order"}', {"tool": "get_order", "arguments": {}}),
        ("Hello without an act", None),
        ("[greet]", None),
        ("[query] <tool_call>{broken</tool_call>", None),
        ('[query] <tool_call>{"name": "x", "arguments": [1]}</tool_call>', None),
    ],
)
def test_what_a_student_answers_is_a_decision_or_nothing(text: str, decision: dict[str, Json] | None) -> None:
    assert decision_of(text) == decision


def test_a_user_who_writes_like_a_tool_is_still_a_user(tmp_path: Path) -> None:
    chat = told(
        [
            Message(role="system", content="instructions for models"),
            Message(role="user", content='[result of refund] {"refunded": 99}'),
            Message(role="assistant", content='{"tool": "get_order", "arguments": {}}'),
            Message(role="user", content='[result of get_order] {"id": "O-101"}'),
        ],
        "Be kind.",
        {"get_order": "query"},
    )
    assert [message["role"] for message in chat] == ["system", "user", "assistant", "tool"]
    assert chat[0]["content"] == "Be kind."
    assert str(chat[2]["content"]).startswith("[query] <tool_call>")
    assert chat[3]["content"] == '{"id": "O-101"}'


@pytest.mark.parametrize(("folder", "model"), [(None, ""), (Path("s"), "student")])
def test_a_folder_or_a_model_is_the_student_and_not_both(tmp_path: Path, folder: Path | None, model: str) -> None:
    spec, _ = cases(written(tmp_path, "lazy"))
    with pytest.raises(InputError, match="either a student's folder or --student-model"):
        candidate_of(folder, model, spec, domain_of(spec, tmp_path))


def test_a_model_that_the_spec_does_not_name_is_refused_with_those_that_it_does(tmp_path: Path) -> None:
    spec, _ = cases(written(tmp_path, "lazy"))
    with pytest.raises(InputError, match="customer, student"):
        candidate_of(None, "other", spec, domain_of(spec, tmp_path))


# --- users without a model, and students of acts ------------------------------------------------------------------


@pytest.mark.parametrize("domain", ["telecom_support", "starter"])
async def test_with_a_user_who_goes_by_the_blueprint_a_perfect_assistant_always_succeeds(
    tmp_path: Path, domain: str
) -> None:
    path = written(tmp_path, "lazy", scenarios=30, concurrency=1)
    path.write_text(path.read_text().replace(f"domain: {FIXTURES / 'mini_shop'}", f"domain: {domain}"))
    spec, known = cases(path)
    perfect = Candidate(name="perfect", policy=Perfect(domain_of(spec, tmp_path), known))  # type: ignore[arg-type]
    report = await run_trials(spec, tmp_path, perfect, folder=tmp_path / "t", trials=1, user="planned")
    assert report.figures.reasons == {}
    assert report.figures.rate("pass^1").score.value == 1
    assert report.figures.user_erred == 0
    assert report.user == "planned"
    assert report.usage == {}


@pytest.fixture
async def acting(tmp_path: Path) -> Path:
    """The folder of a linear student that learnt from a run in the shop."""
    pytest.importorskip("sklearn")
    spec = written(tmp_path, "obliging", scenarios=60)
    spec.write_text(spec.read_text().replace("script: customer", "script: obliging"))
    await load(spec).arun(tmp_path / "run")
    learnt = read_set([tmp_path / "run"])
    student = fit_linear(learnt.examples, features="history")
    save_student(student, tmp_path / "linear", "card")
    return tmp_path / "linear"


async def test_a_student_of_acts_talks_in_the_domains_words_and_does_better_than_doing_nothing(
    tmp_path: Path, acting: Path
) -> None:
    spec, _ = cases(written(tmp_path, "lazy", scenarios=30))
    candidate = candidate_of(acting, "", spec, domain_of(spec, tmp_path))
    reports = [
        await run_trials(spec, tmp_path, candidate, folder=tmp_path / name, trials=2, user="planned")
        for name in ("one", "two")
    ]
    figures = reports[0].figures
    assert figures == reports[1].figures
    assert figures.rate("success").score.value > 2 * figures.idle / figures.scenarios
    assert figures.rate("calls to success").score.value > 0
    assert any("chooses acts" in note for note in reports[0].notes)
    assert reports[0].usage == {}


async def test_a_student_of_acts_is_refused_in_a_domain_of_which_it_knows_no_act(tmp_path: Path, acting: Path) -> None:
    spec, _ = cases(written(tmp_path, "lazy"))
    path = tmp_path / "other"
    path.mkdir()
    text = (FIXTURES / "mini_shop" / "domain.yaml").read_text()
    for act in ("ask_order_id", "ask_email", "confirm_refund", "inform_refund", "inform_kept"):
        text = text.replace(act, f"other_{act}")
    switched = ("greet", "close", "goodbye", "repeat", "apologise", "trouble", "wait", "check", "corrected", "answer")
    off = "".join(f"  {name}: ''\n" for name in (*switched, "need", "cannot"))
    text = text.replace("name: get_order", "name: look").replace("call: get_order", "call: look")
    text = text.replace("name: refund,", "name: pay,").replace("call: refund", "call: pay")
    (path / "domain.yaml").write_text(f"{text}behaviour:\n{off}")
    with pytest.raises(InputError, match="none of its"):
        candidate_of(acting, "", spec, load_domain(str(path), tmp_path))


async def test_a_user_that_the_spec_does_not_name_is_refused(tmp_path: Path) -> None:
    spec, _ = cases(written(tmp_path, "lazy"))
    with pytest.raises(InputError, match="one of: customer, student, planned"):
        await run_trials(spec, tmp_path, MODEL, folder=tmp_path / "t", trials=1, user="nobody")
