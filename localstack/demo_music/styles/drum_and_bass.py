"""Drum and bass: a fast broken beat, a reese below, slow chords above, so that it races and floats at once."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Drum and Bass",
    tempo=(170, 176),
    scale="minor",
    home="Im9",
    progressions_a=(
        "Im9 Im9 bVImaj9 bVImaj9 bIIImaj7 bIIImaj7 bVII6 bVII6",
        "Im9 Im9 IVm9 IVm9 bVImaj7 bVImaj7 Vm7 Vm7",
        "bVImaj9 bVImaj9 bVII6 bVII6 Im9 Im9 Im9 Vm7",
        "Im11 Im11 bVII6 bVII6 IVm9 IVm9 bVImaj7 bVII6",
        "IVm9 IVm9 Im9 Im9 bVImaj9 bVImaj9 bVII6 Vm7",
    ),
    progressions_b=("bVImaj9 bVII6 Im9 bIIImaj7", "IVm9 Vm7 bVImaj9 bVII6", "bIIImaj9 bVII6 IVm9 bVImaj9"),
    lines={
        "pad": Line(
            "chords",
            ("warm_pad", "choir_pad", "warm_pad"),
            ("X---------------",),
            55,
            77,
            Mix(level_db=-20, wide=True, reverb=0.35, duck=0.45),
        ),
        "chords": Line(
            "chords",
            ("rave_stab", "rhodes", "rave_stab"),
            ("x--x--.. ........", "......x- .x--....", "x--..... ..x--..."),
            60,
            79,
            Mix(level_db=-20, wide=True, reverb=0.3, echo=0.4, duck=0.3),
        ),
        "bass": Line(
            "bass",
            ("reese_bass", "sub_bass", "reese_bass"),
            ("r------- ..r---5-", "r-----r- --8-r---", "r---..r- .r--7-5-"),
            29,
            42,
            Mix(level_db=-15, reverb=0.02, duck=0.4),
        ),
        "melody": Line(
            "melody",
            ("saw_lead", "flute", "vibraphone"),
            ("x-----x- --------", "x---x--- x-------", "..x-x--- x---x---", "X------- ----....", "x--x--x- ........"),
            69,
            86,
            Mix(level_db=-18, pan=0.15, reverb=0.4, echo=0.4, duck=0.2),
        ),
    },
    kit={
        "kick": Drum("tight_kick", Mix(gain_db=-5, reverb=0.0)),
        "snare": Drum("break_snare", Mix(gain_db=-3, reverb=0.1)),
        "ghost": Drum("tight_snare", Mix(gain_db=-10, pan=0.15, reverb=0.08)),
        "hat": Drum("hat", Mix(gain_db=-7, pan=0.25, reverb=0.02)),
        "ride": Drum("ride", Mix(gain_db=-17, pan=-0.3, reverb=0.05)),
        "open": Drum("open_hat", Mix(gain_db=-12, pan=0.3, reverb=0.04)),
        "crash": Drum("crash", Mix(gain_db=-14, pan=-0.3, reverb=0.15)),
        "rise": Drum("riser", Mix(gain_db=-13, reverb=0.3)),
    },
    grooves={
        "full": (
            {
                "kick": "X.........X.....",
                "snare": "....X.......X...",
                "ghost": ".......x.x.....x",
                "hat": "x.x.x.x.x.x.x.x.",
                "ride": "x.x.x.x.x.x.x.x.",
            },
            {
                "kick": "X.X.......X.....",
                "snare": "....X.......X...",
                "ghost": "......oo.x....oo",
                "hat": "xoxoxoxoxoxoxoxo",
                "open": "..............x.",
            },
            {
                "kick": "X.....x...X.....",
                "snare": "....X.......X...",
                "ghost": "..o....x.o.....x",
                "hat": "x.xxx.x.x.xxx.x.",
                "ride": "x...x...x...x...",
            },
        ),
        "light": ({"hat": "x.o.x.o.x.o.x.o.", "ghost": "............o..o"},),
        "fill": (
            {"kick": "X.........X.....", "snare": "....X..X.X..X.XX", "ghost": "..o.......o..o..", "hat": "x.x.x.x.x......."},
            {"kick": "X.X.............", "snare": "....X...X.X.XXXX", "hat": "xoxoxoxo........", "rise": "x..............."},
        ),
        "opening": ({"crash": "x..............."},),
        "end": ({"kick": "X...............", "snare": "X...............", "crash": "x..............."},),
    },
    form=(
        Section(3, "A", "pad chords", "light", fill=True),
        Section(8, "A", "pad chords bass melody", "full", fill=True),
        Section(4, "B", "pad bass melody", "full", fill=True),
        Section(1, "I", "pad bass chords", "end"),
    ),
    room=Room(reverb_s=1.9, brightness=0.6, echo_beats=1.5, drive=1.4, tilt_db=0.5, low_cut_hz=28),
    opening_bars=3,
    looseness_s=0.0015,
    tail_s=2.2,
)
