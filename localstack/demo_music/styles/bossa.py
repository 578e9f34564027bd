"""Bossa nova: a nylon guitar that plays bass and syncopated chords, a flute or vibraphone above, rim and shaker."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Bossa Nova",
    tempo=(132, 146),
    scale="major",
    home="I69",
    progressions_a=(
        "Imaj9 Imaj9 II9 II9 IIm9 V13 Imaj9 V7b9",
        "Imaj7 VI7b9 IIm9 V13 IIIm7 VI7b9 IIm9 V13",
        "IIm9 V13 Imaj9 IVmaj9 IIm7b5 V7b9 I69 I69",
        "Imaj9 bIIImaj7 IIm9 bIImaj7 Imaj9 bIIImaj7 IIm9 V13",
        "Im9 Im9 IVm9 IVm9 IIm7b5 V7b9 Im6 V7b9",
        "Imaj9 IVmaj9 IIIm7 VI7b9 IIm9 IVm6 Imaj9 V9sus4",
    ),
    progressions_b=("IVm9 bVII13 bIIImaj9 VI7b9", "IVmaj9 IVm6 IIIm7 VI7b9", "bVImaj9 bII9 Imaj9 V7b9", "IIm9 V13 IIIm7/VI7b9 IIm9/V13"),
    lines={
        "chords": Line(
            "chords",
            ("nylon",),
            ("x--x--x- --x--x--", "x-x--x-- x-x--x--", "--x--x-- x--x-x--"),
            55,
            74,
            Mix(level_db=-16, pan=-0.15, wide=True, reverb=0.16),
            strum=0.008,
        ),
        "bass": Line(
            "bass",
            ("upright_bass", "nylon", "upright_bass"),
            ("r-----.r 5-----.5", "r-----.5 r-----.a", "r------- 5-----.a"),
            33,
            48,
            Mix(level_db=-16, reverb=0.04),
        ),
        "melody": Line(
            "melody",
            ("flute", "vibraphone", "clarinet"),
            ("..x-x--x --x-----", "x---x-x- --x-x---", "X------- ..x-x-x-", "x--x--x- ------..", "....x-x- x--x----", "X------- ----...."),
            69,
            86,
            Mix(level_db=-16, pan=0.2, reverb=0.3),
        ),
    },
    kit={
        "kick": Drum("soft_kick", Mix(gain_db=-12, reverb=0.03)),
        "rim": Drum("rim", Mix(gain_db=-5, pan=0.3, reverb=0.15)),
        "shaker": Drum("shaker", Mix(gain_db=-9, pan=-0.4, reverb=0.08)),
        "brush": Drum("brush", Mix(gain_db=-15, pan=0.15, reverb=0.1)),
        "conga": Drum("conga", Mix(gain_db=-15, pan=0.5, reverb=0.15)),
    },
    grooves={
        "full": (
            {"kick": "x.....xx ......xx", "rim": "x..x..x. ..x..x..", "shaker": "xoxoxoxo xoxoxoxo"},
            {"kick": "x.....x. x.....x.", "rim": "..x..x.. x..x..x.", "shaker": "xoxxxoxx xoxxxoxx", "brush": "x.x.x.x. x.x.x.x."},
            {"kick": "x.....xx ......xx", "rim": "x..x...x ..x.x...", "shaker": "x.oxx.ox x.oxx.ox", "conga": "......x. ....x.xx"},
        ),
        "light": ({"shaker": "xoxoxoxo xoxoxoxo"},),
        "fill": ({"kick": "x.....xx ......xx", "rim": "x..x..x. x.x.xxxx", "shaker": "xoxoxoxo xoxoxoxo"},),
        "end": ({"kick": "x...............", "rim": "x..............."},),
    },
    form=(
        Section(2, "A", "chords bass", "light"),
        Section(6, "A", "chords bass melody", "full", fill=True),
        Section(4, "B", "chords bass melody", "full", fill=True),
        Section(1, "I", "chords bass melody", "end"),
    ),
    room=Room(reverb_s=1.1, brightness=0.5, drive=0.7, tilt_db=-0.8, low_cut_hz=45, high_cut_hz=9000),
    looseness_s=0.006,
    tail_s=2.0,
)
