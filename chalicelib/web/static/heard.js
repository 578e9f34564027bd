// How much of a song was really heard, as ranges of seconds that do not overlap; and what that makes of a listening. Pure.

const COMPLETE = 0.9; // of the song heard: it counts as complete at once
const ENDED = 0.5; // heard at least, when the end was reached: less was a jump to the end
const SKIP_S = 30; // left before so much (or half of a short song) was heard: a skip

export function addRange(ranges, from, to) {
  if (!(to > from)) return ranges;
  const apart = ranges.filter(([start, end]) => end < from - 0.01 || start > to + 0.01);
  const met = ranges.filter((range) => !apart.includes(range));
  const joined = [Math.min(from, ...met.map(([start]) => start)), Math.max(to, ...met.map(([, end]) => end))];
  return [...apart, joined].sort((one, other) => one[0] - other[0]);
}

export const sumRanges = (ranges) => ranges.reduce((sum, [from, to]) => sum + to - from, 0);

export const isComplete = (ranges, duration) => duration > 0 && sumRanges(ranges) >= COMPLETE * duration;

// What leaving a song says of it: complete, skip, or nothing.
export function judgeLeaving(ranges, duration, hasEnded) {
  const heard = sumRanges(ranges);
  if (isComplete(ranges, duration) || (hasEnded && heard >= ENDED * duration)) return "complete";
  return heard < Math.min(SKIP_S, duration / 2) ? "skip" : null;
}
