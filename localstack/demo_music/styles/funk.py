"""Funk: sixteenths on clavinet and muted guitar, a slapping bass, horns, a tight kit that leans on the one."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Funk",
    tempo=(104, 116),
    scale="dorian",
    home="Im9",
    progressions_a=(
        "Im9 IV9 Im9 IV9",
        "Im9 Im9 IV9 bVII6",
        "Im7 bIIImaj7 IV9 Im7",
        "Im9 bVII9 IV9 Im9",
        "Im9 IIm7/bIIImaj7 IV9 IV9",
        "Im7 IV9/bVII9 Im7 IV13",
    ),
    progressions_b=("bVImaj9 bVII9 Im9 Im9", "IVm9 bVII9 bIIImaj9 V7b9", "bIIImaj9 IV9 bVImaj7 V7b9", "IV9 IV9 bVI9 V7b9"),
    lines={
        "chords": Line(
            "chords",
            ("clavinet", "rhodes", "organ"),
            ("x.xx..x. .x..x.x.", "..x-..x. x..x..x.", "x..x..x. ..x..x..", ".x.x..x- .x.x..x-"),
            57,
            76,
            Mix(level_db=-20, pan=-0.45, reverb=0.1, duck=0.1),
            voices=3,
        ),
        "guitar": Line(
            "chords",
            ("muted_guitar",),
            ("..x...x. ..xx..x.", "x.xx.xx. x.xx.xx.", ".xx..xx. .xx..xxx"),
            62,
            81,
            Mix(level_db=-22, pan=0.5, reverb=0.1),
            voices=3,
            strum=0.006,
        ),
        "bass": Line(
            "bass",
            ("slap_bass", "slap_bass", "round_bass"),
            ("r-..8.r. .r8..5a.", "r-.r..8. r..7.8.a", "r.8.r.8. r.8.5.7a", "r--.r8.. 7.8.5.a."),
            31,
            44,
            Mix(level_db=-15, reverb=0.02, duck=0.15),
        ),
        "melody": Line(
            "melody",
            ("brass", "clavinet", "brass"),
            ("x.x...X- --......", "..x.x-x. X---....", "X-x.x... ..x.x.x-", "........ x.xxX---", "X------- ........"),
            64,
            81,
            Mix(level_db=-17, pan=0.1, wide=True, reverb=0.2),
        ),
    },
    kit={
        "kick": Drum("tight_kick", Mix(gain_db=-5, reverb=0.02)),
        "snare": Drum("tight_snare", Mix(gain_db=-5, reverb=0.12)),
        "hat": Drum("hat", Mix(gain_db=-8, pan=0.3, reverb=0.02)),
        "open": Drum("open_hat", Mix(gain_db=-11, pan=0.3, reverb=0.04)),
        "conga": Drum("conga", Mix(gain_db=-13, pan=-0.5, reverb=0.12)),
        "clap": Drum("clap", Mix(gain_db=-10, pan=-0.2, reverb=0.15)),
        "tom": Drum("high_tom", Mix(gain_db=-11, pan=-0.2, reverb=0.1)),
        "crash": Drum("crash", Mix(gain_db=-15, pan=0.4, reverb=0.1)),
    },
    grooves={
        "full": (
            {"kick": "X..x..x. ..x.....", "snare": "....X..o .o..X..o", "hat": "xoxoxoxo xoxoxoxo", "conga": "...x..x. ...x..xx"},
            {
                "kick": "X...X... X...X...",
                "snare": "....X... ....X...",
                "hat": "x.ox..ox x.ox..ox",
                "open": "..x...x. ..x...x.",
                "clap": "....x... ....x...",
            },
            {
                "kick": "X.x...x. .xx...x.",
                "snare": "....X..o .o..X...",
                "hat": "x.x.x.x. x.x.x...",
                "open": "........ ......x.",
                "conga": "..x..x.. x..x.xx.",
            },
        ),
        "light": ({"kick": "X....... X.......", "hat": "xoxoxoxo xoxoxoxo", "conga": "...x..x. ...x..xx"},),
        "fill": (
            {"kick": "X..x..x. ........", "snare": "....X..o X.oXX.XX", "hat": "xoxoxoxo ........"},
            {"kick": "X...X... ........", "snare": "....X... x.xx....", "tom": "........ ....x.xX", "hat": "x.x.x.x. ........"},
        ),
        "opening": ({"crash": "x..............."},),
        "end": ({"kick": "X...............", "snare": "X..............."},),
    },
    form=(
        Section(1, "A", "guitar bass", "light"),
        Section(4, "A", "chords guitar bass melody", "full", fill=True),
        Section(4, "B", "chords guitar bass melody", "full", fill=True),
        Section(1, "A", "chords guitar bass melody", "full", fill=True),
        Section(1, "I", "chords guitar bass melody", "end"),
    ),
    room=Room(reverb_s=0.9, brightness=0.6, drive=1.2, tilt_db=0.4, low_cut_hz=38),
    swing=0.535,
    swing_unit=0.25,
    looseness_s=0.003,
    tail_s=1.5,
)
