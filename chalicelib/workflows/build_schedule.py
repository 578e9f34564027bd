"""When the index is worth building anew. A small catalogue's at every change: that takes seconds. A large one's when many tracks changed,
or when the changes have waited for long beside what a build takes: they are searched all the same, by an exact scan beside the index.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.index.manifest import Manifest

SMALL = 10_000  # tracks: a build is a matter of seconds
FEW_CHANGES = 50
CHANGED_SHARE = 0.01
MANY_CHANGES = 10_000  # half of what is scanned beside an index at most (`current_delta.DELTA_LIMIT`)
PATIENCE_S = 900.0
BUILDS_OF_REST = 6  # so that building takes no more than a seventh of the time, however slowly uploads trickle


def is_build_due(in_force: Manifest, *, max_seq: int, now: datetime) -> bool:
    """Whether what changed since this build should be built in now. Counts changes by their `seq`, and their age from the build's begin:
    no track is read."""
    changes = max_seq - in_force.max_seq
    if changes == 0:
        return False
    if in_force.track_count <= SMALL or changes < 0:  # of another database: whatever is in force is wrong
        return True
    many = min(max(FEW_CHANGES, int(CHANGED_SHARE * in_force.track_count)), MANY_CHANGES)
    waited_s = (now - in_force.created_at).total_seconds()
    return changes >= many or waited_s >= max(PATIENCE_S, BUILDS_OF_REST * in_force.build_s)
