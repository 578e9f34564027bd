"""Every store of `chalicelib/workflows/ports.py` in memory. The same contract suite runs over these and over MongoDB's."""

from tests.fakes.listener_stores import (
    FakeFeedbackStore,
    FakeListenerStore,
    FakePlayStore,
    FakeRecommendationStore,
    FakeSessionStore,
    FakeThrottleStore,
    FakeUserStore,
)
from tests.fakes.listening_store import FakeListeningStore
from tests.fakes.operation_stores import FakeBackfillStore, FakeDeadLetterStore, FakeIndexBuildStore, FakeLeaseStore
from tests.fakes.reanalysis_store import FakeReanalysisStore
from tests.fakes.track_store import FakePassageStore, FakeTrackStore
from tests.fakes.upload_store import FakeUploadStore

__all__ = [
    "FakeBackfillStore",
    "FakeDeadLetterStore",
    "FakeFeedbackStore",
    "FakeIndexBuildStore",
    "FakeLeaseStore",
    "FakeListenerStore",
    "FakeListeningStore",
    "FakePassageStore",
    "FakePlayStore",
    "FakeReanalysisStore",
    "FakeRecommendationStore",
    "FakeSessionStore",
    "FakeThrottleStore",
    "FakeTrackStore",
    "FakeUploadStore",
    "FakeUserStore",
]
