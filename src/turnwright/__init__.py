"""turnwright: a data factory for multi-turn conversations."""
