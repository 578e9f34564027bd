"""Who plays what: invented artists, their albums and titles, and the order in which the styles take turns. All names are made up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import cycle, islice


@dataclass(frozen=True, slots=True)
class Album:
    artist: str
    title: str
    year: int
    tracks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of the library. `turn` counts within its style, `artist_index` its artists, `track` (from 1) the album's."""

    number: int
    style: str
    turn: int
    artist_index: int
    album: Album
    title: str
    track: int

    @property
    def file_name(self) -> str:
        """Without the characters that some file systems refuse."""
        return re.sub(r'[\\/:*?"<>|]', "", f"{self.album.artist} - {self.title}") + ".mp3"


ALBUMS: dict[str, tuple[Album, ...]] = {
    "lofi": (
        Album("Sleepy Meridian", "Rain on the Skylight", 2021, ("Rain on the Skylight", "Tea at Half Past Two", "Last Tram, Wet Shoes")),
        Album("Tapehead Hanna", "Notebook, Side B", 2023, ("Blue Hour Homework", "Paper Boats", "Für Später")),
        Album("Quiet Tenants", "Stairwell Songs", 2019, ("Window Seat", "Someone Left the Radio On", "Slow Elevator")),
    ),
    "techno": (
        Album("Relais Nord", "Schaltwerk", 2022, ("Schaltwerk", "Night Shift", "Überfahrt")),
        Album("Vanta Ostrova", "Concrete Tide", 2024, ("Concrete Tide", "Glass Corridor", "Blue Hour Machinery")),
        Album("Halbdunkel", "Gleisdreieck", 2020, ("Signal Box", "Tunnel Light", "Gleisdreieck")),
    ),
    "bossa": (
        Album("Trio Maré Alta", "Sal e Sombra", 2018, ("Sal e Sombra", "Manhã de Domingo", "Window on the Bay")),
        Album("Inês Valadão", "Açúcar", 2022, ("Açúcar", "Paper Parasol", "Chuva Fina")),
        Album("Café Ipê", "Tarde Azul", 2016, ("Tarde Azul", "Rain on the Promenade", "Two Chairs, One Shade")),
    ),
    "chamber": (
        Album("Quatuor des Lilas", "Valses pour l'hiver", 2015, ("Valse d'hiver", "La chambre bleue", "Où vont les nuages")),
        Album("Alma Veressy", "The Glass Garden", 2020, ("The Glass Garden", "Waltz for a Paper Crown", "Letter from Győr")),
        Album("Ensemble Lindenhof", "Tänze am Fenster", 2017, ("Tanz am Fenster", "Winter Garden", "Kleine Nachtreise")),
    ),
    "funk": (
        Album("The Brass Pennies", "Loose Change", 1978, ("Loose Change", "Sidewalk Strut", "Night Shift Boogie")),
        Album("Dolores & the Downbeat", "Hot Pavement", 2021, ("Hot Pavement", "Who Took My Sunday?", "Elevator to the Roof")),
        Album("Marcus Tallow", "Corner Store", 1981, ("Corner Store", "Push the Button", "Two Tone Shoes")),
    ),
    "drum_and_bass": (
        Album("Kestrel & Vane", "Altitude", 2023, ("Altitude", "Rain at Two Hundred", "Glass Wings")),
        Album("Subterrane", "Low Water", 2019, ("Low Water", "Tunnel Vision", "Signal Lost")),
        Album("Amberline", "Slow Light", 2024, ("Slow Light", "Blue Hour, 174", "Midnight Motorway")),
    ),
    "ambient": (
        Album("Ilse Grauwald", "Inland Sea", 2020, ("Inland Sea", "Snow on the Antenna", "Drift Ice", "Slow Tide")),
        Album("Nordlyd Archive", "Field Notes, Winter", 2018, ("Winter Light", "Fjærland", "The Long Exposure", "Signal Fires")),
    ),
    "chiptune": (
        Album("Pixel Otter", "River Level", 2022, ("River Level", "Boss Takes the Tram", "Paper Dragon", "Continue? 9…8…7…")),
        Album("Cartridge Bakery", "Extra Lives", 2019, ("Extra Lives", "Midnight Arcade", "Croissant Quest", "Rainbow Tunnel")),
    ),
}
_ROUNDS_OF_ALL = 6  # then the styles with three artists go on alone, until sixty pieces stand; after them all take turns again
_LIBRARY = 60


def _order_styles(count: int) -> list[str]:
    everyone = list(ALBUMS)
    of_three = [style for style, albums in ALBUMS.items() if len(albums) == 3]
    first = everyone * _ROUNDS_OF_ALL
    first += list(islice(cycle(of_three), max(0, _LIBRARY - len(first))))
    return first[:count] + list(islice(cycle(everyone), max(0, count - len(first))))


def list_entries(count: int) -> list[Entry]:
    """The first `count` pieces; a shorter list is a prefix of a longer one. Beyond the albums' titles come second parts, third parts…"""
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    turns = dict.fromkeys(ALBUMS, 0)
    entries: list[Entry] = []
    for number, style in enumerate(_order_styles(count)):
        turn, albums = turns[style], ALBUMS[style]
        turns[style] += 1
        track, artist = divmod(turn, len(albums))
        album = albums[artist]
        part, index = divmod(track, len(album.tracks))
        title = album.tracks[index] + (f" (Part {part + 1})" if part else "")
        entries.append(Entry(number, style, turn, artist, album, title, track + 1))
    return entries
