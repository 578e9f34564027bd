"""Chamber waltz: a string section over plucked basses, a violin or clarinet sings, a timpani and a triangle keep time."""

from __future__ import annotations

from localstack.demo_music.recipe import Drum, Line, Recipe, Section
from localstack.demo_music.score import Mix, Room

RECIPE = Recipe(
    genre="Chamber Waltz",
    tempo=(138, 156),
    beats=3,
    scale="minor",
    home="Im",
    progressions_a=(
        "Im IVm V7 Im bVI IVm V7 Im",
        "Im bVII bIII bVI IVm Im V7 Im",
        "Im V7 Im I7 IVm Im V7 Im",
        "Im bVI bIII bVII Im IVm V7 Im",
        "Im IIm7b5 V7 Im IVm bVII bIII V7",
        "Im Vm bVI bIII IVm Im IIm7b5 V7",
    ),
    progressions_b=(
        "bIII bVII IVm Im bVI bIII IIm7b5 V7",
        "IVm bVII bIII bVI IIm7b5 V7 Im V7",
        "bVI bVII Im Im bVI bVII V7 V7",
        "bIII bVI bVII bIII IVm Im V7 V7",
    ),
    lines={
        "chords": Line(
            "chords",
            ("strings", "strings", "strings"),
            (".... x--. x--.", "X--- ---- ----", ".... x--- ----"),
            55,
            76,
            Mix(level_db=-18, wide=True, reverb=0.35),
            voices=3,
        ),
        "pluck": Line(
            "arp",
            ("pizzicato", "harp", "pizzicato"),
            ("0.2.1.", "0.1.2.", "012321"),
            60,
            79,
            Mix(level_db=-20, pan=0.35, reverb=0.4),
            voices=3,
        ),
        "bass": Line(
            "bass", ("celli", "celli", "celli"), ("r--.....", "r-----", "r---5-"), 36, 50, Mix(level_db=-17, pan=0.15, reverb=0.25)
        ),
        "melody": Line(
            "melody",
            ("solo_violin", "clarinet", "flute"),
            ("X--- ---- x---", "X-------x-x-", "x---x---x---", "X---------x-", "X-----------", "x-x-x-X-----"),
            67,
            86,
            Mix(level_db=-15, pan=-0.2, reverb=0.4),
        ),
    },
    kit={
        "timpani": Drum("timpani", Mix(gain_db=-13, pan=0.1, reverb=0.4)),
        "triangle": Drum("triangle", Mix(gain_db=-16, pan=-0.4, reverb=0.4)),
        "brush": Drum("brush", Mix(gain_db=-17, pan=0.3, reverb=0.2)),
    },
    grooves={
        "full": (
            {"timpani": "x.....", "triangle": "..o.o."},
            {"timpani": "o.....", "brush": "..x.x."},
            {"timpani": "x....o", "triangle": "o....."},
        ),
        "light": ({"triangle": "o....."},),
        "fill": ({"timpani": "x..oxx"}, {"timpani": "x.x.x.", "triangle": "x....."}),
        "end": ({"timpani": "X.....", "triangle": "x....."},),
    },
    form=(
        Section(2, "A", "chords pluck bass", "light", energy=0.8),
        Section(8, "A", "chords bass melody", "full", fill=True, energy=0.9),
        Section(8, "B", "chords bass melody pluck", "full", fill=True),
        Section(1, "I", "chords bass melody pluck", "end"),
    ),
    room=Room(reverb_s=2.3, brightness=0.5, drive=0.6, tilt_db=-0.2, low_cut_hz=40),
    looseness_s=0.012,
    tail_s=2.0,
)
