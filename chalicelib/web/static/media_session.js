// Media keys, headphones and the lock screen.

const session = navigator.mediaSession;

export function connectMediaSession({ play, pause, next, previous, seekTo, seekBy }) {
  if (!session) return;
  const handlers = {
    play,
    pause,
    stop: pause,
    nexttrack: next,
    previoustrack: previous,
    seekto: (details) => seekTo(details.seekTime),
    seekforward: (details) => seekBy(details.seekOffset || 10),
    seekbackward: (details) => seekBy(-(details.seekOffset || 10)),
  };
  for (const [action, handler] of Object.entries(handlers)) {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // a browser that does not know this action
    }
  }
}

export function tellTrack(track) {
  if (!session) return;
  if (!track) {
    session.metadata = null;
    return;
  }
  const artwork = track.cover ? [{ src: new URL(track.cover, location.href).href }] : [];
  session.metadata = new MediaMetadata({ title: track.title, artist: track.artist || "Unknown artist", artwork });
}

export function tellState(track, isPlaying) {
  if (session) session.playbackState = track ? (isPlaying ? "playing" : "paused") : "none";
}

export function tellPosition(position, duration) {
  if (!session?.setPositionState || !(duration > 0)) return;
  session.setPositionState({ duration, position: Math.min(position, duration), playbackRate: 1 });
}
