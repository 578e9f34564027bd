"""Chiptune: two pulse waves, a stepped triangle and a noise channel, fast arpeggios, the bright keys of games."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Chiptune",
    tempo=(144, 162),
    scale="major",
    home="I",
    progressions_a=(
        "I V VIm IV",
        "I bVII IV I",
        "VIm IV I V",
        "I IIIm IV V",
        "IV V IIIm VIm",
        "I VIm IIm V",
        "bVI bVII I I",
        "I III7 VIm IVm",
    ),
    progressions_b=("IV V VIm VIm", "IIm V I VIm", "VIm V IV V", "bVI bVII I V", "IV IVm I V7"),
    lines={
        "arp": Line(
            "arp",
            ("blip", "thin_lead", "blip"),
            ("0123210123210123", "0242135302421353", "012.012.012.0123", "0.2.1.2.0.2.1.2."),
            60,
            79,
            Mix(level_db=-20, pan=-0.5, reverb=0.04),
            voices=3,
        ),
        "bass": Line(
            "bass", ("chip_bass",), ("r.r.8.r.r.r.5.8.", "r-8-r-8-r-8-5-8-", "r.rr8.r.r.rr5.a."), 36, 50, Mix(level_db=-16, reverb=0.0)
        ),
        "melody": Line(
            "melody",
            ("pulse_lead", "square_lead", "thin_lead"),
            ("X---x-x- x---x---", "x-x-x-x- X-------", "X--x--x- x-x-x---", "x---X--- --x-x-x-", "X-x-..x- x-..x---"),
            69,
            88,
            Mix(level_db=-15, pan=0.12, reverb=0.06, echo=0.22),
        ),
        "second": Line(
            "chords",
            ("thin_lead", "pulse_lead"),
            ("..x.. .x. ..x...x.", "x--.x--. x--.x---"),
            62,
            76,
            Mix(level_db=-21, pan=0.5, reverb=0.05),
            voices=2,
        ),
    },
    kit={
        "kick": Drum("chip_kick", Mix(gain_db=-5, reverb=0.0)),
        "snare": Drum("chip_snare", Mix(gain_db=-8, reverb=0.03)),
        "hat": Drum("chip_hat", Mix(gain_db=-5, reverb=0.0)),
    },
    grooves={
        "full": (
            {"kick": "X.....x. x.......", "snare": "....X... ....X...", "hat": "x.x.x.x. x.x.x.xx"},
            {"kick": "X...x... X..x....", "snare": "....X... ....X..x", "hat": "xxx.xxx. xxx.xxx."},
        ),
        "light": ({"hat": "x.x.x.x. x.x.x.x."},),
        "fill": ({"kick": "X...x... ........", "snare": "....X... x.xxXxXX"}, {"kick": "X.......", "snare": "xxx.xxx.xxx.XXXX"}),
        "end": ({"kick": "X...............", "snare": "X..............."},),
    },
    form=(
        Section(2, "A", "arp bass", "light"),
        Section(4, "A", "arp bass melody", "full", fill=True),
        Section(4, "B", "arp bass melody second", "full", fill=True),
        Section(4, "A", "arp bass melody second", "full", fill=True),
        Section(1, "I", "arp bass melody second", "end"),
    ),
    room=Room(reverb_s=0.6, brightness=0.8, echo_beats=0.75, drive=0.5, tilt_db=1.0, low_cut_hz=70),
    looseness_s=0.0,
    tail_s=1.2,
)
