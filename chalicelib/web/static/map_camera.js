// Where the map is looked at: which place is in the middle of the room that is free, and how many pixels its square is wide. Pure, but
// for the flight, which asks for frames.

const FLIGHT_MS = 650;
const DEEPEST = 400; // of how wide the whole is: 100,000 songs part well before that

export function createCamera(onMove) {
  const camera = { x: 0.5, y: 0.5, scale: 500, width: 1, height: 1, left: 0, top: 0, right: 0, bottom: 0 };
  let whole = { x: 0.5, y: 0.5, scale: 500 };
  let flight = 0;

  const middle = () => [(camera.left + camera.width - camera.right) / 2, (camera.top + camera.height - camera.bottom) / 2];
  const clampScale = (scale) => Math.max(whole.scale * 0.6, Math.min(whole.scale * DEEPEST, scale));

  function set({ x, y, scale }) {
    camera.scale = clampScale(scale);
    camera.x = Math.max(-0.1, Math.min(1.1, x));
    camera.y = Math.max(-0.1, Math.min(1.1, y));
    onMove();
  }

  function toScreen(x, y) {
    const [across, down] = middle();
    return [(x - camera.x) * camera.scale + across, (y - camera.y) * camera.scale + down];
  }

  function toMap(across, down) {
    const [middleX, middleY] = middle();
    return [(across - middleX) / camera.scale + camera.x, (down - middleY) / camera.scale + camera.y];
  }

  const api = {
    state: camera,
    toScreen,
    toMap,
    get zoom() {
      return camera.scale / whole.scale;
    },
    // `free`: how much of each side lies under something.
    resize(width, height, free) {
      Object.assign(camera, { width, height, ...free });
    },
    fit({ left, top, right, bottom }, { isSet = true } = {}) {
      const [room, tall] = [camera.width - camera.left - camera.right, camera.height - camera.top - camera.bottom];
      const scale = Math.max(50, Math.min(room / Math.max(right - left, 0.05), tall / Math.max(bottom - top, 0.05)) * 0.9);
      whole = { x: (left + right) / 2, y: (top + bottom) / 2, scale };
      if (isSet) set(whole);
    },
    pan(across, down) {
      cancelAnimationFrame(flight);
      set({ ...camera, x: camera.x - across / camera.scale, y: camera.y - down / camera.scale });
    },
    // What is under (across, down) stays there.
    zoomAt(factor, across, down) {
      cancelAnimationFrame(flight);
      const [x, y] = toMap(across, down);
      const scale = clampScale(camera.scale * factor);
      const [middleX, middleY] = middle();
      set({ scale, x: x - (across - middleX) / scale, y: y - (down - middleY) / scale });
    },
    flyTo(target, { isInstant = false } = {}) {
      cancelAnimationFrame(flight);
      const to = { x: camera.x, y: camera.y, scale: camera.scale, ...target };
      if (isInstant) return set(to);
      const from = { x: camera.x, y: camera.y, scale: camera.scale };
      const begun = performance.now();
      const step = (now) => {
        const part = Math.min(1, Math.max(0, (now - begun) / FLIGHT_MS));
        const eased = 1 - (1 - part) ** 3;
        const mix = (one, other) => one + (other - one) * eased;
        set({ x: mix(from.x, to.x), y: mix(from.y, to.y), scale: Math.exp(mix(Math.log(from.scale), Math.log(to.scale))) });
        if (part < 1) flight = requestAnimationFrame(step);
      };
      flight = requestAnimationFrame(step);
      return undefined;
    },
    showWhole: (options) => api.flyTo(whole, options),
  };
  return api;
}
