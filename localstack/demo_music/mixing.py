"""Score to stereo: plays every note (equal notes once), places the parts, ducks, sends to echo and reverb, adds the dirt of the room."""

from __future__ import annotations

import numpy as np

from localstack.demo_music import effects
from localstack.demo_music.drums import DRUM_NAMES, strike_drum
from localstack.demo_music.instruments import INSTRUMENTS
from localstack.demo_music.score import SAMPLE_RATE, Mix, Note, Part, Samples, Score

_LEVELS = 4  # degrees of loudness at which the timbre differs; the volume follows each note exactly
_TAKES = 2


def mix_score(score: Score, rng: np.random.Generator) -> Samples:
    """The whole piece as (2, n), not mastered."""
    n = round(score.duration_s * SAMPLE_RATE)
    music = np.zeros((2, n), dtype=np.float32)
    beat = np.zeros((2, n), dtype=np.float32)
    room_send = np.zeros(n, dtype=np.float32)
    echo_send = np.zeros(n, dtype=np.float32)
    ducked = effects.follow_kicks(_find_kicks(score), n)
    for part in score.parts:
        played = _render_part(part, score, n)
        if part.mix.duck:
            played *= 1.0 - part.mix.duck * ducked
        bus = beat if part.instrument in DRUM_NAMES else music
        bus += played
        _send(played, part.mix, room_send, echo_send)
    room = score.room
    repeats = effects.echo(echo_send, room.echo_beats * 60 / score.tempo)
    room_send += 0.3 * repeats.sum(axis=0)
    music += repeats + effects.convolve(room_send[None, :], effects.design_reverb(room.reverb_s, room.brightness))
    if score.opening_bars:
        music = effects.open_filter(music, score.opening_bars * score.beats_per_bar * 60 / score.tempo)
    return _finish(music + beat, score, rng)


def _finish(mix: Samples, score: Score, rng: np.random.Generator) -> Samples:
    """Saturation, tape, tone, and what the room adds by itself."""
    room = score.room
    mix *= 0.25 / max(1e-6, float(np.sqrt(np.mean(mix**2))))  # so that the drive bites equally in every piece
    mix = np.tanh(room.drive * mix) / np.float32(np.tanh(room.drive))
    if room.wow:
        mix = effects.waver(mix, room.wow)
    n = mix.shape[-1]
    if room.crackle_db > -90:
        mix = mix + effects.make_crackle(n, rng) * np.float32(10 ** (room.crackle_db / 20))
    if room.air_db > -90:
        mix = mix + effects.make_air(n) * np.float32(10 ** (room.air_db / 20))
    return effects.shape_tone(mix, room.low_cut_hz, room.high_cut_hz, room.tilt_db)


def _find_kicks(score: Score) -> list[float]:
    return [score.seconds_at(note.start) for part in score.parts if part.instrument.endswith("kick") for note in part.notes]


def _send(played: Samples, mix: Mix, room_send: Samples, echo_send: Samples) -> None:
    mono = played.mean(axis=0) if mix.reverb or mix.echo else None
    if mono is None:
        return
    room_send += mono * np.float32(mix.reverb)
    if mix.echo:
        echo_send += mono * np.float32(mix.echo)


def _render_part(part: Part, score: Score, n: int) -> Samples:
    """One part as (2, n): wide parts are played twice, once for each side."""
    if not part.mix.wide:
        mono = np.zeros(n, dtype=np.float32)
        _play_notes(part, score, mono, side=0)
        gain = _find_gain(mono[None, :], part.mix)
        angle = (part.mix.pan + 1) * np.pi / 4
        return np.stack([mono * np.float32(gain * 2**0.5 * np.cos(angle)), mono * np.float32(gain * 2**0.5 * np.sin(angle))])
    stereo = np.zeros((2, n), dtype=np.float32)
    for side in range(2):
        _play_notes(part, score, stereo[side], side=side)
    stereo *= np.float32(_find_gain(stereo, part.mix))
    return stereo


def _find_gain(played: Samples, mix: Mix) -> float:
    """What brings a part to its level. Blocks of an eighth of a second far below the mean are pauses and do not count."""
    if mix.level_db is None:
        return float(10 ** (mix.gain_db / 20))
    block = SAMPLE_RATE // 8
    blocks = played.shape[-1] // block
    energy = np.square(played[:, : blocks * block]).reshape(-1, blocks, block).mean(axis=(0, 2))
    sounding = energy[energy > 0.05 * energy.mean()]
    return float(10 ** (mix.level_db / 20) / np.sqrt(sounding.mean())) if len(sounding) else 1.0


def _play_notes(part: Part, score: Score, track: Samples, *, side: int) -> None:
    """Adds the notes to the track. Notes alike in pitch, length and touch are synthesized once in two takes that alternate."""
    takes: dict[tuple[int, int, int, int], Samples] = {}
    for i, note in enumerate(part.notes):
        start = int(score.seconds_at(note.start) * SAMPLE_RATE)
        sound = _sound_note(part.instrument, note, score.tempo, take=i % _TAKES + 5 * side, takes=takes)
        stop = min(len(track), start + len(sound))
        if stop > start:
            track[start:stop] += sound[: stop - start] * np.float32(note.velocity)


def _sound_note(instrument: str, note: Note, tempo: float, *, take: int, takes: dict[tuple[int, int, int, int], Samples]) -> Samples:
    level = max(1, min(_LEVELS, round(note.velocity * _LEVELS)))
    if instrument in DRUM_NAMES:
        return strike_drum(instrument, level, take % 5 + note.pitch % 2 * 2)
    length_ms = round(note.length * 60_000 / tempo / 10) * 10
    key = (note.pitch, length_ms, level, take)
    if key not in takes:
        frequency = 440.0 * 2 ** ((note.pitch - 69) / 12)
        takes[key] = INSTRUMENTS[instrument](frequency, length_ms / 1000, level / _LEVELS, take)
    return takes[key]
