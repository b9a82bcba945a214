"""Every error that turnwright raises on purpose, named by the boundary that was crossed.

TurnwrightError                      one line: what happened, where, how to mend it
├── InputError                       the caller can mend it; nothing was written (exit code 2)
│   ├── SpecError                    factory.yaml: unknown key, wrong type, bad value
│   ├── DomainError                  a domain folder: missing tool, broken flow, bad schema
│   ├── DesignError                  a scenario design that cannot be satisfied
│   ├── CatalogueError               a model that is not in the catalogue or cannot be used
│   └── RunFolderError               a run folder that belongs to another spec, or is in use
├── ModelError                       the far side of a model call
│   ├── EndpointDown                 no connection; retried, then the run drains
│   ├── EndpointBusy                 429 or 503; retried after `retry_after`
│   ├── EndpointFault                5xx, reset, timeout; retried
│   ├── ReplyUnreadable              200 with a body that cannot be read; retried
│   └── RequestRefused               a 400-class answer; never retried
├── StoreError                       the near side of the disk
│   ├── DiskFull
│   └── RunCorrupt                   the run database is damaged; never overwritten
├── ToolError                        a tool of a domain says no; becomes a tool result, not a crash
├── Impossible                       a scenario that cannot be planned; becomes a rejection, never ends a run
├── CapReached                       a budget cap; the run stops in order and can go on
└── StageError                       anything unforeseen inside a stage, with the stage's name

`stage_boundary` is the only place that catches broadly, and it always raises again, typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "CapReached",
    "CatalogueError",
    "DesignError",
    "DiskFull",
    "DomainError",
    "EndpointBusy",
    "EndpointDown",
    "EndpointFault",
    "Impossible",
    "InputError",
    "ModelError",
    "ReplyUnreadable",
    "RequestRefused",
    "RunCorrupt",
    "RunFolderError",
    "SpecError",
    "StageError",
    "StoreError",
    "ToolError",
    "TurnwrightError",
    "stage_boundary",
]


class TurnwrightError(Exception):
    """One line for people: `place: what (fix)`.

    Args:
        what: what went wrong, without a trailing full stop.
        where: file and line, model, run folder or stage; empty when there is none.
        fix: what the reader can do about it; empty when there is nothing.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. Fix: {self.fix}" if self.fix else head


class InputError(TurnwrightError):
    """What the caller gave cannot be used; nothing was sent or written."""


class SpecError(InputError):
    """The spec (factory.yaml) is wrong."""


class DomainError(InputError):
    """A domain folder is wrong."""


class DesignError(InputError):
    """The scenario design cannot be satisfied."""


class CatalogueError(InputError):
    """A model is unknown, missing, or its file is not the pinned one."""


class RunFolderError(InputError):
    """The run folder cannot be used for this spec."""


class ModelError(TurnwrightError):
    """A model call did not give a usable reply."""


class EndpointDown(ModelError):
    """No connection could be made."""


class EndpointBusy(ModelError):
    """The endpoint asks to wait (`retry_after` seconds, None when it does not say)."""

    def __init__(self, what: str, *, where: str = "", fix: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, where=where, fix=fix)
        self.retry_after = retry_after


class EndpointFault(ModelError):
    """The endpoint failed (5xx), broke the connection, or took too long."""


class ReplyUnreadable(ModelError):
    """The endpoint answered, but the body cannot be read."""


class RequestRefused(ModelError):
    """The endpoint says that the request itself is wrong (400-class); sending it again cannot help."""


class StoreError(TurnwrightError):
    """The run folder could not be read or written."""


class DiskFull(StoreError):
    """No space is left; what was committed is kept."""


class RunCorrupt(StoreError):
    """The run database is damaged; it is left as it is."""


class ToolError(TurnwrightError):
    """A domain's tool refuses a call; the message becomes the tool's result."""


class Impossible(TurnwrightError):
    """This scenario cannot be planned: a short `code` and the reason in words."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


class CapReached(TurnwrightError):
    """A cap on money, tokens, calls or time would be passed."""


class StageError(TurnwrightError):
    """A stage failed in a way nobody foresaw; the cause is chained."""


@contextmanager
def stage_boundary(stage: str, subject: str) -> Iterator[None]:
    """Let typed errors pass and turn every other one into a `StageError` that names stage and subject."""
    try:
        yield
    except TurnwrightError:
        raise
    except Exception as error:
        raise StageError(
            f"{type(error).__name__}: {error}",
            where=f"{stage} of {subject}",
            fix="this is a fault in turnwright or in the domain's own code; the traceback has the line",
        ) from error
