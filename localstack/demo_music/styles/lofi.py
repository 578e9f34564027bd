"""Lo-fi hip hop: jazz chords on a worn electric piano, lazy swung drums, a dusty tape."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Lo-Fi Hip Hop",
    tempo=(74, 86),
    scale="major",
    home="Imaj9",
    progressions_a=(
        "IIm9 V13 Imaj9 VIm9",
        "Imaj9 IIIm7 VIm9 IVmaj9",
        "IVmaj9 IIIm7/VI7b9 IIm9 V9sus4",
        "VIm9 IIm9 V13 Imaj9",
        "IVmaj9 V13 IIIm7 VIm9",
        "Imaj9 VI7b9 IIm9 bIImaj7",
        "IIm9 IIIm7 IVmaj9 IIIm7/VIm9",
        "Imaj9 bVII9 IVmaj9 IVm6",
    ),
    progressions_b=("IVmaj9 IVm6", "IIm9 bVII9", "VIm9 V9sus4", "IVmaj9 IIIm7/VIm7", "bVImaj9 V9sus4"),
    lines={
        "chords": Line(
            "chords",
            ("rhodes", "felt_piano", "rhodes"),
            ("X------- x--x----", "X-----x- --x-----", "x---X--- ----x---", "X--------- x-----"),
            53,
            74,
            Mix(level_db=-17, wide=True, reverb=0.2, duck=0.35),
            strum=0.012,
        ),
        "bass": Line(
            "bass",
            ("upright_bass", "round_bass", "sub_bass"),
            ("r-----.r 5---a---", "r--.--r- ..5-r-a-", "r------- r---5-a-"),
            33,
            52,
            Mix(level_db=-15, reverb=0.0, duck=0.25),
        ),
        "melody": Line(
            "melody",
            ("soft_lead", "vibraphone", "felt_piano"),
            ("..x-x--- x-------", "x---..x- x-x-....", "....x-x- --x-----", "X-----x- ..x-x---", "................"),
            67,
            84,
            Mix(level_db=-16.5, pan=0.15, reverb=0.35, echo=0.3, duck=0.2),
        ),
    },
    kit={
        "kick": Drum("dusty_kick", Mix(gain_db=-5, reverb=0.02)),
        "snare": Drum("dusty_snare", Mix(gain_db=-7, reverb=0.12)),
        "hat": Drum("dark_hat", Mix(gain_db=-7, pan=0.25, reverb=0.03)),
        "rim": Drum("rim", Mix(gain_db=-7, pan=-0.3, reverb=0.2)),
    },
    grooves={
        "full": (
            {"kick": "X.....x. ..X.....", "snare": "....X... ....X..o", "hat": "x.o.x.o. x.o.x.oo"},
            {"kick": "X..x.... ..X...x.", "snare": "....X... ....X...", "hat": "x.x.x.x. x.xox.x.", "rim": "......x. ........"},
            {"kick": "X....... .xX.....", "snare": "....X..o ....X...", "hat": "x...x... x...x.o.", "rim": "..o..... o..o...."},
        ),
        "light": ({"hat": "x.o.x.o. x.o.x.o.", "rim": "....x... ....x..."},),
        "fill": (
            {"kick": "X.....x. ........", "snare": "....X... ..o.X.xo", "hat": "x.o.x.o. x......."},
            {"kick": "X..x.... x.......", "snare": "....X... ....xo.X", "hat": "x.x.x.x. ........"},
        ),
        "end": ({"kick": "X..............."},),
    },
    form=(
        Section(1, "B", "chords", "", energy=0.8),
        Section(4, "A", "chords bass melody", "full", fill=True),
        Section(2, "B", "chords bass melody", "full", fill=True, energy=0.9),
        Section(1, "I", "chords bass melody", "end", energy=0.8),
    ),
    room=Room(
        reverb_s=1.3, brightness=0.25, echo_beats=0.75, high_cut_hz=5000, tilt_db=-1.6, drive=1.3, wow=1.0, crackle_db=-22, low_cut_hz=35
    ),
    swing=0.6,
    swing_unit=0.25,
    looseness_s=0.009,
    tail_s=1.5,
)
