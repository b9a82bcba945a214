"""The ledger: an append-only Merkle log, so that outsiders can check that nothing was taken out or changed."""
