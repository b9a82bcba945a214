"""Words of plain English by what they can do to a meaning: nothing at all, or bind it. Only `acceptance` reads them."""

from __future__ import annotations

__all__ = ["BINDING", "PLAIN"]

_PLAIN = """
a an the and or but so then to of in on at for with from by as it its is are was were be been being has have had do
does did this that these those there here now just well right please ok okay also still too very really yet already
again back out up about some any one thanks thank yes sure hello hi hey oh would could let like exactly currently able
all get got going go only if because actually great good um uh hmm cheers
"""

_BINDING = """
i me my mine myself we us our ours you your yours he him his she her they them their
can cannot will won't shall should must may might not no never unable nothing
two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand half first second third
once twice today tomorrow tonight yesterday monday tuesday wednesday thursday friday saturday sunday
january february march april june july august september october november december
minute minutes hour hours day days week weeks month months year years morning afternoon evening free
"""

PLAIN = frozenset(_PLAIN.split())
"""Words that change no meaning of their own."""

BINDING = frozenset(_BINDING.split())
"""Words that say who, whether, how many or when."""
