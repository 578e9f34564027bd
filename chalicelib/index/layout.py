"""Where each song stands on the map: songs that sound alike stand together. Deterministic, and stable from build to build.

Up to LANDMARKS songs are laid out by t-SNE from their principal axes; the others come to the landmarks that they are near to, and then
settle among their own neighbours. Where the build before had most of the songs, they begin where they were, so that the map does not jump.
The forces are `force_layout.py`'s, the neighbours `neighbour_cells.py`'s, the file `song_map.py`'s.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import scale_to_unit
from chalicelib.index.force_layout import Edges, Plane, settle
from chalicelib.index.neighbour_cells import Nearest, Rows, Units, find_nearest, find_neighbours, find_neighbours_by_cells
from chalicelib.index.scaler import Vectors
from chalicelib.index.song_map import ID_BYTES, PackedIds, SongMap

LANDMARKS = 4_000
NEIGHBOURS = 30  # of a landmark among the landmarks; about t-SNE's perplexity
NEIGHBOURS_OF_ALL = 12
ANCHORS = 4  # landmarks that say where another song comes to
EARLY_STEPS, EARLY_EXAGGERATION = 120, 12.0
LATE_STEPS = 380
REFINING_STEPS, FEWEST_REFINING_STEPS = 80, 30
MANY = 300_000  # songs: from here on fewer steps
REFINING_EXAGGERATION = 2.0
WARM_STEPS = 60
WARM_GAIN = 0.5
ALIGNED_BY = 3  # known songs
IN_A_CELL = 16  # songs, at least: so that ten cells hold neighbours enough
COMPARED = 50_000
SPREADING = 1.0
ROOMY_UP_TO = 250  # songs
ROOM = 0.5  # of what each had if they stood evenly
ROOM_STEPS = 60
GOLDEN_ANGLE = 2.399963
KNOWN_ENOUGH = 0.5  # of the songs: then they begin where they were


def lay_out(packed_ids: PackedIds, standardized: Vectors, before: SongMap | None = None, *, landmarks: int = LANDMARKS) -> Plane:
    """(n, 2) positions, row i of packed_ids[i], finite. `before`: where the songs of the last build stood."""
    count = len(packed_ids)
    if count < 3:
        return np.array([[-1.0, 0.0], [1.0, 0.0]], dtype=np.float32)[:count]
    units = scale_to_unit(standardized).astype(np.float32)
    known = before.find(packed_ids) if before is not None else np.full((count, 2), np.nan, dtype=np.float32)
    is_known = ~np.isnan(known[:, 0])
    if is_known.mean() > KNOWN_ENOUGH:
        return _refine_known(units, known, is_known, landmarks)
    placed = _make_room(_lay_out_anew(packed_ids, units, landmarks))
    return _align(placed, known, is_known) if is_known.sum() >= ALIGNED_BY else placed


def _lay_out_anew(packed_ids: PackedIds, units: Units, landmarks_most: int) -> Plane:
    landmarks = _choose_landmarks(packed_ids, landmarks_most)
    shape = _settle_landmarks(units[landmarks])
    if len(landmarks) == len(units):
        return shape
    anchors = find_nearest(units, units[landmarks], ANCHORS)
    spread = np.float32(np.sqrt(len(units) / len(landmarks)) ** SPREADING)
    start = _place_between(anchors, shape * spread)
    start[landmarks] = shape * spread
    near = _find_all_neighbours(units, landmarks_most)
    steps = REFINING_STEPS if len(units) < MANY else FEWEST_REFINING_STEPS
    return settle(start, _link_evenly(near), steps=steps, exaggeration=REFINING_EXAGGERATION)


def _settle_landmarks(units: Units) -> Plane:
    count = len(units)
    near = find_neighbours(units, min(NEIGHBOURS, count - 1))
    edges = _link_by_nearness(near)
    start = _take_principal_axes(units)
    early = settle(start, edges, steps=EARLY_STEPS, exaggeration=min(EARLY_EXAGGERATION, max(1.0, count / 20.0)), momentum=0.5)
    return settle(early, edges, steps=LATE_STEPS)


def _refine_known(units: Units, known: Plane, is_known: npt.NDArray[np.bool_], landmarks_most: int) -> Plane:
    """New songs come to the known ones that they are near to; then all settle a little, and lie again as they lay."""
    rows = np.flatnonzero(is_known)
    start = known.copy()
    fresh = np.flatnonzero(~is_known)
    if len(fresh):
        anchors = _find_anchors(units[fresh], units, rows)
        start[fresh] = _place_between(anchors, known[rows])
    near = _find_all_neighbours(units, landmarks_most)
    edges = _link_by_nearness(near) if len(units) <= landmarks_most else _link_evenly(near)
    exaggeration = 1.0 if len(units) <= landmarks_most else REFINING_EXAGGERATION
    settled = settle(start, edges, steps=WARM_STEPS, exaggeration=exaggeration, gain=WARM_GAIN)
    return _align(_make_room(settled), known, is_known)


def _find_anchors(queries: Units, units: Units, rows: npt.NDArray[np.intp]) -> Nearest:
    """Among so many known songs as can be compared with."""
    sample = rows[:: max(1, len(rows) // COMPARED)]
    found = find_nearest(queries, units[sample], min(ANCHORS, len(sample)))
    places = np.searchsorted(rows, sample)
    return Nearest(places[found.rows].astype(np.int32), found.distances)


def _find_all_neighbours(units: Units, landmarks_most: int) -> Nearest:
    if len(units) <= landmarks_most:
        return find_neighbours(units, min(NEIGHBOURS, len(units) - 1))
    cells: Rows = np.linspace(0, len(units) - 1, min(landmarks_most, len(units) // IN_A_CELL)).astype(
        np.int32
    )  # ids, and so rows, are in no order of sound
    own = find_nearest(units, units[cells], 1).rows[:, 0]
    return find_neighbours_by_cells(units, cells, own, NEIGHBOURS_OF_ALL)


def _choose_landmarks(packed_ids: PackedIds, landmarks_most: int) -> Rows:
    """As many as there may be, chosen by their ids, so that the next build chooses the same."""
    count = len(packed_ids)
    if count <= landmarks_most:
        return np.arange(count, dtype=np.int32)
    digits = np.frombuffer(packed_ids.tobytes(), dtype="<u4").reshape(count, ID_BYTES // 4)
    lots = (digits.astype(np.uint64) * np.uint64(2_654_435_761)).sum(axis=1) % np.uint64(4_294_967_291)
    chosen = np.argpartition(lots, landmarks_most)[:landmarks_most]
    return np.sort(chosen).astype(np.int32)


def _take_principal_axes(units: Units) -> Plane:
    """The two directions that differ most, small, as t-SNE wants its beginning. Signs are fixed: they would be a matter of chance."""
    centred = units - units.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    chosen = axes[:, ::-1][:, :2]
    chosen = chosen * np.where(chosen[np.abs(chosen).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    flat = centred @ chosen
    turn = np.arange(len(units)) * GOLDEN_ANGLE  # songs that sound the same begin beside each other, not on one another
    flat += 1e-3 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    placed: Plane = (flat / max(float(flat[:, 0].std()), 1e-6)).astype(np.float32)
    return placed


def _place_between(anchors: Nearest, shape: Plane) -> Plane:
    """The mean of the anchors' places, the nearer the weightier."""
    nearest = np.maximum(anchors.distances[:, :1], 1e-3)
    weights = (nearest / np.maximum(anchors.distances, 1e-3)) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    turn = np.arange(len(weights)) * GOLDEN_ANGLE
    beside = 0.3 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    placed: Plane = (np.einsum("nk,nkd->nd", weights, shape[anchors.rows]) + beside).astype(np.float32)
    return placed


def _link_by_nearness(near: Nearest) -> Edges:
    """A Gaussian about each song, as wide as its neighbours are far."""
    width = np.maximum(near.distances[:, near.distances.shape[1] // 3], 1e-3)[:, None]
    affinity = np.exp(-((near.distances / width) ** 2) * 0.7) + 1e-4
    return _join(near.rows, affinity / affinity.sum(axis=1, keepdims=True))


def _link_evenly(near: Nearest) -> Edges:
    return _join(near.rows, np.full(near.rows.shape, 1.0 / near.rows.shape[1], dtype=np.float32))


def _join(rows: Rows, affinity: npt.NDArray[np.floating[Any]]) -> Edges:
    one = np.repeat(np.arange(len(rows), dtype=np.int32), rows.shape[1])
    weight = (affinity.ravel() / (2.0 * len(rows))).astype(np.float32)
    return Edges(one, rows.ravel(), weight)


def _make_room(placed: Plane) -> Plane:
    """Few songs are shown large, as covers: those that would lie on one another move apart, all of them a little."""
    count = len(placed)
    if count > ROOMY_UP_TO:
        return placed
    points = placed.astype(np.float64)
    room = ROOM * float(np.sqrt(np.prod(np.maximum(np.ptp(points, axis=0), 1e-3)) / count))
    turn = np.subtract.outer(np.arange(count), np.arange(count)) * GOLDEN_ANGLE
    for _ in range(ROOM_STEPS):
        apart = points[:, None] - points[None]
        distance = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart))
        is_near = distance < room
        np.fill_diagonal(is_near, val=False)
        if not is_near.any():
            break
        one, other = np.nonzero(is_near)
        way = apart[one, other] + 1e-6 * np.stack([np.cos(turn[one, other]), np.sin(turn[one, other])], axis=1)  # also of the same place
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        push = 0.35 * (room - distance[one, other])[:, None] * way
        np.add.at(points, one, push)
    return points.astype(np.float32)


def _align(placed: Plane, known: Plane, is_known: npt.NDArray[np.bool_]) -> Plane:
    """Turned, mirrored and moved (never stretched) so that known songs stand as near as can be to where they stood."""
    there, here = known[is_known].astype(np.float64), placed[is_known].astype(np.float64)
    there_centre, here_centre = there.mean(axis=0), here.mean(axis=0)
    left, _, right = np.linalg.svd((here - here_centre).T @ (there - there_centre))
    aligned: Plane = ((placed - here_centre) @ (left @ right) + there_centre).astype(np.float32)
    return aligned
