// What this browser remembers of files that it sends: under which key each was asked for, so that after a reload or without a network
// the same file goes on where it stopped; and, where the browser has them, handles of what was dropped. In IndexedDB, for one listener.

const owner = document.getElementById("player")?.dataset.userId ?? "";
const DAYS = 30;
let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("timbre-uploads", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("files", { keyPath: ["owner", "print"] });
      request.result.createObjectStore("handles", { autoIncrement: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

// Where there is no storage (private windows of some browsers) nothing is remembered, and all else works.
async function withStore(name, mode, act) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode);
      const request = act(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return undefined;
  }
}

export const recallFile = (print) => withStore("files", "readonly", (store) => store.get([owner, print]));

export const keepFile = (print, record) => withStore("files", "readwrite", (store) => store.put({ ...record, owner, print, at: Date.now() }));

export const forgetFile = (print) => withStore("files", "readwrite", (store) => store.delete([owner, print]));

export const keepHandle = (handle) => withStore("handles", "readwrite", (store) => store.put({ owner, handle }));

export async function recallHandles() {
  const kept = (await withStore("handles", "readonly", (store) => store.getAll())) ?? [];
  return kept.filter((each) => each.owner === owner).map((each) => each.handle);
}

export const forgetHandles = () => withStore("handles", "readwrite", (store) => store.clear());

// Another listener's records, and old ones: S3 has let go of their parts long since.
export async function tidyFiles() {
  const oldest = Date.now() - DAYS * 86_400_000;
  await withStore("files", "readwrite", (store) => {
    const request = store.openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      if (cursor.value.owner !== owner || cursor.value.at < oldest) cursor.delete();
      cursor.continue();
    };
    return null;
  });
  if ((await recallHandles()).length === 0) await forgetHandles();
}
