"""Some listeners, for an evaluation: a run of the ids of the users who have a list, from a fixed place on."""

from __future__ import annotations

from chalicelib.storage.mongo import MongoDatabase, translate_errors

FEWEST_PLAYS = 5


class MongoListenerSample:
    def __init__(self, database: MongoDatabase) -> None:
        self._recommendations = database["recommendations"]

    @translate_errors("recommendations")
    def sample_listeners(self, limit: int) -> list[str]:
        """Ids are drawn at random, so any run of them is as good as another. Looks at no more than ten times as many lists."""
        looked_at = self._recommendations.find({}, {"plays_processed": 1}).sort("_id", 1).limit(10 * limit)
        played = (each["_id"] for each in looked_at if each.get("plays_processed", 0) >= FEWEST_PLAYS)
        return [user_id for user_id, _ in zip(played, range(limit), strict=False)]
