"""The spec: everything that a `factory.yaml` may say, checked before anything is opened, sent or written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from turnwright.admit import AdmitSettings
from turnwright.design import DesignSettings
from turnwright.domains import read_yaml, validated
from turnwright.domains.declaration import Strict, Word
from turnwright.engine.privacy import PrivacySettings
from turnwright.engine.seeding import with_habits
from turnwright.errors import SpecError
from turnwright.export import ExportSettings
from turnwright.models.redaction import Secrets, secrets_of, without_secrets
from turnwright.monitor.settings import MonitorSettings
from turnwright.plan import PlanSettings
from turnwright.records import content_id
from turnwright.refine.settings import RefineSettings
from turnwright.simulate import SimulateSettings
from turnwright.verify import DEFECTS, ArbiterSettings, VerifySettings

__all__ = [
    "CapSpec",
    "EmbeddedSpec",
    "EndpointSpec",
    "ModelSpec",
    "PriceSpec",
    "RolesSpec",
    "RunSpec",
    "ScriptedSpec",
    "Spec",
    "load_spec",
]


class PriceSpec(Strict):
    """What a model costs, in units of `currency` per million tokens, as decimal text ("0.15")."""

    input: str = "0"
    cached_input: str | None = None
    output: str = "0"


class EmbeddedSpec(Strict):
    """A GGUF model in this process: `model` is a name of the catalogue or a path."""

    kind: Literal["embedded"]
    model: str = "smollm2-135m-instruct"
    slots: int = Field(default=8, ge=1, le=256)
    context: int = Field(default=2048, ge=256)
    threads: int | None = Field(default=None, ge=1)
    price: PriceSpec = PriceSpec()


class EndpointSpec(Strict):
    """An OpenAI-compatible endpoint: `base_url` up to and including `/v1`; the key is read from `api_key_env`.

    Values of headers, of the query of `base_url` and of secrets in `extra_body` are sent, and written down nowhere.
    """

    kind: Literal["openai"]
    base_url: str = Field(repr=False)
    model: str
    api_key_env: str = ""
    headers: dict[str, str] = Field(default={}, repr=False)
    timeout: float = Field(default=60.0, gt=0)
    concurrency: int = Field(default=64, ge=1, le=4096)
    extra_body: dict[str, object] = Field(default={}, repr=False)
    price: PriceSpec = PriceSpec()

    @model_serializer(mode="wrap")
    def _without_secrets(self, dumped: SerializerFunctionWrapHandler) -> dict[str, object]:
        """What leaves the process holds no secret, whoever writes it down; clients read the fields themselves."""
        return without_secrets(dumped(self))


class ScriptedSpec(Strict):
    """The test double: answers by a built-in script, sends nothing."""

    kind: Literal["scripted"]
    script: str = "obliging"
    latency: float = Field(default=0.0, ge=0)
    log: str = ""
    price: PriceSpec = PriceSpec()


ModelSpec = Annotated[EmbeddedSpec | EndpointSpec | ScriptedSpec, Field(discriminator="kind")]


class CapSpec(Strict):
    """Caps over all roles, kept across resumes; None is no cap. money is decimal text in the price table's currency."""

    money: str | None = None
    tokens: int | None = Field(default=None, ge=1)
    calls: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)


class RunSpec(Strict):
    """How the run goes; nothing here changes what comes out.

    concurrency: conversations in flight. durability: `process` survives a killed process, `power` also a power cut.
    """

    concurrency: int = Field(default=8, ge=1, le=4096)
    durability: Literal["process", "power"] = "power"
    keep_requests: bool = False


class RolesSpec(Strict):
    """Which of the models plays which role.

    critics: the council's; the teacher's model where it is not named. arbiter: one model or several (a panel), each
    other than the teacher's; without one, verification is by deterministic checks alone.
    """

    user: str
    teacher: str
    critics: str = ""
    arbiter: Annotated[list[str], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)] = []


class Spec(Strict):
    """A whole `factory.yaml`.

    habits: a file of `turnwright learn`, relative to the spec; what it says is taken where the spec says nothing.
    """

    version: Literal[1] = 1
    name: Word = "run"
    domain: str
    habits: str = ""
    seed: int = Field(default=0, ge=0)
    scenarios: int = Field(ge=1, le=100_000_000)
    attempts: int = Field(default=2, ge=1, le=20)
    design: DesignSettings = DesignSettings()
    models: dict[Word, ModelSpec]
    roles: RolesSpec
    plan: PlanSettings = PlanSettings()
    simulate: SimulateSettings = SimulateSettings()
    refine: RefineSettings = RefineSettings()
    verify: VerifySettings = VerifySettings()
    arbiter: ArbiterSettings = ArbiterSettings()
    privacy: PrivacySettings = PrivacySettings()
    admit: AdmitSettings = AdmitSettings()
    monitor: MonitorSettings = MonitorSettings()
    export: ExportSettings = ExportSettings()
    caps: CapSpec = CapSpec()
    run: RunSpec = RunSpec()

    @model_validator(mode="after")
    def _roles_have_models(self) -> Spec:
        for role, name in self.speaking.items():
            if name not in self.models:
                raise ValueError(f"roles.{role} is '{name}', which is not among models ({', '.join(self.models)})")
        if len(set(self.roles.arbiter)) < len(self.roles.arbiter):
            raise ValueError("roles.arbiter names a model twice; a panel needs models that err apart")
        return self

    @model_validator(mode="after")
    def _lenses_name_known_classes(self) -> Spec:
        for lens in self.refine.panel():
            unknown = [kind for kind in lens.defects if kind not in DEFECTS]
            if unknown:
                known = ", ".join(sorted(DEFECTS))
                raise ValueError(f"the lens '{lens.name}' names no defect class with '{unknown[0]}' (known: {known})")
        if self.arbiter.confirm_pairs and not self.roles.arbiter:
            raise ValueError("arbiter.confirm_pairs needs an arbiter; name one in roles.arbiter")
        return self

    @model_validator(mode="after")
    def _gates_can_be_asked(self) -> Spec:
        if not self.monitor.gates:
            return self
        if not self.monitor.reference:
            raise ValueError("monitor.gates need human conversations to compare with; name them in monitor.reference")
        together = self.simulate.naive.batch if self.simulate.way == "naive" else 1
        if self.monitor.batch % together:
            raise ValueError(
                f"monitor.batch is {self.monitor.batch}, but naive prompts ask for {together} conversations at once; "
                f"make it a multiple of {together}"
            )
        return self

    @property
    def speaking(self) -> dict[str, str]:
        """Role → name of its model, for every role that this spec needs; a panel's are `arbiter`, `arbiter_2`, ..."""
        roles = {"user": self.roles.user, "teacher": self.roles.teacher}
        if self.refine.council:
            roles["critics"] = self.roles.critics or self.roles.teacher
        panel = {
            f"arbiter_{place}" if place > 1 else "arbiter": name for place, name in enumerate(self.roles.arbiter, 1)
        }
        return roles | panel

    @property
    def secrets(self) -> Secrets:
        """What nothing that leaves the process may hold: the secrets of all models, and keys in the environment."""
        endpoints = [model for model in self.models.values() if isinstance(model, EndpointSpec)]
        held = [{name: getattr(one, name) for name in ("base_url", "headers", "extra_body")} for one in endpoints]
        keys = [os.environ.get(one.api_key_env, "").strip() for one in endpoints]
        return Secrets([*keys, *(found for settings in held for found in secrets_of(settings))])

    @property
    def lenses(self) -> tuple[str, ...]:
        """Names of the council's lenses in order; none without a council."""
        return tuple(lens.name for lens in self.refine.panel()) if self.refine.council else ()

    @property
    def id(self) -> str:
        """Content id of everything that decides what comes out (`run` is left out)."""
        return content_id("sp", self.deciding())

    def deciding(self) -> dict[str, object]:
        """The spec as plain data, without what only decides how the run goes."""
        found = self.decided()
        return {name: found[name] for name in found if name not in ("run", "caps")}

    def decided(self) -> dict[str, object]:
        """The spec as plain data; watching is a part of it only where it acts, privacy where it is not as usual."""
        usual = self.privacy == PrivacySettings()
        left_out = ({"privacy"} if usual else set()) | (set() if self.monitor.gates else {"monitor"})
        return self.model_dump(mode="json", by_alias=True, exclude=left_out)


MAY_CHANGE = frozenset({"run", "caps", "export", "monitor.reference", "monitor.gates", "monitor.human_floor"})
"""Parts of a spec that may differ between two runs in one folder: no record depends on them."""


def load_spec(path: Path) -> Spec:
    """Read and check a `factory.yaml`; what its habits file says is put in place.

    Raises:
        SpecError: with file, line and fix, and no secret of the file. DomainError: a spec with habits, whose domain
            cannot be read.
    """
    if path.is_dir():
        path = path / "factory.yaml"
    source = read_yaml(path, SpecError)
    try:
        spec = validated(Spec, source, SpecError)
    except SpecError as error:
        raise _redacted(error, source.value) from None
    return with_habits(spec, path.parent)


def _redacted(error: SpecError, source: object) -> SpecError:
    """The error as it may be shown: what is wrong with a file may stand beside a key."""
    models = source.get("models") if isinstance(source, dict) else None
    given = models.values() if isinstance(models, dict) else ()
    secrets = Secrets(found for model in given if isinstance(model, dict) for found in secrets_of(model))
    return SpecError(secrets.redacted(error.what), where=error.where, fix=secrets.redacted(error.fix))
