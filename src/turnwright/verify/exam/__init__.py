"""The exam: planted defects, clean and harmlessly edited controls, and the licence that comes of it."""

__all__: list[str] = []
