// Sound. Two audio elements: one plays, the other has the next song ready, so that nobody hears the change. A stream that breaks or
// whose link has expired is opened again where it was, by a fresh link, a bounded number of times.

const RETRY_MS = [150, 1000, 3000, 8000];
const STALL_S = 8;
const STEADY_S = 5; // heard since the last break: the next one has all attempts again
const PRELOAD_BEFORE_END_S = 45;
const PRELOADED_FOR_MS = 10 * 60 * 1000; // its link must not have expired

export function createPlayback([first, second], on) {
  let active = first;
  let idle = second;
  let track = null;
  let isWanted = false; // the listener wants sound
  let position = 0; // where to go on after a break
  let attempts = 0;
  let steadyS = 0;
  let stalledS = 0;
  let seenAt = 0; // data may be there and the sound stand still all the same: after another output, a sleep
  let timer = 0;
  let isOpen = false; // a song that is only shown (restored after a reload) costs no request
  let isMending = false;
  let preloaded = { trackId: null, at: 0 };

  const isKnown = () => isOpen && Number.isFinite(active.duration) && active.duration > 0;
  const length = () => (isKnown() ? active.duration : (track?.duration ?? 0));

  function open(element, from, at) {
    element.preload = "auto";
    element.src = at > 0 ? `${from.audio}#t=${at.toFixed(2)}` : from.audio;
    element.load();
  }

  function empty(element) {
    element.pause();
    element.removeAttribute("src");
    element.load();
  }

  // Safari lets an element sound without a click only if it was loaded in one: the second one begins when nobody clicks.
  function unlockOther() {
    if (!idle.hasAttribute("src")) idle.load();
  }

  async function start() {
    try {
      await active.play();
    } catch (refusal) {
      if (refusal.name !== "NotAllowedError") return; // replaced by another song, or broken: `error` tells
      isWanted = false;
      on.state();
    }
  }

  function load(next, { at = 0, isPlaying = true } = {}) {
    clearTimeout(timer);
    const isAgain = isOpen && track?.trackId === next.trackId && !active.error;
    const isReady = preloaded.trackId === next.trackId && Date.now() - preloaded.at < PRELOADED_FOR_MS && !idle.error && at === 0;
    [track, position, attempts, steadyS, stalledS, isWanted] = [next, at, 0, 0, 0, isPlaying];
    [isOpen, isMending] = [isPlaying, false];
    if (isAgain) active.currentTime = at;
    else active.pause();
    if (!isAgain && isReady) [active, idle] = [idle, active];
    else if (!isAgain && isPlaying) open(active, next, at);
    if (isPlaying) unlockOther();
    if (isReady) preloaded = { trackId: null, at: 0 };
    if (isPlaying) start();
    on.state();
  }

  // Once this song is all there, or nearly over.
  function preload(next) {
    if (!next || !track || preloaded.trackId === next.trackId || next.trackId === track.trackId) return;
    const { buffered } = active;
    const isAllThere = buffered.length > 0 && buffered.end(buffered.length - 1) >= length() - 1;
    if (!isAllThere && length() - active.currentTime > PRELOAD_BEFORE_END_S) return;
    preloaded = { trackId: next.trackId, at: Date.now() };
    open(idle, next, 0);
  }

  function unload() {
    clearTimeout(timer);
    [track, isWanted, isOpen, isMending] = [null, false, false, false];
    preloaded = { trackId: null, at: 0 };
    empty(active);
    empty(idle);
    on.state();
  }

  function mend() {
    if (!track) return;
    [stalledS, isMending] = [0, true];
    clearTimeout(timer);
    if (attempts >= RETRY_MS.length) return giveUp("broken");
    timer = setTimeout(reopen, RETRY_MS[attempts]);
    attempts += 1;
    if (attempts > 1) on.trouble("The music stopped. Trying again…");
  }

  function giveUp(why) {
    [isWanted, isMending] = [false, false];
    on.failed(why);
    on.state();
  }

  async function reopen() {
    const broken = track;
    const answer = await askForAudio(broken);
    if (track !== broken) return;
    if (answer === "away" && !navigator.onLine) {
      on.trouble("You are offline. The music goes on when the network is back.");
      window.addEventListener("online", () => track === broken && reopen(), { once: true });
    } else if (answer === "away") mend();
    else if (answer !== "there") giveUp(answer);
    else {
      [isOpen, isMending] = [true, false];
      open(active, broken, position);
      if (isWanted) start();
    }
  }

  function seek(to) {
    noteTime();
    position = Math.max(0, Math.min(to, Math.max(0, length() - 0.05)));
    if (isOpen) active.currentTime = position;
    on.time();
  }

  // What was heard is what passed while playing, not what was jumped over.
  function noteTime() {
    const at = active.currentTime;
    const passed = at - position;
    if (!isOpen || isMending || active.seeking || active.error || active.readyState === 0) return;
    if (passed > 0 && passed < 2.5 * active.playbackRate) {
      on.heard(position, at);
      steadyS += passed;
      stalledS = 0;
      if (steadyS > STEADY_S) [attempts, steadyS] = [0, 0];
    }
    position = at;
  }

  function watch(name, act) {
    for (const element of [first, second]) element.addEventListener(name, () => element === active && track && act());
  }

  watch("playing", () => {
    stalledS = 0;
    on.trouble("");
    on.playing();
  });
  watch("timeupdate", () => {
    noteTime();
    on.time();
  });
  watch("ended", () => {
    noteTime();
    on.ended();
  });
  watch("error", () => {
    steadyS = 0;
    if (isWanted) mend();
    else on.state();
  });
  watch("play", () => on.state());
  watch("pause", () => on.state());
  watch("waiting", () => on.state());
  watch("durationchange", () => on.time());
  setInterval(() => {
    const hasMoved = active.currentTime !== seenAt;
    seenAt = active.currentTime;
    if (hasMoved) stalledS = 0;
    const isHeld = active.paused && active.readyState >= 3; // by the browser: a call has come in
    if (hasMoved || !track || !isWanted || isMending || active.ended || isHeld) return;
    stalledS += 1;
    if (stalledS >= STALL_S) mend();
  }, 1000);

  return {
    load,
    preload,
    unload,
    seek,
    play() {
      if (!track) return;
      isWanted = true;
      if (isMending || active.error) {
        attempts = 0;
        mend();
        return;
      }
      if (!isOpen) open(active, track, position);
      isOpen = true;
      start();
    },
    pause() {
      isWanted = false;
      clearTimeout(timer);
      noteTime();
      active.pause();
      on.state();
    },
    setVolume(level, isMuted) {
      for (const element of [first, second]) [element.volume, element.muted] = [level, isMuted];
    },
    dropPreloaded() {
      if (preloaded.trackId) empty(idle);
      preloaded = { trackId: null, at: 0 };
    },
    get isPlaying() {
      return Boolean(track) && isWanted && !active.ended;
    },
    get position() {
      return isOpen && !isMending && active.readyState > 0 && !active.error ? active.currentTime : position;
    },
    get duration() {
      return length();
    },
    get preloadedId() {
      return preloaded.trackId;
    },
  };
}

// Only whether there is audio: where the link leads is the audio element's to follow.
async function askForAudio(track) {
  try {
    const response = await fetch(track.audio, { redirect: "manual" });
    if (response.type === "opaqueredirect" || response.ok) return "there";
    if (response.status === 401) return "logged_out";
    return response.status === 404 ? "gone" : "away";
  } catch {
    return "away";
  }
}
