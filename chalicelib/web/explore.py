"""Mixes, radio and paths as pages and API share them. Their workflows bring numpy and Annoy: they are imported where they are used."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.web import shapes_explore
from chalicelib.web.presenters import describe_track, present_part, present_reasoned, present_track
from chalicelib.web.visit import Visit


def list_mixed(visit: Visit, chosen: Sequence[str], avoided: Sequence[str], *, limit: int) -> shapes_explore.Mixed:
    from chalicelib.workflows.find_mix import find_mix

    stores = visit.stores
    found = find_mix(chosen, avoided, count=limit, index=stores.current_index(), tracks=stores.tracks())
    return shapes_explore.Mixed(items=tuple(present_reasoned(each.track, each.score, each.reasons, visit.urls) for each in found))


def tune_radio(visit: Visit, query: shapes_explore.RadioQuery) -> shapes_explore.Radio:
    from chalicelib.workflows.continue_radio import RadioSoFar, RadioStores, continue_radio

    stores = visit.stores
    turn = continue_radio(
        visit.listener.user_id,
        RadioSoFar(seed_id=query.seed or None, heard=query.heard, skipped=query.skipped),
        RadioStores(tracks=stores.tracks(), plays=stores.plays(), feedback=stores.feedback(), index=stores.current_index()),
        count=query.limit,
        now=visit.now,
    )
    return shapes_explore.Radio(
        seed=present_track(turn.seed, visit.urls) if turn.seed else None,
        items=tuple(present_reasoned(each.track, each.score, each.reasons, visit.urls) for each in turn.items),
    )


def lead_path(visit: Visit, from_id: str, to_id: str, *, length: int) -> shapes_explore.SongPath:
    from chalicelib.recommend.reason_words import say_parts
    from chalicelib.workflows.find_path import find_path

    stores = visit.stores
    steps = find_path(from_id, to_id, length=length, index=stores.current_index(), tracks=stores.tracks())
    return shapes_explore.SongPath(
        items=tuple(
            shapes_explore.PathStep(
                **describe_track(step.track, visit.urls),
                distance=None if step.distance is None else round(step.distance, 6),
                percentile=None if step.percentile is None else round(step.percentile, 2),
                nearest=present_part(step.parts[0]) if step.parts else None,
                farthest=present_part(step.parts[-1]) if step.parts else None,
                likeness=say_parts(step.parts[0], step.parts[-1], percentile=step.percentile or 0.0) if step.parts else "",
            )
            for step in steps
        )
    )
