"""What checking a whole audit bundle costs: every hash, the log's root, signatures, counts; one core.

    python benchmarks/ledger/run_verify.py --out out/verify
    python benchmarks/ledger/run_verify.py --out out/verify --conversations 1000

The bundle holds so many admitted conversations, and rejected ones in proportion, resampled under new ids from a small
run of the built-in domain with the scripted model; its exports are written like any run's. The checker runs as an
outsider runs it: `python check_bundle.py BUNDLE --key KEY` (memory is read from /proc, so on Linux). Prints a table and
writes results/verify.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

import turnwright
from turnwright.export import ExportSettings, Kept, export
from turnwright.export.bundle import BundleFacts, check_bundle, write_bundle
from turnwright.store import Concluded, read_run
from turnwright.store.ledger.entry import admission_entry
from turnwright.store.ledger.log import Head, LedgerEntry
from turnwright.store.ledger.signing import make_key, read_key, sign

HERE = Path(__file__).parent
SPEC = """\
version: 1
domain: telecom_support
seed: 3
scenarios: 120
models: {double: {kind: scripted, script: obliging}}
roles: {user: double, teacher: double}
run: {durability: process}
"""


CHECK = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:  # of this process alone, and not of the one that started it
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""Runs the checker as it stands in the bundle, and tells how much memory that took, in KiB."""


def resampled(one: Concluded, ordinal: int) -> Concluded:
    """The same scenario again in another place: all ids are new."""
    put = msgspec.structs.replace
    scenario = put(one.scenario, ordinal=ordinal)
    blueprint = put(one.blueprint, scenario_id=scenario.id) if one.blueprint else None
    told = put(one.admission, ordinal=ordinal, scenario_id=scenario.id, blueprint_id=blueprint.id if blueprint else "")
    conversation = verdict = None
    if one.conversation is not None and blueprint is not None:
        conversation = put(one.conversation, scenario_id=scenario.id, blueprint_id=blueprint.id)
        told = put(told, conversation_id=conversation.id)
    if one.verdict is not None and conversation is not None:
        verdict = put(one.verdict, conversation_id=conversation.id)
        told = put(told, verdict_id=verdict.id)
    return Concluded(scenario=scenario, blueprint=blueprint, conversation=conversation, verdict=verdict, admission=told)


def resample(made: list[Concluded], admitted: int) -> Iterator[Concluded]:
    """As many scenarios as it takes."""
    ordinal = 0
    while admitted:
        one = resampled(made[ordinal % len(made)], ordinal)
        admitted -= one.admission.admitted
        ordinal += 1
        yield one


def kept(stream: Iterator[Concluded]) -> Iterator[Kept]:
    for one in stream:
        if one.admission.admitted and one.conversation and one.blueprint:
            yield Kept(
                conversation=one.conversation, scenario=one.scenario, blueprint=one.blueprint, admission=one.admission
            )


def bundled(out: Path, conversations: int) -> tuple[Path, Path]:
    """A bundle and its publisher's public key."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "factory.yaml").write_text(SPEC)
    factory = turnwright.load(out)
    factory.run(out / "run")
    with read_run(out / "run") as run:
        made = list(run.records.concluded())
    export(kept(resample(made, conversations)), factory.domain(), ExportSettings(), out / "exports")
    bodies = [admission_entry(one.admission, one.conversation) for one in resample(made, conversations)]
    entries = [LedgerEntry(number=number, body=body) for number, body in enumerate(bodies)]
    root = check_bundle._root([entry.leaf for entry in entries]).hex()
    private = make_key(out, "publisher")
    key = read_key(private)
    head = sign(Head(size=len(entries), root=root), key, log="sp_benchmark")
    facts = BundleFacts(spec="sp_benchmark", domain="telecom_support", version=turnwright.__version__, roles={})
    write_bundle(out / "bundle", resample(made, conversations), entries, head, out / "exports", facts, key=key)
    return out / "bundle", private.with_suffix(".pub")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    bundle, public = bundled(chosen.out, chosen.conversations)
    command = [sys.executable, "-I", "-c", CHECK, str(bundle / "check_bundle.py"), str(bundle), "--key", str(public)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    verdict, peak = done.stdout.splitlines()
    assert verdict == "sound", done.stdout
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    found = {
        "conversations in the set": manifest["counts"]["admitted"], "ledger entries": manifest["head"]["size"],
        "bundle, MB": sum(about["bytes"] for about in manifest["files"].values()) / 1e6,
        "CPU of the check, s": used.ru_utime + used.ru_stime, "wall time, s": wall,
        "peak memory, MB": int(peak) / 1024,
    }  # fmt: skip
    for name, value in found.items():
        print(f"{name:34} {value:,.1f}")
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "verify.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
