"""The monitors, a file a family; `panel.py` is the table that lists them all."""
