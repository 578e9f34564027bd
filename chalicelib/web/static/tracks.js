// A song as the player knows it, read from an element of the page or from the API's JSON.

const prefix = document.documentElement.dataset.prefix;

export function readTrack(source) {
  if (source instanceof Element) return readElement(source);
  if (source.trackId) return source;
  return {
    trackId: source.track_id,
    title: source.title,
    artist: source.artist ?? "",
    duration: source.duration_s,
    cover: source.cover_url ?? "",
    audio: source.audio_url ?? `${prefix}/api/v1/tracks/${source.track_id}/audio`,
    page: `${prefix}/tracks/${source.track_id}`,
  };
}

function readElement(element) {
  const { trackId, title, artist, cover, audio, page } = element.dataset;
  return { trackId, title, artist, duration: Number(element.dataset.duration), cover, audio, page };
}

export function formatTime(seconds) {
  const whole = Math.floor(seconds);
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
