"""What a few human conversations show of how people behave; written beside it by the next change."""

__all__: list[str] = []
