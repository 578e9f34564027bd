// A passage of a song, heard while the pointer rests on its cover, while a finger is held on it, or by the preview button. One at a
// time, fading in and out. Resting is no wish while music plays, where data is to be spared, or where it was switched off: then the
// button is. A preview is no play: nothing is told to the server.

const PASSAGE_S = 30;
const REST_MS = 450;
const HOLD_MS = 450;
const FADE_IN_MS = 500;
const FADE_OUT_MS = 350;
const LEVEL = 0.85;
const DUCKED = 0.1; // of the music's volume
const SWITCH_KEY = "timbre:preview-on-hover";

const sound = new Audio();
sound.preload = "none";
let current = null; // { song, startS, isByButton }
let fading = 0;
let timer = 0;
let ducked = []; // the player's sounds, their volume before and now
let hasHeldLong = false;

const songOf = (element) => element?.closest?.("[data-track-id][data-preview-start]");
const isMusicOn = () => document.documentElement.classList.contains("is-playing-music");
const sparesData = () => matchMedia("(prefers-reduced-data: reduce)").matches || navigator.connection?.saveData === true;

function isSwitchedOn() {
  try {
    return localStorage.getItem(SWITCH_KEY) !== "off";
  } catch {
    return true; // private windows of some browsers
  }
}

function fadeTo(level, ms, then = () => {}) {
  cancelAnimationFrame(fading);
  const from = sound.volume;
  const begin = performance.now();
  const step = (now) => {
    const part = Math.min(1, Math.max(0, (now - begin) / ms));
    sound.volume = from + (level - from) * part;
    if (part < 1) fading = requestAnimationFrame(step);
    else then();
  };
  fading = requestAnimationFrame(step);
}

// The music that plays makes room, and takes it back; a volume that the listener set meanwhile stands.
function makeRoom() {
  if (ducked.length) return;
  ducked = Array.from(document.querySelectorAll("#player audio"), (audio) => ({ audio, volume: audio.volume, low: audio.volume * DUCKED }));
  for (const { audio, low } of ducked) audio.volume = low;
}

function giveRoomBack() {
  for (const { audio, volume, low } of ducked) if (Math.abs(audio.volume - low) < 0.001) audio.volume = volume;
  ducked = [];
}

async function begin(song, { isByButton }) {
  clearTimeout(timer);
  cancelAnimationFrame(fading);
  if (current) show(current.song, false);
  const startS = Number(song.dataset.previewStart);
  current = { song, startS, isByButton };
  show(song, true);
  sound.src = `${song.dataset.audio}#t=${startS},${startS + PASSAGE_S}`;
  sound.volume = 0;
  makeRoom();
  try {
    await sound.play();
  } catch {
    if (current?.song === song && sound.paused) end({ isAtOnce: true }); // the browser wants a click first, or there is no audio
  }
}

function end({ isAtOnce = false } = {}) {
  clearTimeout(timer);
  if (!current) return;
  show(current.song, false);
  current = null;
  const stop = () => {
    sound.pause();
    giveRoomBack();
  };
  if (isAtOnce || sound.paused) {
    cancelAnimationFrame(fading);
    stop();
  } else fadeTo(0, FADE_OUT_MS, stop);
}

function show(song, isOn) {
  song.classList.toggle("is-previewing", isOn);
  song.style.setProperty("--heard", "0");
  const button = song.querySelector("[data-preview]");
  button?.setAttribute("aria-pressed", String(isOn));
}

sound.addEventListener("loadedmetadata", () => {
  if (current && Math.abs(sound.currentTime - current.startS) > 1) sound.currentTime = Math.min(current.startS, Math.max(0, sound.duration - 1));
});
sound.addEventListener("playing", () => current && fadeTo(LEVEL, FADE_IN_MS));
sound.addEventListener("timeupdate", () => {
  if (!current) return;
  const heardS = sound.currentTime - current.startS;
  const lengthS = Math.min(PASSAGE_S, (sound.duration || Infinity) - current.startS); // songs may be shorter
  current.song.style.setProperty("--heard", String(Math.min(1, Math.max(0, heardS / lengthS))));
  if (heardS >= lengthS - FADE_OUT_MS / 1000) end();
});
for (const name of ["ended", "error"]) sound.addEventListener(name, () => current && end({ isAtOnce: true }));
sound.addEventListener("pause", () => current && !sound.seeking && sound.currentTime > current.startS && end({ isAtOnce: true }));

document.addEventListener("pointerover", (event) => {
  const area = event.target.closest?.("[data-preview-area]");
  if (event.pointerType !== "mouse" || !area || area.contains(event.relatedTarget)) return;
  const song = songOf(area);
  if (!song || current?.song === song || isMusicOn() || sparesData() || !isSwitchedOn()) return;
  clearTimeout(timer);
  timer = setTimeout(() => area.matches(":hover") && !isMusicOn() && begin(song, { isByButton: false }), REST_MS);
});
document.addEventListener("pointerout", (event) => {
  const area = event.target.closest?.("[data-preview-area]");
  if (event.pointerType !== "mouse" || !area || area.contains(event.relatedTarget)) return;
  clearTimeout(timer);
  if (current && !current.isByButton && current.song === songOf(area)) end();
});

document.addEventListener("pointerdown", (event) => {
  const song = songOf(event.target.closest?.("[data-preview-area]"));
  hasHeldLong = false;
  if (event.pointerType === "mouse" || !song || event.target.closest("[data-preview]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    hasHeldLong = true;
    begin(song, { isByButton: false });
  }, HOLD_MS);
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, (event) => {
    if (event.pointerType === "mouse") return;
    clearTimeout(timer);
    if (current && !current.isByButton) end();
  });
}
document.addEventListener("contextmenu", (event) => {
  if (hasHeldLong || (current && !current.isByButton && event.pointerType === "touch")) event.preventDefault();
});

// Before the player hears of it: a finger that was held is no click, and who presses play wants the song.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest("[data-preview]");
    if (button) {
      const song = songOf(button);
      if (current?.song === song && current.isByButton) end();
      else begin(song, { isByButton: true });
    } else if (hasHeldLong && event.target.closest("[data-preview-area]")) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.target.closest("[data-play], [data-play-all], [data-continue-play]")) end({ isAtOnce: true });
    hasHeldLong = false;
  },
  { capture: true },
);

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-preview-switch]");
  if (!toggle) return;
  const isOn = !isSwitchedOn();
  try {
    localStorage.setItem(SWITCH_KEY, isOn ? "on" : "off");
  } catch {
    return;
  }
  showSwitch();
});

function showSwitch() {
  for (const toggle of document.querySelectorAll("[data-preview-switch]")) {
    toggle.hidden = !matchMedia("(hover: hover)").matches;
    toggle.setAttribute("aria-pressed", String(isSwitchedOn() && !sparesData()));
  }
}

// Safari: what was loaded in a click may sound without one.
document.addEventListener("click", () => sound.hasAttribute("src") || sound.load(), { capture: true, once: true });
document.addEventListener("keydown", (event) => event.key === "Escape" && current && end());
document.addEventListener("timbre:page", () => {
  if (current && !current.song.isConnected) end();
  showSwitch();
});
document.addEventListener("visibilitychange", () => document.hidden && end({ isAtOnce: true }));
showSwitch();
