"""The instruments by name. Each is `play(frequency, duration_s, velocity, seed) -> mono samples`, its release included, peak about 1."""

from __future__ import annotations

from collections.abc import Callable

from localstack.demo_music.instruments import basses, keys, leads, pads, plucked
from localstack.demo_music.score import Samples

Instrument = Callable[[float, float, float, int], Samples]

INSTRUMENTS: dict[str, Instrument] = {
    "rhodes": keys.play_rhodes,
    "felt_piano": keys.play_felt_piano,
    "vibraphone": keys.play_vibraphone,
    "music_box": keys.play_music_box,
    "organ": keys.play_organ,
    "clavinet": plucked.play_clavinet,
    "nylon": plucked.play_nylon,
    "steel": plucked.play_steel,
    "muted_guitar": plucked.play_muted_guitar,
    "harp": plucked.play_harp,
    "pizzicato": plucked.play_pizzicato,
    "upright_bass": basses.play_upright,
    "round_bass": basses.play_round,
    "slap_bass": basses.play_slap,
    "acid_bass": basses.play_acid,
    "sub_bass": basses.play_sub,
    "reese_bass": basses.play_reese,
    "chip_bass": basses.play_chip,
    "celli": pads.play_celli,
    "strings": pads.play_strings,
    "warm_pad": pads.play_warm_pad,
    "glass_pad": pads.play_glass_pad,
    "choir_pad": pads.play_choir,
    "drone": pads.play_drone,
    "techno_stab": pads.play_techno_stab,
    "rave_stab": pads.play_rave_stab,
    "solo_violin": leads.play_violin,
    "clarinet": leads.play_clarinet,
    "flute": leads.play_flute,
    "soft_lead": leads.play_soft_lead,
    "saw_lead": leads.play_saw_lead,
    "brass": leads.play_brass,
    "pulse_lead": leads.play_pulse25,
    "thin_lead": leads.play_pulse12,
    "square_lead": leads.play_square,
    "blip": leads.play_blip,
}
