"""What a comparison looks like to people: a page that opens from disk, its words, its drawings, and JSON.

Takes records and gives text; measures nothing, writes no file.
"""

from turnwright.monitor.page.rounds import rounds_page
from turnwright.monitor.page.whole import MARK, fidelity_json, fidelity_page, read_fidelity

__all__ = ["MARK", "fidelity_json", "fidelity_page", "read_fidelity", "rounds_page"]
