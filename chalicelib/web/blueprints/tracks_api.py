"""One song as JSON: what it is, songs like it, its audio and cover by presigned links."""

from __future__ import annotations

from chalicelib.errors import NotFoundError
from chalicelib.model import Track, TrackCard
from chalicelib.web import shapes
from chalicelib.web.answers import Answer, redirect
from chalicelib.web.listening import list_similar
from chalicelib.web.parsing import SimilarQuery, parse_track_id
from chalicelib.web.presenters import present_details
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)
_COVER_TTL_S, _COVER_CACHE_S = 3600, 600
_MIMES = {"mp3": "audio/mpeg", "flac": "audio/flac", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "m4a": "audio/mp4"}


@routes.api("/tracks/{track_id}", errors=("track_not_found",))
def show_track(visit: Visit, track_id: str) -> shapes.TrackDetails:
    """One song, and what the listener thinks of it."""
    track = find_card(visit, track_id)
    opinion = visit.stores.feedback().find(visit.listener.user_id, track.track_id)
    return present_details(track, opinion, visit.urls)


@routes.api("/tracks/{track_id}/similar", errors=("track_not_found",))
def list_similar_tracks(visit: Visit, track_id: str, query: SimilarQuery) -> shapes.NeighbourList:
    """The songs nearest in sound, nearest first."""
    return shapes.NeighbourList(items=list_similar(visit, find_card(visit, track_id), limit=query.limit))


@routes.api("/tracks/{track_id}/audio", status=302, errors=("track_not_found",))
def show_audio(visit: Visit, track_id: str) -> Answer:
    """Leads to the audio in the bucket, by a link that is good for a while and takes Range."""
    key = find_track(visit, track_id).objects[0].key
    mime = _MIMES.get(key.rpartition(".")[2].lower(), "audio/mpeg")
    return redirect(visit.stores.music_bucket().presign_get(key, expires_s=visit.settings.audio_url_ttl_s, mime=mime), status=302)


@routes.api("/tracks/{track_id}/cover", status=302, errors=("track_not_found", "cover_not_found"))
def show_cover(visit: Visit, track_id: str) -> Answer:
    """Leads to the picture in the bucket, by a link that is good for an hour."""
    key = find_card(visit, track_id).cover_key
    if key is None:
        raise NotFoundError("This track has no cover.", code="cover_not_found")
    return redirect(visit.stores.music_bucket().presign_get(key, expires_s=_COVER_TTL_S), status=302, max_age_s=_COVER_CACHE_S)


def find_track(visit: Visit, track_id: str) -> Track:
    track = visit.stores.tracks().find(parse_track_id(track_id))
    if track is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    return track


def find_card(visit: Visit, track_id: str) -> TrackCard:
    """The same, where no more is shown of it than in a list."""
    asked = parse_track_id(track_id)
    found = visit.stores.tracks().find_cards([asked])
    if asked not in found:
        raise NotFoundError("There is no such track.", code="track_not_found")
    return found[asked]
