"""The nouns of turnwright: frozen, content-addressed, without any I/O."""

from turnwright.records.admission import Admission, Stage
from turnwright.records.blueprint import (
    Blueprint,
    Change,
    Fact,
    Fault,
    Outcome,
    Role,
    Step,
    ToolCall,
    ToolResult,
)
from turnwright.records.conversation import Conversation, Ending, Turn
from turnwright.records.council import Council, LensCost, Objection, Response, Revision, Round
from turnwright.records.failure import Failure
from turnwright.records.identity import Json, Record, canonical, content_id, derive_seed, seeded
from turnwright.records.label import Label
from turnwright.records.licence import ClassLicence, Licence
from turnwright.records.provenance import Origin, Provenance
from turnwright.records.ruling import Ruling, Vote
from turnwright.records.scenario import Persona, Scenario
from turnwright.records.usage import Usage
from turnwright.records.verdict import Defect, Severity, Verdict

__all__ = [
    "Admission",
    "Blueprint",
    "Change",
    "ClassLicence",
    "Conversation",
    "Council",
    "Defect",
    "Ending",
    "Fact",
    "Failure",
    "Fault",
    "Json",
    "Label",
    "LensCost",
    "Licence",
    "Objection",
    "Origin",
    "Outcome",
    "Persona",
    "Provenance",
    "Record",
    "Response",
    "Revision",
    "Role",
    "Round",
    "Ruling",
    "Scenario",
    "Severity",
    "Stage",
    "Step",
    "ToolCall",
    "ToolResult",
    "Turn",
    "Usage",
    "Verdict",
    "Vote",
    "canonical",
    "content_id",
    "derive_seed",
    "seeded",
]
