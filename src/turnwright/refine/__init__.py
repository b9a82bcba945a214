"""Stage `refine`: a draft → a debated conversation and the record of its council."""

__all__: list[str] = []
