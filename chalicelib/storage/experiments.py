"""Plays by arm in MongoDB: counted in the index `by_experiment` alone, no document is looked at."""

from __future__ import annotations

from datetime import datetime

from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time
from chalicelib.workflows.experiment_ports import ArmCount


class MongoExperimentStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._plays = database["plays"]

    @translate_errors("plays")
    def count_plays(self, experiment: str, *, since: datetime, limit: int) -> list[ArmCount]:
        each_listener: Document = {"_id": {"arm": "$arm", "kind": "$kind", "user_id": "$user_id"}, "plays": {"$sum": 1}}
        each_arm: Document = {
            "_id": {"arm": "$_id.arm", "kind": "$_id.kind"},
            "plays": {"$sum": "$plays"},
            "listeners": {"$sum": 1},
        }
        steps: list[Document] = [
            {"$match": {"experiment": experiment, "occurred_at": {"$gte": truncate_time(since)}}},
            {"$sort": {"occurred_at": -1}},
            {"$limit": limit},
            {"$project": {"_id": 0, "arm": 1, "kind": 1, "user_id": 1}},
            {"$group": each_listener},
            {"$group": each_arm},
        ]
        found = self._plays.aggregate(steps, hint="by_experiment", allowDiskUse=True)
        return sorted(ArmCount(one["_id"]["arm"], one["_id"]["kind"], one["plays"], one["listeners"]) for one in found)
