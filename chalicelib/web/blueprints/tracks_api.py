"""The catalogue as JSON: search, one song, songs like it, its audio and cover by presigned links, its removal."""

from __future__ import annotations

from chalicelib.errors import NotFoundError
from chalicelib.model import Track
from chalicelib.web.answers import Answer, answer_json, redirect
from chalicelib.web.listening import list_similar
from chalicelib.web.parsing import parse_track_id, read_cursor, read_limit, read_search_query
from chalicelib.web.presenters import present_list, present_track
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.delete_track import delete_track

routes = Routes(__name__)
_COVER_TTL_S, _COVER_CACHE_S = 3600, 600
_MIMES = {"mp3": "audio/mpeg", "flac": "audio/flac", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "m4a": "audio/mp4"}


@routes.api("/tracks")
def list_tracks(visit: Visit) -> Answer:
    page = visit.stores.tracks().search(read_search_query(visit), limit=read_limit(visit), cursor=read_cursor(visit))
    return answer_json(present_list([present_track(track, visit.urls) for track in page.items], page.next_cursor))


@routes.api("/tracks/{track_id}")
def show_track(visit: Visit, track_id: str) -> Answer:
    track = find_track(visit, track_id)
    opinion = visit.stores.feedback().for_user(visit.listener.user_id).get(track.track_id)
    return answer_json({**present_track(track, visit.urls), "opinion": opinion})


@routes.api("/tracks/{track_id}", "DELETE")
def remove_track(visit: Visit, track_id: str) -> Answer:
    stores = visit.stores
    delete_track(visit.listener, parse_track_id(track_id), tracks=stores.tracks(), uploads=stores.uploads(), bucket=stores.music_bucket())
    return answer_json({"status": "removing"}, status=202)


@routes.api("/tracks/{track_id}/similar")
def list_similar_tracks(visit: Visit, track_id: str) -> Answer:
    return answer_json(present_list(list_similar(visit, parse_track_id(track_id), limit=read_limit(visit, default=10, greatest=50))))


@routes.api("/tracks/{track_id}/audio")
def show_audio(visit: Visit, track_id: str) -> Answer:
    key = find_track(visit, track_id).objects[0].key
    mime = _MIMES.get(key.rpartition(".")[2].lower(), "audio/mpeg")
    return redirect(visit.stores.music_bucket().presign_get(key, expires_s=visit.settings.audio_url_ttl_s, mime=mime), status=302)


@routes.api("/tracks/{track_id}/cover")
def show_cover(visit: Visit, track_id: str) -> Answer:
    key = find_track(visit, track_id).cover_key
    if key is None:
        raise NotFoundError("This track has no cover.", code="cover_not_found")
    return redirect(visit.stores.music_bucket().presign_get(key, expires_s=_COVER_TTL_S), status=302, max_age_s=_COVER_CACHE_S)


def find_track(visit: Visit, track_id: str) -> Track:
    track = visit.stores.tracks().find(parse_track_id(track_id))
    if track is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    return track
