"""Audit bundles: a set with its records, its ledger and what proves them.

`check_bundle.py` is one file that imports the standard library and `cryptography` alone; it is copied into bundles.
"""

from turnwright.export.bundle.check_bundle import Fault, Unreadable, check
from turnwright.export.bundle.write import Bundle, BundleFacts, write_bundle

__all__ = ["Bundle", "BundleFacts", "Fault", "Unreadable", "check", "write_bundle"]
