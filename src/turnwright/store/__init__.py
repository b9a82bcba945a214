"""What a run remembers: finished model calls, what became of every scenario, and files that are whole or not there.

The store keeps records and bytes. It neither speaks to models nor judges conversations.
"""

from turnwright.store.database import Durability
from turnwright.store.files import whole_file, write_bytes, write_jsonl, write_lines, write_text
from turnwright.store.folder import RunFolder
from turnwright.store.journal import Journal, PaidCall
from turnwright.store.labels import Labels, add_label, add_labels, read_labels
from turnwright.store.novelty import NoveltyTables, Signature
from turnwright.store.parquet import ConversationRow, write_conversations
from turnwright.store.run import Run, open_run, read_run
from turnwright.store.run_database import Concluded, RunDatabase
from turnwright.store.spec_change import spec_changes

__all__ = [
    "Concluded",
    "ConversationRow",
    "Durability",
    "Journal",
    "Labels",
    "NoveltyTables",
    "PaidCall",
    "Run",
    "RunDatabase",
    "RunFolder",
    "Signature",
    "add_label",
    "add_labels",
    "open_run",
    "read_labels",
    "read_run",
    "spec_changes",
    "whole_file",
    "write_bytes",
    "write_conversations",
    "write_jsonl",
    "write_lines",
    "write_text",
]
