// Uploading: asks for a permission, sends the file straight to the bucket, then follows its receipt to the end.

const prefix = document.documentElement.dataset.prefix;
const words = { queued: "Waiting", analysed: "Listened to", indexed: "Ready", failed: "Failed" };
const atOnce = 2;
const pollForMs = 10 * 60 * 1000;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const waiting = [];
let running = 0;

function addRow(file) {
  const row = document.getElementById("receipt-template").content.firstElementChild.cloneNode(true);
  row.querySelector(".receipt-name").textContent = file.name;
  showStatus(row, "sending", "Sending");
  document.getElementById("receipts").prepend(row);
  document.getElementById("no-receipts")?.remove();
  return row;
}

function showStatus(row, status, label) {
  const element = row.querySelector(".status");
  element.className = `status status-${status}`;
  element.textContent = label ?? words[status];
  if (status !== "sending") row.querySelector("progress")?.remove();
}

function showReceipt(row, receipt) {
  showStatus(row, receipt.status);
  showMessage(row, receipt.message ?? "");
  const name = row.querySelector(".receipt-name");
  if (!receipt.track_id || receipt.status === "failed" || name.querySelector("a")) return;
  const link = document.createElement("a");
  link.href = `${prefix}/tracks/${receipt.track_id}`;
  link.textContent = name.textContent;
  name.replaceChildren(link);
}

function showMessage(row, text) {
  let element = row.querySelector(".receipt-message");
  if (!element && text) {
    element = document.createElement("span");
    element.className = "receipt-message";
    row.append(element);
  }
  if (element) element.textContent = text;
}

function guessType(file) {
  return file.type.startsWith("audio/") ? file.type : "audio/mpeg";
}

async function askPermission(file) {
  const response = await fetch(`${prefix}/api/v1/uploads`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ filename: file.name, size_bytes: file.size, content_type: guessType(file) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}

function sendFile(permission, file, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(permission.fields)) form.append(name, value);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = () => reject(new Error("The file could not be sent. Please try again."));
    request.open("POST", permission.url);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : fail()));
    request.addEventListener("error", fail);
    request.send(form);
  });
}

async function followReceipt(row, uploadId) {
  const deadline = Date.now() + pollForMs;
  for (let ms = 800; Date.now() < deadline && row.isConnected; ms = Math.min(ms * 1.4, 10000)) {
    await wait(ms);
    const receipt = await readReceipt(uploadId);
    if (receipt) showReceipt(row, receipt);
    if (receipt && (receipt.status === "indexed" || receipt.status === "failed")) return;
  }
}

async function readReceipt(uploadId) {
  try {
    const response = await fetch(`${prefix}/api/v1/uploads/${uploadId}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

async function upload(file, row) {
  const progress = row.querySelector("progress");
  try {
    const permission = await askPermission(file);
    await sendFile(permission, file, (part) => (progress.value = part));
    showStatus(row, "queued");
    followReceipt(row, permission.upload_id);
  } catch (error) {
    showStatus(row, "failed");
    showMessage(row, error.message);
  }
}

async function work() {
  if (running >= atOnce || waiting.length === 0) return;
  running += 1;
  const { file, row } = waiting.shift();
  await upload(file, row);
  running -= 1;
  work();
}

function take(files) {
  for (const file of files) {
    waiting.push({ file, row: addRow(file) });
    work();
  }
}

function setUp() {
  const drop = document.getElementById("drop");
  if (!drop || drop.dataset.isReady) return;
  drop.dataset.isReady = "yes";
  const input = document.getElementById("files");
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("is-over", name === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => take(event.dataTransfer.files));
  for (const row of document.querySelectorAll('.receipt[data-status="queued"], .receipt[data-status="analysed"]')) {
    followReceipt(row, row.dataset.uploadId);
  }
}

setUp();
document.addEventListener("timbre:page", setUp);
