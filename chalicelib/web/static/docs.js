// The page about the API: search by any words of an entry, a button that copies the line for curl, and the index folded
// where there is little room. Without this file the page is whole, and the browser's own search finds everything.

const search = document.getElementById("docs-search");
const found = document.getElementById("docs-found");
const told = [...document.querySelectorAll("[data-words]")].map((element) => ({
  element,
  words: element.dataset.words.toLowerCase(),
  entries: document.querySelectorAll(`.docs-index [data-entry="${CSS.escape(element.dataset.entry)}"]`),
}));
const groups = document.querySelectorAll("[data-group]");

function showMatching() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { element, words, entries } of told) {
    const isWanted = wanted.every((word) => words.includes(word));
    element.hidden = !isWanted;
    for (const entry of entries) entry.hidden = !isWanted;
    count += isWanted;
  }
  for (const group of groups) {
    const inner = group.querySelectorAll("[data-entry]");
    group.hidden = wanted.length > 0 && [...inner].every((entry) => entry.hidden);
  }
  found.textContent = wanted.length ? `${count} found` : "";
}

async function copyLine(button) {
  const line = button.parentElement.querySelector("code").textContent;
  await navigator.clipboard.writeText(line);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// A link may lead to what the search hides: then the search is over.
function showTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.closest("[hidden]")) return;
  search.value = "";
  showMatching();
  target.scrollIntoView();
}

search.addEventListener("input", showMatching);
search.form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", showTarget);
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyLine(button);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea")) return;
  event.preventDefault();
  search.focus();
});
if (matchMedia("(max-width: 60rem)").matches) document.querySelector(".docs-contents").open = false;
