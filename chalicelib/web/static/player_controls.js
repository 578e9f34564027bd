// The player's buttons and sliders, and the buttons of songs on the page, wherever they stand: who presses what.

import { showSeek } from "./player_view.js";
import { readTrack } from "./tracks.js";

const ECHO_MS = 400; // a double click means one click: its second would stop what the first began
const STEPS_S = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30 };

export function connectControls({ acts, seekTo, seekBy, setVolume, playTracks, resume, isCurrent }) {
  function startFrom(button) {
    const song = button.closest("[data-track-id]");
    if (isCurrent(song.dataset.trackId)) return acts.toggle();
    const list = song.closest("[data-queue]") ?? document.querySelector("main [data-queue]");
    const others = list ? [...list.querySelectorAll("[data-track-id]")] : [];
    const place = others.findIndex((other) => other.dataset.trackId === song.dataset.trackId);
    return place < 0 ? playTracks([song, ...others]) : playTracks(others, { place: others.includes(song) ? others.indexOf(song) : place });
  }

  let last = { what: null, at: 0 };

  function isEcho(event, button) {
    const what = button.dataset.act ?? button.closest("[data-track-id]")?.dataset.trackId;
    const isSame = what === last.what && event.timeStamp - last.at < ECHO_MS;
    last = { what, at: event.timeStamp };
    return isSame && event.detail > 1 && (!button.dataset.act || button.dataset.act === "toggle");
  }

  function press(event) {
    const button = event.target.closest("[data-act], [data-play], [data-continue-play]");
    if (!button || button.getAttribute("aria-disabled") === "true" || isEcho(event, button)) return;
    if (button.dataset.act) acts[button.dataset.act]();
    else if ("continuePlay" in button.dataset) resumeFrom(button.closest("[data-track-id]"));
    else startFrom(button);
  }

  const resumeFrom = (card) => resume({ ...readTrack(card), position: Number(card.dataset.position) });

  for (const seek of document.querySelectorAll('[data-player="seek"]')) {
    seek.addEventListener("input", () => {
      seek.dataset.isHeld = "1";
      showSeek(seek);
    });
    seek.addEventListener("change", () => {
      delete seek.dataset.isHeld;
      seekTo(Number(seek.value));
    });
    seek.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS_S)) return;
      event.preventDefault();
      seekBy(STEPS_S[event.key]);
    });
  }
  for (const slider of document.querySelectorAll('[data-player="volume"]')) {
    slider.addEventListener("input", () => setVolume(Number(slider.value)));
  }
  document.addEventListener("click", press);
}
