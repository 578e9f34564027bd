"""The eight styles by key. Each module is one recipe: harmony, lines, grooves, form and room, and nothing that computes."""

from __future__ import annotations

from localstack.demo_music.recipe import Recipe
from localstack.demo_music.styles import ambient, bossa, chamber, chiptune, drum_and_bass, funk, lofi, techno

STYLES: dict[str, Recipe] = {
    "lofi": lofi.RECIPE,
    "ambient": ambient.RECIPE,
    "techno": techno.RECIPE,
    "chamber": chamber.RECIPE,
    "funk": funk.RECIPE,
    "chiptune": chiptune.RECIPE,
    "bossa": bossa.RECIPE,
    "drum_and_bass": drum_and_bass.RECIPE,
}
