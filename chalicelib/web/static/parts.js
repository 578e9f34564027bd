// A large file in parts: those that the bucket has already are not sent again, whichever page or day they come from.

import { SendingError, ask, checkReadable, send } from "./sending.js";

const AT_ONCE = 2;
const PERMITTED_AT_ONCE = 8;

export async function sendParts(permission, file, { onProgress, signal }) {
  await checkReadable(file);
  const path = `/uploads/${permission.upload_id}`;
  const plan = await ask(`${path}/parts`, { signal });
  const sizeOf = (number) => Math.min(plan.part_bytes, file.size - (number - 1) * plan.part_bytes);
  const stored = new Set(plan.stored);
  const sent = new Map(plan.stored.map((number) => [number, sizeOf(number)]));
  const tell = (number, bytes) => {
    sent.set(number, bytes);
    onProgress([...sent.values()].reduce((sum, each) => sum + each, 0));
  };
  if (stored.size) onProgress([...sent.values()].reduce((sum, each) => sum + each, 0));
  const missing = Array.from({ length: plan.part_count }, (_, index) => index + 1).filter((number) => !stored.has(number));
  for (let from = 0; from < missing.length; from += PERMITTED_AT_ONCE) {
    const numbers = missing.slice(from, from + PERMITTED_AT_ONCE);
    const { items } = await ask(`${path}/parts`, { method: "POST", body: { numbers }, signal });
    await sendSome(items, { file, plan, tell, signal });
  }
  await ask(`${path}/completion`, { method: "POST", body: {}, signal });
}

async function sendSome(items, { file, plan, tell, signal }) {
  const left = [...items];
  const failed = [];
  const work = async () => {
    while (left.length && !failed.length) {
      const part = left.shift();
      const start = (part.number - 1) * plan.part_bytes;
      const onProgress = (bytes) => tell(part.number, bytes);
      try {
        await send("PUT", part.url, file.slice(start, start + part.size_bytes, ""), { onProgress, signal, bytes: part.size_bytes });
        tell(part.number, part.size_bytes);
      } catch (failure) {
        tell(part.number, 0);
        failed.push(failure);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failed.length) throw failed.find((failure) => !(failure instanceof SendingError)) ?? failed[0];
}
