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
from turnwright.records.failure import Failure
from turnwright.records.identity import Json, Record, canonical, content_id, derive_seed, seeded
from turnwright.records.provenance import Origin, Provenance
from turnwright.records.scenario import Persona, Scenario
from turnwright.records.usage import Usage
from turnwright.records.verdict import Defect, Severity, Verdict

__all__ = [
    "Admission",
    "Blueprint",
    "Change",
    "Conversation",
    "Defect",
    "Ending",
    "Fact",
    "Failure",
    "Fault",
    "Json",
    "Origin",
    "Outcome",
    "Persona",
    "Provenance",
    "Record",
    "Role",
    "Scenario",
    "Severity",
    "Stage",
    "Step",
    "ToolCall",
    "ToolResult",
    "Turn",
    "Usage",
    "Verdict",
    "canonical",
    "content_id",
    "derive_seed",
    "seeded",
]
