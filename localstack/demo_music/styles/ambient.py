"""Ambient: slow pads over a drone, bells far away in a long hall, a heartbeat for drums, wind."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Ambient",
    tempo=(62, 72),
    scale="lydian",
    home="Iadd9",
    progressions_a=(
        "Imaj9 VIm9",
        "Iadd9 V9sus4",
        "VIm11 IIsus2",
        "Imaj9 IIIm7",
        "VIm9 IIIm7",
        "Isus2 II6",
    ),
    progressions_b=("IIIm7 IImaj7", "VIm9 Vadd9", "bVIImaj7 Iadd9", "VIm7 IIadd9", "IIm9 bVIImaj9"),
    lines={
        "chords": Line(
            "chords",
            ("warm_pad", "warm_pad", "glass_pad"),
            ("X---------------",),
            50,
            76,
            Mix(level_db=-16, wide=True, reverb=0.5),
            strum=0.05,
        ),
        "bass": Line("bass", ("drone",), ("r---------------",), 31, 46, Mix(level_db=-20, wide=False, reverb=0.15)),
        "shimmer": Line(
            "arp",
            ("music_box", "harp", "felt_piano"),
            ("0..2...4 ..3...5.", "4...2..3 ....5...", "0.1.2.3. 4.5.6..."),
            60,
            80,
            Mix(level_db=-23, pan=-0.3, reverb=0.8, echo=0.4),
        ),
        "melody": Line(
            "melody",
            ("glass_pad", "flute"),
            ("....x--- x-------", "x------- ..x-----", "........ x---x---"),
            70,
            86,
            Mix(level_db=-20, pan=0.2, reverb=0.8, echo=0.35),
        ),
    },
    kit={
        "heart": Drum("heartbeat", Mix(gain_db=-8, reverb=0.25)),
        "sea": Drum("riser", Mix(gain_db=-16, pan=-0.2, reverb=0.5)),
        "tick": Drum("shaker", Mix(gain_db=-13, pan=0.5, reverb=0.7)),
    },
    grooves={
        "full": (
            {"heart": "x..o.... ........", "sea": "........ x.......", "tick": "....o... ....o..."},
            {"heart": "x....... o.......", "tick": "..o...o. ..o...o."},
            {"heart": "x....... ........", "sea": "....x... ........"},
        ),
        "light": ({"sea": "x......."},),
        "fill": ({"heart": "x......."},),
    },
    form=(
        Section(1, "A", "chords bass", "light", energy=0.8),
        Section(2, "A", "chords bass melody shimmer", "full"),
        Section(2, "B", "chords bass melody shimmer", "full"),
        Section(1, "I", "chords bass", "", energy=0.8),
    ),
    room=Room(reverb_s=3.6, brightness=0.35, echo_beats=1.5, high_cut_hz=13_000, tilt_db=-1.5, drive=0.7, air_db=-28, low_cut_hz=28),
    looseness_s=0.02,
    tail_s=3.5,
)
