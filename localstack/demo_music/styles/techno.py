"""Techno: four on the floor, a sequenced bass line, dub chords in the echo, and everything ducks when the kick comes."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Techno",
    tempo=(127, 135),
    scale="minor",
    home="Im9",
    progressions_a=(
        "Im9 Im9 Im9 bVImaj7",
        "Im7 Im7 bIIImaj7 IVm7",
        "Im9 Im9 IVm9 Im9",
        "Im11 Im11 bVII6 Im11",
        "Im9 bVImaj9 Im9 bVII6",
        "Im7 Im7 Im7 Vm7",
    ),
    progressions_b=("bVImaj9 bVII6", "IVm9 Im9", "bVImaj7 Im9", "IVm7 Vm7"),
    lines={
        "chords": Line(
            "chords",
            ("techno_stab",),
            ("..x-..x- ...x-...", "...x-... ..x-....", "x--x--x- ........", "......x- ...x--x-"),
            55,
            76,
            Mix(level_db=-19, wide=True, reverb=0.2, echo=0.45, duck=0.5),
        ),
        "bass": Line(
            "bass",
            ("acid_bass", "round_bass", "acid_bass"),
            ("..r-..r- .r8-..r5", ".rr8.rr. .r8r.r5r", "..r...r. ..r..8r-", "r.r8..r5 .r.8r.7."),
            33,
            46,
            Mix(level_db=-15.5, reverb=0.03, duck=0.6),
        ),
        "pad": Line(
            "chords", ("warm_pad", "choir_pad"), ("X---------------",), 52, 74, Mix(level_db=-22, wide=True, reverb=0.3, duck=0.85)
        ),
        "melody": Line(
            "melody",
            ("saw_lead", "blip", "soft_lead"),
            ("x..x..x. ..x.....", "..x..x.. x..x....", "x.....x. ....x.x.", "x..x.... x..x..x."),
            69,
            84,
            Mix(level_db=-19, pan=-0.25, reverb=0.2, echo=0.55, duck=0.5),
        ),
    },
    kit={
        "kick": Drum("club_kick", Mix(gain_db=-6, reverb=0.0)),
        "clap": Drum("clap", Mix(gain_db=-6, reverb=0.15)),
        "hat": Drum("hat", Mix(gain_db=-8, pan=0.2, reverb=0.02)),
        "open": Drum("open_hat", Mix(gain_db=-11, pan=-0.1, reverb=0.04)),
        "ride": Drum("ride", Mix(gain_db=-15, pan=0.35, reverb=0.05)),
        "tom": Drum("low_tom", Mix(gain_db=-12, pan=-0.4, reverb=0.2)),
        "rise": Drum("riser", Mix(gain_db=-12, reverb=0.3)),
        "crash": Drum("crash", Mix(gain_db=-15, pan=0.3, reverb=0.2)),
    },
    grooves={
        "full": (
            {"kick": "X...X...X...X...", "clap": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo", "open": "..x...x...x...x."},
            {
                "kick": "X...X...X...X...",
                "clap": "....X.......X..o",
                "hat": "x.oxx.oxx.oxx.ox",
                "open": "..x...x...x...x.",
                "tom": "...o..o......o..",
            },
            {
                "kick": "X...X...X...X.o.",
                "ride": "x.x.x.x.x.x.x.x.",
                "open": "..x...x...x...x.",
                "clap": "....x..o....x...",
                "tom": "......x..x......",
            },
        ),
        "light": ({"kick": "X...X...X...X...", "hat": "..o...o...o...o."},),
        "break": ({"hat": "x.o.x.o.x.o.x.o.", "rise": "x..............."},),
        "fill": (
            {"kick": "X...X...X.......", "clap": "....X.......X.XX", "open": "..x...x...x.....", "tom": "........x..x..x."},
            {"kick": "X...X...........", "clap": "....X...x.x.xxxx", "hat": "xoxoxoxo........"},
        ),
        "opening": ({"crash": "x..............."},),
        "end": ({"kick": "X...............", "clap": "X..............."},),
    },
    form=(
        Section(2, "A", "chords bass", "light"),
        Section(4, "A", "chords bass melody", "full", fill=True),
        Section(2, "B", "chords pad melody", "break", energy=0.8),
        Section(4, "A", "chords bass pad melody", "full", fill=True),
        Section(1, "I", "chords bass", "end"),
    ),
    room=Room(reverb_s=1.8, brightness=0.45, echo_beats=0.75, drive=1.3, tilt_db=-0.9, high_cut_hz=9500, low_cut_hz=30),
    opening_bars=2,
    looseness_s=0.0008,
    tail_s=1.8,
)
