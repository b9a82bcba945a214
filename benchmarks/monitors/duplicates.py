"""Near-duplicate conversations: time, recall and precision of ours beside datasketch and semhash, in the same run.

    python benchmarks/monitors/duplicates.py [--conversations 50000] [--json results/duplicates.json]

Conversations are made up: sixteen turns each, drawn at random from real ones. One in twenty gets a near copy, in three
kinds: other case and punctuation, one word in fifty replaced, one turn of the sixteen replaced. One in twenty gets a
conversation that shares half of its turns, which is no near-duplicate. A planted pair is found when one of the two is
named a duplicate; what is named and belongs to no planted pair is a false alarm.

Everything runs on one thread. Splitting into words is counted apart, since it is the same for all that compare words.
semhash compares meaning: it needs an encoder, and gets the one of this product; beside its default threshold stands the
one that is best in hindsight, which favours it. The two peers are no dependency of the product:

    pip install datasketch semhash
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rensa
from rich.console import Console
from rich.table import Table

from turnwright.monitor.measures.embedding import vectors
from turnwright.monitor.measures.twins import ENTRIES, SEED, THRESHOLD, paired, sketched
from turnwright.monitor.measures.words import Spoken, words_in
from turnwright.reading import Example, Said, read_examples

ROOT = Path(__file__).parents[2]
SOURCES = ("star/train.jsonl", "sgd_single.jsonl", "sgd_multi.jsonl")
RESULTS = Path(__file__).parent / "results" / "duplicates.json"
TURNS, ONE_IN = 16, 20
KINDS = ("case and punctuation", "one word in fifty", "one turn in sixteen")
STEPS = (0.9, 0.7, 0.75, 0.8, 0.85, 0.95)


@dataclass
class Planted:
    """texts: turns of each conversation. pairs: kind → (original, copy)."""

    texts: list[list[str]]
    pairs: dict[str, list[tuple[int, int]]]


@dataclass
class Found:
    """What one way named a duplicate, and the seconds that it took: to describe every one, to compare them."""

    name: str
    named: set[int]
    described: float
    compared: float
    note: str = ""


def planted(number: int, seed: int = 0) -> Planted:
    """Make the conversations up; the copies stand at random places among the others."""
    rng = random.Random(seed)
    turns = _turns()
    originals = number - 2 * (number // ONE_IN)
    made = [rng.choices(turns, k=TURNS) for _ in range(originals)]
    chosen = rng.sample(range(originals), 2 * (number // ONE_IN))
    copies: list[tuple[int, str, list[str]]] = []
    for place, original in enumerate(chosen):
        if place % 2:
            half = rng.sample(range(TURNS), TURNS // 2)
            copies.append((original, "", [rng.choice(turns) if t in half else s for t, s in enumerate(made[original])]))
        else:
            kind = KINDS[place // 2 % len(KINDS)]
            copies.append((original, kind, _copy(made[original], kind, turns, rng)))
    order = rng.sample(range(number), number)
    texts: list[list[str]] = [[] for _ in range(number)]
    for place, text in enumerate([*made, *(text for _, _, text in copies)]):
        texts[order[place]] = text
    pairs: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
    for place, (original, kind, _) in enumerate(copies):
        if kind:
            pairs[kind].append((order[original], order[originals + place]))
    return Planted(texts=texts, pairs=pairs)


def _turns() -> list[str]:
    data = ROOT.parent / "shared" / "data"
    if not data.exists():
        raise SystemExit("there are no reference conversations beside this repository (../shared/data)")
    examples = [one for source in SOURCES for one in read_examples(data / source)]
    said = {turn.text for one in examples for turn in one.turns if turn.role != "tool" and len(turn.text) > 20}
    return sorted(said)


def _copy(text: Sequence[str], kind: str, turns: Sequence[str], rng: random.Random) -> list[str]:
    if kind == KINDS[0]:
        return [turn.lower().replace(",", "").rstrip(".!?") for turn in text]
    if kind == KINDS[1]:
        words = [word for turn in turns[:500] for word in turn.split()]
        return [" ".join(rng.choice(words) if rng.random() < 0.02 else word for word in turn.split()) for turn in text]
    place = rng.randrange(TURNS)
    return [rng.choice(turns) if at == place else turn for at, turn in enumerate(text)]


# --- the ways -------------------------------------------------------------------------------------------------


def ours(words: Spoken) -> Found:
    """MinHash of rensa over runs that are hashed in bulk; every candidate is judged by its entries."""
    made, described = timed(lambda: sketched(words))
    pairs, compared = timed(lambda: paired(made))
    return Found("turnwright (rensa)", set(pairs[:, 1].tolist()), described, compared)


def plain_rensa(runs: Sequence[Sequence[str]]) -> Found:
    """As its manual has it: strings in, bands of its own index, candidates not judged."""
    sketch, index = rensa.RMinHash, rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=ENTRIES, num_bands=16)
    made, described = timed(lambda: sketch.digest_matrix_from_token_sets(runs, ENTRIES, SEED))
    flags, compared = timed(lambda: index.query_duplicate_flags_matrix_one_shot(made))
    return Found("rensa alone", {place for place, flag in enumerate(flags) if flag}, described, compared)


def datasketch_way(runs: Sequence[Sequence[str]]) -> Found:
    """MinHash and its index, 128 entries as ours."""
    from datasketch import MinHash, MinHashLSH

    encoded = [[run.encode() for run in each] for each in runs]
    made, described = timed(lambda: MinHash.bulk(encoded, num_perm=ENTRIES))
    start = time.process_time()
    index, named = MinHashLSH(threshold=THRESHOLD, num_perm=ENTRIES), set()
    for place, one in enumerate(made):
        if any(one.jaccard(made[other]) >= THRESHOLD for other in index.query(one)):
            named.add(place)
        index.insert(place, one)
    return Found("datasketch", named, described, time.process_time() - start)


class Encoder:
    """What semhash asks of an encoder."""

    def encode(self, sentences: Iterable[str], **_: object) -> np.ndarray:
        return vectors(list(sentences))


def semhash_ways(texts: Sequence[str], score: Callable[[set[int]], float]) -> list[Found]:
    """At its default threshold, and at the one of several that is best by the planted truth."""
    from semhash import SemHash

    first: dict[str, int] = {}
    for place, text in enumerate(texts):
        first.setdefault(text, place)
    index, described = timed(lambda: SemHash.from_records(list(texts), model=Encoder()))
    ways = []
    for threshold in STEPS:
        result, compared = timed(lambda at=threshold: index.self_deduplicate(threshold=at))
        kept = {first[text] for text in result.selected}
        named = set(range(len(texts))) - kept
        ways.append((score(named), Found("semhash", named, described, compared, f"threshold {threshold}")))
        if compared > 120:
            break
    best = max(ways, key=lambda way: way[0])[1]
    default = ways[0][1]
    default.note += " (its default)"
    if best is default:
        return [default]
    best.note += " (best in hindsight)"
    return [default, best]


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """What is made, and the CPU seconds that it took."""
    start = time.process_time()
    made = make()
    return made, time.process_time() - start


# --- judging --------------------------------------------------------------------------------------------------


def judged(found: Found, truth: Planted) -> dict[str, object]:
    """A row of results."""
    number = len(truth.texts)
    members = {place for pairs in truth.pairs.values() for pair in pairs for place in pair}
    recall = {
        kind: sum(bool(found.named & set(pair)) for pair in pairs) / max(1, len(pairs))
        for kind, pairs in truth.pairs.items()
    }
    return {
        "way": found.name + (f", {found.note}" if found.note else ""),
        "conversations": number,
        "describe_s": round(found.described, 3),
        "compare_s": round(found.compared, 3),
        "described_a_second": round(number / max(found.described, 1e-6)),
        "compared_a_second": round(number / max(found.compared, 1e-6)),
        "recall": {kind: round(value, 4) for kind, value in recall.items()},
        "precision": round(len(found.named & members) / max(1, len(found.named)), 4),
        "named": len(found.named),
    }


def f1(named: set[int], truth: Planted) -> float:
    """The usual mean of recall (by pairs) and precision (by what is named)."""
    pairs = [pair for each in truth.pairs.values() for pair in each]
    recall = sum(bool(named & set(pair)) for pair in pairs) / max(1, len(pairs))
    precision = len(named & {place for pair in pairs for place in pair}) / max(1, len(named))
    return 2 * recall * precision / max(1e-9, recall + precision)


def run(number: int, meaning: int) -> dict[str, object]:
    """All ways on the same conversations; semhash on the first `meaning` of them, made up alike."""
    truth = planted(number)
    examples = [_example(place, text) for place, text in enumerate(truth.texts)]
    words, splitting = timed(lambda: words_in(examples))
    runs = _runs(words)
    rows = [judged(ours(words), truth), judged(plain_rensa(runs), truth), judged(datasketch_way(runs), truth)]
    del runs
    smaller = truth if meaning == number else planted(meaning, seed=1)
    texts = ["\n".join(text) for text in smaller.texts]
    rows += [judged(one, smaller) for one in semhash_ways(texts, lambda named: f1(named, smaller))]
    return {"conversations": number, "split_into_words_s": round(splitting, 2), "rows": rows}


def _example(place: int, text: Sequence[str]) -> Example:
    turns = tuple(Said(role="assistant" if at % 2 else "user", text=turn) for at, turn in enumerate(text))
    return Example(name=str(place), task="", turns=turns)


def _runs(words: Spoken) -> list[list[str]]:
    """The same runs of three words as strings, for those that take strings."""
    runs = words.runs(3)
    made: list[list[str]] = [[] for _ in range(words.size)]
    for row, place in zip(runs.rows.tolist(), runs.places.tolist(), strict=True):
        made[row].append(words.text(place, 3))
    return made


def table_of(result: dict) -> list[list[str]]:
    """Rows for people, the first one the heading."""
    rows = [["way", "conversations", "described/s", "compared/s", "s in all", *KINDS, "precision"]]
    for row in result["rows"]:
        whole = row["describe_s"] + row["compare_s"]
        recall = [f"{row['recall'][kind]:.3f}" for kind in KINDS]
        speed = [f"{row['described_a_second']:,}", f"{row['compared_a_second']:,}", f"{whole:,.1f}"]
        rows.append([row["way"], f"{row['conversations']:,}", *speed, *recall, f"{row['precision']:.3f}"])
    return rows


def says_of(result: dict) -> list[str]:
    """What the table means."""
    own = next(row for row in result["rows"] if row["way"].startswith("turnwright"))
    other = next(row for row in result["rows"] if row["way"].startswith("datasketch"))
    times = (other["describe_s"] + other["compare_s"]) / (own["describe_s"] + own["compare_s"])
    said = [
        f"{result['conversations']:,} made-up conversations of {TURNS} turns, one in {ONE_IN} with a planted near "
        f"copy, one in {ONE_IN} with another that shares half of its turns. The columns of kinds are recall. CPU "
        f"seconds on one thread; splitting into words takes {result['split_into_words_s']} s more for all but semhash.",
        "Described: from runs of three words to a signature (semhash: from text to a vector), where ours makes the "
        "runs as well and the others are given them. Compared: from there to the names of the duplicates. rensa alone "
        "names what shares a band with anything and judges nothing.",
        f"Ours takes {1 / times:.1%} of the time of datasketch for the same Jaccard threshold of {THRESHOLD}.",
    ]
    smaller = [row for row in result["rows"] if row["conversations"] != result["conversations"]]
    if smaller:
        said.append(f"semhash was given {smaller[0]['conversations']:,} conversations only, since it is slow.")
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=50_000)
    parser.add_argument("--semhash", type=int, default=0, help="conversations for semhash; all, if not given")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    # read when rensa and the tokenizer first start their threads
    os.environ["RAYON_NUM_THREADS"] = "1"
    result = run(given.conversations, given.semhash or given.conversations)
    table = table_of(result)
    shown = Table(*table[0])
    for row in table[1:]:
        shown.add_row(*row)
    Console(width=160).print(shown)
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()}
    text = json.dumps({**result, "table": table, "says": says_of(result), "machine": machine}, indent=1)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(text + "\n", encoding="utf-8")
    print("\n".join(says_of(result)), file=sys.stderr)


if __name__ == "__main__":
    main()
