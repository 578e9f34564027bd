"""Demo music: sixty short pieces in eight styles, composed, synthesized and tagged from a seed by numpy, soundfile, mutagen."""
