// The player: wires the queue (what comes next), the sound, what is told of it, what is remembered, and what is shown. Pages are
// exchanged around it by pages.js. Others use it by events on the document: `timbre:play` { tracks, place, at } and `timbre:enqueue`
// { tracks, isNext }; songs as elements, as the API's JSON, or as here.

import { fetchPlace, recallPlace, rememberPlace, rememberQueue, saveLater, saveNow } from "./continuing.js";
import { beginListening, keepListening, leavePage, leaveSong, noteHeard } from "./listening.js";
import { connectMediaSession, tellPosition, tellState, tellTrack } from "./media_session.js";
import { markResume, takeResume } from "./memory.js";
import { closeNowPlaying, isOpen, openNowPlaying, toggleQueue } from "./now_playing.js";
import { flush, whenLoggedOut } from "./outbox.js";
import { createPlayback } from "./playback.js";
import { connectControls } from "./player_controls.js";
import { claimSound, connectLifetime } from "./player_lifetime.js";
import { showOpinionOf, turnLike } from "./player_opinion.js";
import * as view from "./player_view.js";
import * as queues from "./queue.js";
import { makeQueueActs } from "./queue_acts.js";
import { connectQueue, showQueue } from "./queue_view.js";
import { isRadioOn, stopRadio, turnAway } from "./radio.js";
import { connectShortcuts, openShortcuts } from "./shortcuts.js";
import { connectSongMenu } from "./song_menu.js";
import { showToast } from "./toast.js";
import { readTrack } from "./tracks.js";
import { createVolume } from "./volume.js";

const FAILURES_MAX = 3; // songs in a row that cannot be played: then it is not the songs
const RESTART_S = 3; // later than this in a song, “previous” begins it again
let queue = queues.emptyQueue();
let isHolder = false; // this tab is the one that played last: it keeps queue and place
let failures = 0;
let rememberedAt = 0;

const track = () => queues.currentEntry(queue)?.track ?? null;
const where = () => ({ queue, position: playback.position });
const playback = createPlayback(document.querySelectorAll("#player audio"), {
  state: showState,
  time: showTime,
  heard: (from, to) => noteHeard(from, to, playback.duration),
  playing: onPlaying,
  ended: onEnded,
  failed: onFailed,
  trouble: (text) => view.say(text),
});
const volume = createVolume(playback);

function showState() {
  view.showState(playback.isPlaying);
  tellState(track(), playback.isPlaying);
}

function showTime() {
  view.showTime(playback.position, playback.duration);
  if (playback.isPlaying) playback.preload(queues.peekNext(queue)?.track);
  if (!playback.isPlaying || Date.now() - rememberedAt < 1000) return;
  keepPlace();
  saveLater(where);
}

function showOrder() {
  view.showModes({ isShuffled: queues.isShuffled(queue), repeat: queue.repeat, hasNext: queues.hasNext(queue) });
  if (isOpen()) showQueue(queue);
}

function keepPlace() {
  rememberedAt = Date.now();
  if (!isHolder || !track()) return;
  rememberPlace(queue, playback.position);
  keepListening();
}

function setQueue(next) {
  const wanted = queues.peekNext(next)?.track.trackId;
  queue = next;
  isHolder = true;
  if (wanted !== playback.preloadedId) playback.dropPreloaded();
  rememberQueue(queue);
  keepPlace();
  saveLater(where, { isSoon: true });
  showOrder();
  document.dispatchEvent(new CustomEvent("timbre:queue", { detail: { queue } }));
}

function showSong({ at = 0, isPlaying = true } = {}) {
  const song = track();
  playback.load(song, { at, isPlaying });
  view.showTrack(song);
  view.showTime(at, playback.duration);
  tellTrack(song);
  showOpinionOf(song.trackId);
}

function playFrom(next, options) {
  leaveSong();
  queue = next; // first the song, so that the place that is kept is its own
  showSong(options);
  setQueue(next);
}

// By “next” and “previous”, which do not say what comes; a change by itself is heard, and words would talk over it.
function turnTo(next) {
  playFrom(next);
  const { title, artist } = track();
  view.announce(artist ? `${title} by ${artist}` : title);
}

function onPlaying() {
  failures = 0;
  isHolder = true;
  beginListening(queues.currentEntry(queue), playback.position, playback.duration);
  tellPosition(playback.position, playback.duration);
  claimSound();
}

function onEnded() {
  leaveSong({ hasEnded: true });
  const next = queues.goNext(queue, { hasEnded: true });
  if (next) playFrom(next);
  else showSong({ isPlaying: false });
}

function onFailed(why) {
  if (why === "logged_out") return view.sayLoggedOut();
  failures += 1;
  leaveSong({ isUnplayable: true });
  const { title } = track();
  const next = failures < FAILURES_MAX ? queues.goNext(queue) : null;
  if (next) playFrom(next);
  return view.sayFailure(title, { isGone: why === "gone", hasNext: Boolean(next), isGeneral: failures >= FAILURES_MAX });
}

const acts = {
  toggle: () => (playback.isPlaying ? pause() : playback.play()),
  async next() {
    const asked = queue;
    const turned = isRadioOn() ? await turnAway(queue) : queue;
    const next = queue === asked && queues.goNext(turned); // or something else was wanted meanwhile
    if (next) turnTo(next);
  },
  previous() {
    const before = playback.position > RESTART_S ? null : queues.goBack(queue);
    if (before) turnTo(before);
    else seekTo(0);
  },
  ...makeQueueActs(() => queue, setQueue),
  mute: volume.turn,
  open: () => (isOpen() ? closeNowPlaying() : openNowPlaying()),
  queue: toggleQueue,
  close: closeNowPlaying,
  shortcuts: openShortcuts,
};

function pause() {
  playback.pause();
  keepPlace();
  if (track()) saveNow(where());
}

function seekTo(seconds) {
  playback.seek(seconds);
  tellPosition(playback.position, playback.duration);
  keepPlace();
}

const seekBy = (seconds) => track() && seekTo(playback.position + seconds);

function playTracks(sources, { place = 0, at = 0, isInOrder = false } = {}) {
  const wasShuffled = queues.isShuffled(queue) && !isInOrder;
  stopRadio();
  const next = queues.makeQueue(sources.map(readTrack), place, queue.repeat);
  playFrom(wasShuffled ? queues.shuffle(next) : next, { at });
}

function addTracks(sources, { isNext = false, isQuiet = false } = {}) {
  const tracks = sources.map(readTrack);
  if (!track()) return playTracks(tracks);
  const { nextKey } = queue;
  setQueue(isNext ? queues.insertNext(queue, tracks) : queues.append(queue, tracks));
  if (isQuiet) return undefined;
  const what = tracks.length === 1 ? `“${tracks[0].title}”` : `${tracks.length} songs`;
  const undo = () => setQueue(tracks.reduce((left, _, index) => queues.removeEntry(left, nextKey + index), queue));
  return showToast(isNext ? `${what} plays next.` : `${what} added to the queue.`, { undo });
}

async function resume(card) {
  if (track()?.trackId === card.trackId) return acts.toggle();
  const place = await fetchPlace({ isAnyway: true });
  if (place) playFrom(place.queue, { at: place.position });
  else playTracks([card], { at: card.position });
  return undefined;
}

// What stood here, or on another device, is shown; it plays when the listener says so, or when this tab played a moment ago.
function restore({ queue: kept, position }, { isPlaying = false } = {}) {
  queue = kept;
  showSong({ at: position, isPlaying });
  showOrder();
}

async function lookElsewhere() {
  const newer = playback.isPlaying || document.hidden ? null : await fetchPlace();
  if (newer && !playback.isPlaying) restore(newer);
}

connectControls({ acts, seekTo, seekBy, setVolume: volume.set, playTracks, resume, isCurrent: (id) => track()?.trackId === id });
connectQueue({
  jump: (key) => playFrom(queues.jumpTo(queue, key)),
  move: (key, to) => setQueue(queues.moveEntry(queue, key, to)),
  remove: (key) => setQueue(queues.removeEntry(queue, key)),
});
connectSongMenu({ playNext: (tracks) => addTracks(tracks, { isNext: true }), enqueue: (tracks) => addTracks(tracks) });
connectMediaSession({ play: playback.play, pause, next: acts.next, previous: acts.previous, seekTo, seekBy });
const keys = { " ": acts.toggle, ArrowLeft: () => seekBy(-5), ArrowRight: () => seekBy(5), n: acts.next, p: acts.previous, m: acts.mute, s: acts.shuffle, r: acts.repeat, l: turnLike };
connectShortcuts({ ...Object.fromEntries(Object.entries(keys).map(([key, act]) => [key, () => track() && act()])), q: () => track() && toggleQueue() });
whenLoggedOut(() => view.sayLoggedOut());
connectLifetime({
  onOtherTab() {
    isHolder = false;
    if (!playback.isPlaying) return;
    playback.pause();
    view.say("The music plays in another tab.");
  },
  onSilence() {
    playback.unload();
    [queue, isHolder] = [queues.emptyQueue(), false];
    view.showTrack(null);
    tellTrack(null);
    closeNowPlaying();
  },
  onHide() {
    markResume(playback.isPlaying);
    if (!isHolder || !track()) return;
    keepPlace();
    leavePage(playback.isPlaying);
    saveNow(where());
  },
  onReturn: lookElsewhere,
  save() {
    playback.pause();
    return track() && isHolder ? saveNow(where()) : null;
  },
});
document.addEventListener("timbre:page", view.refreshRows);
document.addEventListener("timbre:now-playing", () => showQueue(queue));
document.addEventListener("timbre:play", ({ detail }) => playTracks(detail.tracks, detail));
document.addEventListener("timbre:enqueue", ({ detail }) => addTracks(detail.tracks, detail));

const kept = recallPlace();
if (kept) restore(kept, { isPlaying: takeResume() });
flush();
(window.requestIdleCallback ?? setTimeout)(lookElsewhere);
