"""Stage `train`: sets → students, their evaluation on real conversations, and what a set is worth."""

__all__: list[str] = []
