"""How much a wake loop does at once, and for how long: what is beyond waits in the store, or for the next turn."""

from __future__ import annotations

BATCH = 500
TURN_SECONDS = 0.05
"""A turn that took so long moves no further group."""
YIELD_SECONDS = 0.02
"""Runs are advanced for so long before everything else on the event loop has its go."""
CACHED_RUNS = 2_000
DRAIN_SECONDS = 4.0
"""So long calls under way are waited for when the process ends."""
DOUBTFUL_SECONDS = 20.0
"""So long a start is, if nobody could say later whether it was made."""
MOST_BUSY = 10_000
"""With so many runs under way no further one is begun: what is due waits in the store, not in memory."""
MOST_CALLS = 2 * MOST_BUSY
"""The same for calls, of which a run may have many."""
MOST_REPEATS = 5
"""How often runs of one group that others saved first are read again at once."""
