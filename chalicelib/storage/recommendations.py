"""Recommendation lists in MongoDB, one per user, and the effect of plays on them: each play counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import cast

import msgspec
from pymongo import UpdateMany, UpdateOne
from pymongo.client_session import ClientSession

from chalicelib.model import Basis, RecommendationList
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.offers import OFFERED, attribute_plays, name_offered
from chalicelib.storage.play_counting import PLAYBACK_LASTS, Heard, judge_plays
from chalicelib.storage.play_tallies import count_songs, is_counted_play, shift_play_counts, tally_plays_of_each
from chalicelib.storage.renewals import MongoRenewals, has_list, to_list
from chalicelib.storage.times import truncate_time
from chalicelib.way_model import PlayArrival
from chalicelib.workflows.listener_ports import ListEffect

_KNOWN = {"generated_at": 1, "epoch": 1, "renewal_due_at": 1, **OFFERED}
_HEARD = dict.fromkeys(("user_id", "track_id", "kind", "occurred_at", "is_processed", "is_counted", "is_play"), 1)
_NO_ARRIVALS: Mapping[str, PlayArrival] = {}


class MongoRecommendationStore(MongoRenewals):
    @translate_errors("recommendations")
    def find(self, user_id: str) -> RecommendationList | None:
        document = self._database["recommendations"].find_one({"_id": user_id})
        return to_list(document) if document is not None and has_list(document) else None

    @translate_errors("recommendations")
    def find_basis(self, user_id: str) -> Basis | None:
        document = self._database["recommendations"].find_one({"_id": user_id}, {"basis": 1, "generated_at": 1})
        return cast("Basis", document["basis"]) if document is not None and has_list(document) else None

    @translate_errors("recommendations")
    def save_with_effect(
        self,
        recommendations: RecommendationList,
        event_ids: Sequence[str],
        *,
        now: datetime,
        arrivals: Mapping[str, PlayArrival] = _NO_ARRIVALS,
        epoch: int | None = None,
    ) -> int:
        """Plays of other users among the events are left alone."""
        arrived = {event_id: arrivals.get(event_id, PlayArrival()) for event_id in event_ids}
        effect = ListEffect(recommendations=recommendations, arrivals=arrived, epoch=epoch)
        return self.save_each_with_effect([effect], now=now)[0]

    @translate_errors("recommendations")
    def save_each_with_effect(self, effects: Sequence[ListEffect], *, now: datetime) -> list[int]:
        saving = _Saving(self._database, [_Saved(each, _to_document(each.recommendations)) for each in effects], truncate_time(now))
        return run_transaction(self._database, saving.save) if effects else []


@dataclass(frozen=True, slots=True)
class _Saved:
    effect: ListEffect
    document: Document

    @property
    def user_id(self) -> str:
        return self.effect.recommendations.user_id


@dataclass(frozen=True, slots=True)
class _Saving:
    """One transaction: some commands, however many listeners there are. Run again whole when another was in its way."""

    database: MongoDatabase
    lists: Sequence[_Saved]
    now: datetime

    def save(self, session: ClientSession) -> list[int]:
        users = [each.user_id for each in self.lists]
        erased = {one["_id"] for one in self.database["erasures"].find({"_id": {"$in": users}}, {"_id": 1}, session=session)}
        lists = [each for each in self.lists if each.user_id not in erased]  # these runs were under way when they wanted to be forgotten
        fresh = self._find_fresh(lists, session)
        found = self.database["recommendations"].find({"_id": {"$in": users}}, _KNOWN, session=session)
        known = {one["_id"]: one for one in found}
        counting = self._judge_plays(list(chain.from_iterable(fresh.values())), session)
        self._mark_effects(lists, fresh, known, counting, session)
        changes = [_store_list(each, known.get(each.user_id), len(fresh[each.user_id])) for each in lists]
        if changes:
            self.database["recommendations"].bulk_write(changes, session=session)
        for by, events in counting.items():
            tally_plays_of_each(self.database, _group_by_user(events), by=by, session=session)
        shifts = count_songs(counting[1], by=1)
        shifts.subtract(count_songs(counting[-1], by=1))
        shift_play_counts(self.database, shifts, session)
        return [len(fresh.get(user_id, ())) for user_id in users]

    def _find_fresh(self, lists: Sequence[_Saved], session: ClientSession) -> dict[str, list[Document]]:
        """By user: the events that have had no effect yet."""
        fresh: dict[str, list[Document]] = {each.user_id: [] for each in lists}
        asked = {event_id: each.user_id for each in lists for event_id in each.effect.arrivals}
        if not asked:
            return fresh
        wanted = {"_id": {"$in": list(asked)}, "is_processed": False}
        fields = {"user_id": 1, "track_id": 1, "occurred_at": 1, "kind": 1}
        for event in self.database["plays"].find(wanted, fields, session=session):
            if event.get("user_id") == asked[event["_id"]]:
                fresh[event["user_id"]].append(event)
        return fresh

    def _judge_plays(self, fresh: Sequence[Document], session: ClientSession) -> dict[int, list[Document]]:
        """1 → the events that count as a play from now on, -1 → those that did until now."""
        if not fresh:
            return {1: [], -1: []}
        times = [event["occurred_at"] for event in fresh]
        wanted: Document = {
            "user_id": {"$in": sorted({event["user_id"] for event in fresh})},
            "track_id": {"$in": sorted({event["track_id"] for event in fresh})},
            "occurred_at": {"$gte": min(times) - PLAYBACK_LASTS, "$lte": max(times) + PLAYBACK_LASTS},
        }
        heard = {each["_id"]: each for each in self.database["plays"].find(wanted, _HEARD, session=session)}
        verdict = judge_plays({event["_id"] for event in fresh}, map(_to_heard, heard.values()))
        return {by: [heard[event_id] for event_id in sorted(ids)] for by, ids in ((1, verdict.plays), (-1, verdict.no_plays))}

    def _mark_effects(
        self,
        lists: Sequence[_Saved],
        fresh: Mapping[str, list[Document]],
        known: Mapping[str, Document],
        counting: Mapping[int, Sequence[Document]],
        session: ClientSession,
    ) -> None:
        marks = [mark for each in lists for mark in _mark_plays(each, fresh[each.user_id], self.now)]
        marks += _mark_ends(counting)
        attributed = [attribute_plays(fresh[each.user_id], known.get(each.user_id)) for each in lists]
        if marks:
            self.database["plays"].bulk_write([*marks, *(each for each in attributed if each is not None)], session=session)


def _store_list(saved: _Saved, known: Document | None, count: int) -> UpdateOne:
    change: Document = {"$inc": {"plays_processed": count}}
    if known is None or _takes_place(saved.document, saved.effect.epoch, known):
        offered = name_offered(saved.effect.recommendations, known)
        change.update({"$set": {**saved.document, **offered}, "$unset": {"renewal_due_at": ""}})
    return UpdateOne({"_id": saved.user_id}, change, upsert=True)


def _takes_place(document: Document, epoch: int | None, known: Document) -> bool:
    """Whether the list is of the present epoch, and later than the stored one if that is of this epoch too."""
    if epoch is not None and epoch != known.get("epoch", 0):
        return False
    is_of_past_epoch = "renewal_due_at" in known
    return is_of_past_epoch or "generated_at" not in known or bool(known["generated_at"] <= document["generated_at"])


def _mark_plays(saved: _Saved, fresh: Sequence[Document], now: datetime) -> list[UpdateMany]:
    """Those that came alike are marked together."""
    alike: defaultdict[PlayArrival, list[str]] = defaultdict(list)
    for event in fresh:
        alike[saved.effect.arrivals[event["_id"]]].append(event["_id"])
    change = {"processed_at": now, "search": saved.document.get("search"), "is_processed": True, "is_counted": True}
    return [
        UpdateMany(
            {"_id": {"$in": event_ids}, "is_processed": False},
            {"$set": {**change, "arrival": msgspec.to_builtins(arrival, builtin_types=(datetime,))}},
        )
        for arrival, event_ids in alike.items()
    ]


def _mark_ends(counting: Mapping[int, Sequence[Document]]) -> list[UpdateMany]:
    """Those that count as a play, or no longer do. Of starts their kind says it."""
    ends = {by: [event["_id"] for event in events if event["kind"] != "start"] for by, events in counting.items()}
    return [UpdateMany({"_id": {"$in": ids}}, {"$set": {"is_play": by > 0, "is_counted": True}}) for by, ids in ends.items() if ids]


def _group_by_user(events: Sequence[Document]) -> dict[str, list[Document]]:
    mine: defaultdict[str, list[Document]] = defaultdict(list)
    for event in events:
        mine[event["user_id"]].append(event)
    return mine


def _to_heard(document: Document) -> Heard:
    return Heard(
        event_id=document["_id"],
        user_id=document["user_id"],
        track_id=document["track_id"],
        kind=document["kind"],
        occurred_at=document["occurred_at"],
        has_effect=document["is_processed"],
        is_play=is_counted_play(document),
    )


def _to_document(recommendations: RecommendationList) -> Document:
    document: Document = msgspec.to_builtins(recommendations, builtin_types=(datetime,))
    del document["user_id"], document["plays_processed"]
    document["generated_at"] = truncate_time(recommendations.generated_at)
    return document
