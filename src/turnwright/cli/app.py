"""The commands. Each reads its options, calls the api and hands what comes back to a page of text."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from turnwright import __version__
from turnwright.api import load
from turnwright.cli import (
    auditing,
    debate,
    differing,
    doctoring,
    evaluating,
    examining,
    labelling,
    learning,
    ledger,
    looping,
    mixing,
    monitoring,
    pages,
    referring,
    starting,
    tracing,
    training,
    worth,
)
from turnwright.cli.console import complain, out
from turnwright.cli.progress import Progress
from turnwright.domains.importers import IMPORTERS
from turnwright.engine import Spec
from turnwright.errors import InputError, StageError, TurnwrightError
from turnwright.models import listed, pull
from turnwright.store import read_run

__all__ = ["app", "run_app"]

app = typer.Typer(
    name="turnwright",
    help="A data factory for multi-turn conversations: blueprint first, words second, every turn accounted for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(help="The model catalogue: what can run in this process.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(auditing.app, name="audit")

SpecPath = Annotated[Path, typer.Argument(help="factory.yaml, or the folder that holds it")]
Folder = Annotated[
    Path | None, typer.Option("--folder", "-f", help="the run folder (default: runs/NAME beside the spec)")
]
RunFolderOption = Annotated[Path | None, typer.Option("--folder", "-f", help="the run folder")]
HERE = Path("factory.yaml")
EXIT = {"complete": 0, "capped": 3, "stopped": 4, "interrupted": 130}


def run_app(arguments: list[str]) -> int:
    """Run one command line; return the exit code."""
    try:
        code = app(arguments, prog_name="turnwright", standalone_mode=False)
    except Abort:
        return 130
    except TyperException as error:
        said = error.format_message() if hasattr(error, "format_message") else str(error)
        if said.startswith("Usage: "):  # no command was given: that is a question, and help is the answer
            out.print(said, markup=False)
            return 0
        complain(said.rstrip("."), "see `turnwright --help`")
        return 2
    except StageError as error:
        complain(str(error))
        return 1
    except TurnwrightError as error:
        complain(str(error))
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        complain("stopped at once; finished calls are kept, run the same command again to go on")
        return 130
    return int(code or 0)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
) -> None:
    if version:
        out.print(f"turnwright {__version__}")
        raise typer.Exit


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="a new or empty folder")] = Path(),
    domain: Annotated[str, typer.Option(help="the built-in domain to start from")] = "starter",
) -> None:
    """Write a commented factory.yaml and a domain to edit."""
    for path in starting.write(folder, domain):
        out.print(f"wrote {path}")
    out.print(f"\nnext: turnwright plan {folder / 'factory.yaml'}")


@app.command()
def plan(spec: SpecPath = HERE) -> None:
    """Show the design, its coverage and the expected cost; nothing is sent."""
    factory = load(spec)
    pages.plan(factory.spec, factory.plan())
    pages.rebalanced(factory.folder)


@app.command()
def run(
    spec: SpecPath = HERE,
    folder: Folder = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress display")] = False,
    key: Annotated[str, typer.Option("--key", help="the key that signs the ledger's head (see `keys`)")] = "",
) -> int:
    """Run a spec, or go on with it, and export what was admitted."""
    factory = load(spec)
    began = time.monotonic()
    with Progress(quiet=quiet) as progress:
        report = factory.run(folder, listen=progress.hear, key=key)
    pages.run(report, time.monotonic() - began)
    return EXIT[report.ending]


@app.command()
def status(spec: SpecPath = HERE, folder: RunFolderOption = None) -> None:
    """Show how far a run is."""
    with read_run(_folder(spec, folder)) as opened:
        pages.status(opened)


@app.command()
def show(
    record: Annotated[str, typer.Argument(help="id (or its beginning) or number; a good example without one")] = "",
    council: Annotated[bool, typer.Option("--council", help="the whole debate over it, with diffs")] = False,
    scratchpads: Annotated[bool, typer.Option("--scratchpads", help="with the teacher's private reasoning")] = False,
    spec: Annotated[Path, typer.Option(help="the spec, when no folder is named")] = HERE,
    folder: RunFolderOption = None,
) -> None:
    """Show one conversation: words, blueprint, checks and the reason it was admitted or not."""
    with read_run(_folder(spec, folder)) as opened:
        if council:
            debate.council(pages.found(opened, record), scratchpads=scratchpads)
        else:
            pages.show(opened, record)


@app.command()
def examine(
    spec: SpecPath = HERE,
    planted: Annotated[int, typer.Option(help="copies with a planted defect, per class")] = 93,
    controls: Annotated[int, typer.Option(help="clean and harmlessly edited conversations")] = 61,
    source: Annotated[
        Path | None, typer.Option("--from", help="a run whose admitted conversations are used (default: the domain's)")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-f", help="where exams keep their calls (default: exams/)"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress display")] = False,
) -> None:
    """Examine the arbiter with planted defects, and write the licence that it earns."""
    factory = load(spec)
    with Progress(quiet=quiet, what="answers") as progress:
        report = factory.examine(planted=planted, controls=controls, source=source, folder=folder, listen=progress.hear)
    examining.examined(report)


app.command()(labelling.label)
app.command()(training.train)
app.command()(evaluating.evaluate)
app.command()(worth.worth)
app.command()(learning.learn)
app.command()(looping.loop)
app.command()(mixing.mix)
app.command()(mixing.negatives)
app.command()(referring.reference)
app.command()(monitoring.monitor)
for command in (ledger.keys, ledger.bundle, ledger.verify, ledger.reproduce, ledger.delete):
    app.command()(command)
app.command("trace")(tracing.trace_)
app.command()(differing.diff)


@app.command()
def export(spec: SpecPath = HERE, folder: Folder = None) -> None:
    """Write the exports of a run again."""
    factory = load(spec)
    pages.exported(factory.export(folder))


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help=f"one of: {', '.join(sorted(IMPORTERS))}")],
    directory: Annotated[Path, typer.Argument(help="what to import from")],
    target: Annotated[Path, typer.Option("--to", help="where the domain folders go")] = Path("domains"),
) -> None:
    """Make runnable domains from another format's schemas and graphs."""
    if source not in IMPORTERS:
        raise InputError(f"no importer '{source}'", fix=f"one of: {', '.join(sorted(IMPORTERS))}")
    for path in IMPORTERS[source](directory, target):
        out.print(f"wrote {path}")


@app.command()
def doctor(spec: Annotated[Path | None, typer.Argument(help="also check this spec's models")] = None) -> int:
    """Say what is installed, which endpoints answer, what is missing and how to get it."""
    return asyncio.run(doctoring.examine(load(spec) if spec else None))


@app.command()
def schema() -> None:
    """Print the JSON Schema of factory.yaml, for editors."""
    out.print_json(data=Spec.model_json_schema(by_alias=True))


@models_app.command("list")
def models_list() -> None:
    """List the catalogue: name, licence, size, and whether it is here."""
    pages.models(listed())


@models_app.command("pull")
def models_pull(name: Annotated[str, typer.Argument(help="a name of the catalogue")]) -> None:
    """Fetch a model once, check its hash, and keep it."""
    with Progress(quiet=False) as progress:
        path = pull(name, progress=progress.downloading(name))
    out.print(f"{name} is here: {path}")


def _folder(spec: Path, folder: Path | None) -> Path:
    return folder if folder is not None else load(spec).folder
