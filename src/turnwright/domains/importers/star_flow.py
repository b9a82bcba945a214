"""From a STAR graph to a flow: loops are unrolled, results and answers become branches, dead ends are closed.

A node of the second try is called `node.2`. Which branch a conversation takes is left to the factors named in
`Flow.factors` (declared by `star_factors.py`) and to what the cast user wants.
"""

from __future__ import annotations

from typing import Any

from turnwright.domains.importers.star_graph import END, MARKS, MESSAGE, Shape, placeholders
from turnwright.domains.importers.star_schema import Field, best_match, words
from turnwright.domains.importers.star_world import DETAILS, PASSES, StarWorld, slot_of
from turnwright.errors import DomainError

__all__ = ["Flow"]

LONGEST = 58
"""Names of nodes are kept short enough for a suffix."""

Node = dict[str, Any]


class Flow:
    """Builds `nodes`; `factors` collects the names of the factors that decide something in them."""

    def __init__(self, shape: Shape, world: StarWorld) -> None:
        self.shape, self.world = shape, world
        self.nodes: dict[str, Node] = {}
        self.factors: set[str] = set()
        self.bad = {shape.nothing, *shape.fallbacks.values(), *(shape.outcomes(c)[1] for c in shape.calls)}
        self.tries = max([PASSES, *(len(steps) for f in shape.lists for steps in f.categories)])
        self.start = self._build(shape.start, 1)

    # --- going on ---------------------------------------------------------------------------------------------

    def _name(self, node: str, turn: int, mark: str = "") -> str:
        return f"{node}{mark}" if turn == 1 else f"{node}{mark}.{turn}"

    def _go(self, start: str, end: str, turn: int) -> str:
        """The name of the node that `end` is from here, built on the way; a loop that is used up ends."""
        end = self.shape.real(end)
        if not end or end == END:
            return self._end(start)
        turn += self.shape.closes_loop(start, end)
        return self._build(end, turn) if turn <= PASSES else self._end(start)

    def _end(self, after: str = "") -> str:
        outcome = "refused" if after in self.bad else "resolved"
        name = END if outcome == "resolved" else f"{END}_{outcome}"
        self.nodes[name] = {"end": outcome}
        return name

    def _build(self, node: str, turn: int) -> str:
        name = self._name(node, turn)
        if name not in self.nodes:
            self.nodes[name] = {}
            self.nodes[name] = self._node(node, turn)
        return name

    def _node(self, node: str, turn: int) -> Node:
        shape = self.shape
        if node in shape.calls:
            return self._call(node, turn)
        if node == shape.question:
            return self._quiz(node, turn)
        if node in shape.criteria:
            return self._criteria(node, turn)
        if node in shape.asks:
            return self._ask(node, turn)
        if self._is_step(node):
            return self._step(node, turn)
        if shape.returns and shape.after(node) == END and turn < PASSES and node not in self.bad:
            return self._answer(node, turn)
        if node in shape.task.graph:
            return {**self._say(node, turn), "next": self._go(node, shape.after(node), turn)}
        if shape.asked_choice(node):
            return self._choice(node, turn)
        return self._statement(node, turn)

    # --- saying -----------------------------------------------------------------------------------------------

    def _say(self, node: str, turn: int) -> Node:
        mention = {slot: text for text_in, slot, text in self.mentions(node, turn) if text_in}
        return {"say": node, **({"mention": mention} if mention else {})}

    def mentions(self, node: str, turn: int) -> list[tuple[str, str, str]]:
        """For every placeholder of the node's replies: its name, the slot it stands for, and where its value is."""
        names = dict.fromkeys(name for text in self.shape.task.replies[node] for name in placeholders(text))
        return [(name, *self._meant(node, name, turn)) for name in names]

    def _meant(self, node: str, name: str, turn: int) -> tuple[str, str]:
        shape, row = self.shape, "result.items[0]" if self.shape.task.counts else "result"
        if shape.question and (field := name.capitalize()) in ("Question", "Answer"):
            return field, f"{self._question(turn)}.{field}"
        if shape.lists and "instruction" in words(name):
            detail = "detailed" in words(name)
            return name, f"result.{DETAILS}[{turn - 1}]" if detail else f"{self._steps()}[{turn - 1}]"
        if (found := best_match(name, shape.task.outputs)) is not None:
            return found.slot, f"{row}.{found.name}"
        if (found := best_match(name, shape.task.inputs)) is not None:
            return found.slot, self.known(found, turn)
        raise DomainError(
            f"the reply of '{node}' mentions '{name}', which the API does not have",
            where=f"task {shape.task.name}",
            fix="name it after an input or output of the API",
        )

    def known(self, field: Field, turn: int) -> str:
        """The value of an input in a try, as an expression: what was last said of it."""
        if field.name not in (other.name for other in self.shape.varying):
            return field.slot
        if self.shape.criteria:
            return slot_of(field, turn)
        step = self.shape.stepping is not None and field.name == self.shape.stepping.name
        text = f"{field.slot} + {turn - 1}" if step and turn > 1 else field.slot
        for later in range(2, turn + 1):
            slot = slot_of(field, later)
            value = f"{slot} + {turn - later}" if step and turn > later else slot
            text = f"{value} if {slot} != null else ({text})"
        return text

    # --- asking -----------------------------------------------------------------------------------------------

    def _ask(self, node: str, turn: int) -> Node:
        field = self.shape.asks[node]
        out: Node = {"say": node, "ask": [slot_of(field, turn) if node == self.shape.again else field.slot]}
        if node in self.shape.fallbacks:
            out["missing"] = self._go(node, self.shape.fallbacks[node], turn)
        return {**out, "next": self._go(node, self.shape.after(node), turn)}

    def _criteria(self, node: str, turn: int) -> Node:
        """A router to one node for each set of criteria that users name at once."""
        fields = {f.slot: f for f in self.shape.criteria[node]}
        on = self._prompts(node, turn)
        mark = "" if turn == 1 else f"_{turn}"
        edges: list[dict[str, str]] = []
        for told in self.world.told:
            key = "-".join(told) or "none"
            name = self._name(node, turn, f"-{key}" if len(node + key) < LONGEST else f"-{len(edges)}")
            slots = [slot_of(fields[slot], turn) for slot in told]
            if slots:
                self.nodes[name] = {"say": node, "ask": slots, "next": on}
            else:
                edges.append(
                    {"go": self._vague(node, turn, on), "if": f"user.Told{mark} == '{key}' and user.Asked{mark}"}
                )
                self.nodes[name] = {"say": node, "choose": {f"none_{node}": on}}
            edges.append({"go": name, "if": f"user.Told{mark} == '{key}'"})
        return {"next": edges}

    def _vague(self, node: str, turn: int, on: str) -> str:
        """The user names nothing yet, but has wishes that the assistant will have to ask for."""
        name = self._name(node, turn, "-unsure")
        self.nodes[name] = {"say": node, "choose": {f"unsure_{node}": on}}
        return name

    def _prompts(self, node: str, turn: int) -> str:
        """A chain of asks for criteria that this user has but did not name; returns its first node."""
        on = self._go(node, self.shape.after(node), turn)
        mark = "" if turn == 1 else f"_{turn}"
        for ask, field in reversed(self.shape.prompts.items()):
            name = self._name(ask, turn)
            self.nodes[name] = {"say": ask, "ask": [slot_of(field, turn)], "next": on}
            switch = self._name(ask, turn, "-if")
            self.nodes[switch] = {"next": [{"go": name, "if": f"'{field.slot}' in user.Asked{mark}"}, {"go": on}]}
            on = switch
        return on

    # --- calling ----------------------------------------------------------------------------------------------

    def _call(self, node: str, turn: int) -> Node:
        shape = self.shape
        good, bad = shape.outcomes(node)
        first = node == shape.calls[0]
        out: Node = {"call": shape.task.function, "act": node, "with": self._arguments(node, turn), "save": "result"}
        refused = bad if shape.fallbacks and bad else (shape.nothing if first else bad)
        if refused:
            out["on_error"] = self._go(node, refused, turn)
        if first and shape.nothing:
            out["on_empty"] = self._go(node, shape.nothing, turn)
        on = self._go(node, good, turn)
        if shape.status and bad:
            well = f"result.{shape.status.name} == '{shape.status.categories[0]}'"
            if first:
                well = f"result.{MESSAGE} == '{shape.checked[0]}'"
            return {**out, "next": [{"go": on, "if": well}, {"go": self._go(node, bad, turn)}]}
        return {**out, "next": on}

    def _arguments(self, node: str, turn: int) -> dict[str, str]:
        out: dict[str, str] = {}
        asked = {f.name: f for n, f in self.shape.asks.items() if n in self.shape.order}
        offered = {f.name for node, fields in self.shape.criteria.items() if node in self.shape.order for f in fields}
        for field in self.shape.task.inputs:
            if field.kind == "RequestType":
                out[field.name] = f"'{_kind_of_request(node, field)}'"
            elif field.kind == "Boolean" and field.name in offered:
                out[field.name] = f"true if {slot_of(field, turn)} != null else null"
            elif field.name in offered:
                out[field.name] = slot_of(field, turn)
            elif field.name in asked:
                out[field.name] = self.known(asked[field.name], turn)
        return out

    # --- the user's turn --------------------------------------------------------------------------------------

    def _choice(self, node: str, turn: int) -> Node:
        """A question: every answer that still leads somewhere; a factor decides which one is given."""
        choose, loops = {}, set()
        for answer, target in self.shape.answers(node).items():
            back = self.shape.closes_loop(node, self.shape.real(target)) if target else False
            if back and turn == PASSES:
                continue
            loops |= {answer} if back else set()
            choose[f"{answer}_{node}"] = self._go(node, target, turn)
        if not choose:
            return {**self._say(node, turn), "next": self._end(node)}
        out = {**self._say(node, turn), "choose": choose}
        text = self._decided(node, turn, loops) if len(choose) > 1 else ""
        out |= {"answer": text} if text else {}
        if node == self.shape.nothing and text:
            return self._told_instead(node, turn, out, "levels.persistence == 'tries_again'")
        return out

    def _told_instead(self, node: str, turn: int, plain: Node, when: str) -> Node:
        """Half of those who try again say at once what they want instead ("How about the 5th?")."""
        again = self.shape.again
        if again not in self.shape.asks or turn > 1:
            return plain
        slot = slot_of(self.shape.asks[again], turn + 1)
        on = self._go(again, self.shape.after(again), turn + 1)
        told, waits = self._name(node, turn, "-instead"), self._name(node, turn, "-waits")
        self.nodes[told] = {**self._say(node, turn), "ask": [slot], "next": on}
        self.nodes[waits] = plain
        return {"next": [{"go": told, "if": f"{when} and user.Direct_1"}, {"go": waits}]}

    def _decided(self, node: str, turn: int, loops: set[str]) -> str:
        if node == self.shape.nothing:
            self.factors.add("persistence")
            test = "levels.persistence == 'tries_again'"
        elif "yes" in loops:
            self.factors.add("rounds")
            test = "levels.rounds != 'once'" if turn == 1 else "levels.rounds == 'three_times'"
        else:
            self.factors.add("decision")
            test = "levels.decision != 'declines'" if turn == 1 else "true"
        return f"'yes_{node}' if {test} else 'no_{node}'"

    def _statement(self, node: str, turn: int) -> Node:
        """A statement without a successor: the end, or another try where it is a refusal and there is one."""
        again = self.shape.again
        if node in self.bad and node != self.shape.nothing and again and turn < PASSES:
            self.factors.add("persistence")
            answer = f"'try_another' if levels.persistence == 'tries_again' and {turn} == 1 else 'acknowledge'"
            choose = {"try_another": self._build(again, turn + 1), "acknowledge": self._end(node)}
            plain = {**self._say(node, turn), "choose": choose, "answer": answer}
            return self._told_instead(node, turn, plain, "levels.persistence == 'tries_again'")
        return {**self._say(node, turn), "end": "refused" if node in self.bad else "resolved"}

    def _answer(self, node: str, turn: int) -> Node:
        """An answer after which the user may ask the same of something else, at once or when asked for more."""
        self.factors.add("rounds")
        slots = [slot_of(field, turn + 1) for field in self.shape.varying]
        on = {"ask": slots, "next": self._build(self.shape.calls[0], turn + 1)}
        last, direct, asked, more = (self._name(node, turn, mark) for mark in ("-last", "-on", "-then", "-more"))
        self.nodes[last] = {**self._say(node, turn), "next": self._end(node)}
        self.nodes[direct] = {**self._say(node, turn), **on}
        self.nodes[asked] = {**self._say(node, turn), "next": more}
        self.nodes[more] = {"say": self.shape.close, **on}
        again = "levels.rounds != 'once'" if turn == 1 else "levels.rounds == 'three_times'"
        edges = [{"go": direct, "if": f"{again} and user.Direct_{turn}"}, {"go": asked, "if": again}, {"go": last}]
        return {"next": edges}

    def _quiz(self, node: str, turn: int) -> Node:
        """A quiz question: the user's reply is compared with the answer of the record."""
        graph, slot = self.shape.task.graph, "Reply" if turn == 1 else f"Reply_{turn}"
        right, wrong, none = (self._go(node, graph.get(mark, END), turn) for mark in MARKS)
        edges = [{"go": right, "if": f"{slot} == {self._question(turn)}.Answer"}, {"go": wrong}]
        return {**self._say(node, turn), "ask": [slot], "missing": none, "next": edges}

    def _question(self, turn: int) -> str:
        return f"result.items[user.Variant{'' if turn == 1 else f'_{turn}'}]"

    # --- lists of steps ---------------------------------------------------------------------------------------

    def _is_step(self, node: str) -> bool:
        names = (name for text in self.shape.task.replies[node] for name in placeholders(text))
        return bool(self.shape.lists) and any("instruction" in words(name) for name in names)

    def _steps(self) -> str:
        return f"({' or '.join(f'result.{field.name}' for field in self.shape.lists)})"

    def _last(self) -> str:
        """The node that tells the last step, where the replies have one."""
        return next((n for n in self.shape.task.replies if "last" in words(n) and self._is_step(n)), "")

    def _step(self, node: str, number: int) -> Node:
        """Step `number` of the list: go on, ask for details, or know the way from here."""
        self.factors.add("guidance")
        answers = self.shape.answers(node)
        done = self._go(node, answers.get("done", END), 1)
        on = self._step_router(node, number + 1, done)
        detailed = self._detail(answers["no"], number, on)
        test = f"levels.guidance == 'every_detail' or levels.guidance == 'one_detail' and {number} == 2"
        knows = f"'done_{node}' if levels.guidance == 'knows_the_way' and {number} == 2 else 'yes_{node}'"
        choose = {f"yes_{node}": on, f"no_{node}": detailed, f"done_{node}": done}
        return {**self._say(node, number), "choose": choose, "answer": f"'no_{node}' if {test} else ({knows})"}

    def _step_router(self, node: str, number: int, done: str) -> str:
        """Choose between the next step, the last step, and the end of the list."""
        name, last = self._name(f"{node}-go", number), self._last()
        if number > self.tries:
            return done
        on = self._build(node, number)
        length = f"len({self._steps()})"
        edges = [{"go": done, "if": f"{length} < {number}"}, {"go": on}]
        if last:
            edges.insert(1, {"go": self._last_step(node, last, number, done), "if": f"{length} == {number}"})
        self.nodes[name] = {"next": edges}
        return name

    def _last_step(self, node: str, last: str, number: int, done: str) -> str:
        name = self._name(last, number)
        detailed = self._detail(self.shape.answers(node)["no"], number, done, "-last")
        answer = f"'no_{last}' if levels.guidance == 'every_detail' else 'done_{last}'"
        # the closing statement tells a user who has arrived nothing new: half of the agents leave it out
        arrived = self._name(last, number, "-there")
        self.nodes[arrived] = {"next": [{"go": self._end(), "if": "user.Brief"}, {"go": done}]}
        choose = {f"done_{last}": arrived, f"no_{last}": detailed}
        self.nodes[name] = {**self._say(last, number), "choose": choose, "answer": answer}
        return name

    def _detail(self, node: str, number: int, on: str, mark: str = "") -> str:
        name = self._name(node, number, mark)
        self.nodes[name] = {**self._say(node, number), "next": on}
        return name


def _kind_of_request(node: str, field: Field) -> str:
    """The category of the request that the call node's name tells (`query_book` → Book), else the first."""
    told = [c for c in field.categories if str(c).lower() in words(node)]
    return str((told or field.categories or ("",))[0])
