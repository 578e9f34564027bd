"""`timbre radio`: what a radio from a song on would play, as the player would be told."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.similar import find_track, print_songs
from chalicelib.errors import NotFoundError
from chalicelib.workflows.continue_radio import RadioSoFar, RadioStores, continue_radio
from chalicelib.workflows.show_home import OfferedTrack

AT_ONCE = 5  # songs that a player asks for: each turn knows what was heard before


def run(arguments: argparse.Namespace) -> int:
    tracks = bootstrap.tracks()
    stores = RadioStores(tracks=tracks, plays=bootstrap.plays(), feedback=bootstrap.feedback(), index=bootstrap.current_index())
    seed = find_track(arguments.seed, tracks)
    so_far = RadioSoFar(seed_id=seed.track_id, skipped=tuple(find_track(words, tracks).track_id for words in arguments.skip))
    found = play_on(find_user_id(arguments.user), so_far, stores, count=arguments.count)
    return print_songs(f"Radio from {seed.display_title}", found, as_json=arguments.json)


def play_on(user_id: str, so_far: RadioSoFar, stores: RadioStores, *, count: int) -> list[OfferedTrack]:
    """Turn by turn, all of it heard."""
    found: list[OfferedTrack] = []
    while len(found) < count:
        heard = (*so_far.heard, *(each.track.track_id for each in found))
        told = RadioSoFar(seed_id=so_far.seed_id, heard=heard, skipped=so_far.skipped)
        turn = continue_radio(user_id, told, stores, count=min(AT_ONCE, count - len(found)), now=datetime.now(UTC))
        if not turn.items:
            break
        found += turn.items
    return found


def find_user_id(username: str | None) -> str:
    """Of nobody, where nobody is named: nobody has played or disliked anything."""
    if username is None:
        return ""
    user = bootstrap.users().find_by_username(username)
    if user is None:
        raise NotFoundError(f"There is no user {username!r}.")
    return user.user_id
