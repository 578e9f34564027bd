// How loud, and whether at all: remembered by this browser.

import { recall, remember } from "./memory.js";
import { showVolume } from "./player_view.js";

const AUDIBLE = 0.5; // what unmuting gives where the volume was turned down to nothing

export function createVolume(playback) {
  let volume = { level: 1, isMuted: false, ...recall("volume") };

  function change(next) {
    volume = next;
    playback.setVolume(volume.level, volume.isMuted);
    showVolume(volume);
    remember("volume", volume);
  }

  change(volume);
  return {
    set: (level) => change({ level, isMuted: false }),
    turn: () => change(volume.isMuted || !volume.level ? { level: volume.level || AUDIBLE, isMuted: false } : { ...volume, isMuted: true }),
  };
}
