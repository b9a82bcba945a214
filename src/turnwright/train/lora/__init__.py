"""The lora student: a small language model, tuned on a set until it says what the assistant said.

Part of stage `train`, for machines with torch (the extra `train`); importing this needs none of it. A student is tuned
by `fit_lora`, moved by preferences with `prefer_lora`, kept and read back by `keeping`.
"""

from turnwright.train.lora.fit import fit_lora
from turnwright.train.lora.keeping import load_lora, require_free, save_lora
from turnwright.train.lora.pairs import PreferencePair, read_pairs
from turnwright.train.lora.prefer import prefer_lora
from turnwright.train.lora.settings import LoraSettings, Tuning
from turnwright.train.lora.student import Known, LoraStudent

__all__ = [
    "Known",
    "LoraSettings",
    "LoraStudent",
    "PreferencePair",
    "Tuning",
    "fit_lora",
    "load_lora",
    "prefer_lora",
    "read_pairs",
    "require_free",
    "save_lora",
]
