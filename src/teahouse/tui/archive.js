"use strict";
// Finds messages that have every word, as one types. The texts are read from the page itself, once.
const MOST = 300;
const query = document.getElementById("query");
const hits = document.getElementById("hits");
const found = document.getElementById("found");
const main = document.querySelector("main");
let texts = null;

const plain = (text) => text.normalize("NFC").toLowerCase();

function read() {
  const articles = Array.from(document.querySelectorAll("article"));
  return articles.map((article) => ({ article, text: plain(article.textContent) }));
}

function marked(text, words) {
  // Text nodes and <mark> alone: what people wrote is never read as HTML.
  const piece = document.createDocumentFragment();
  const low = text.toLowerCase();
  let at = 0;
  while (at < text.length) {
    let next = text.length, size = 0;
    for (const word of words) {
      const place = low.indexOf(word, at);
      if (place !== -1 && place < next) { next = place; size = word.length; }
    }
    piece.append(text.slice(at, next));
    if (size) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(next, next + size);
      piece.append(mark);
    }
    at = next + size;
  }
  return piece;
}

function search() {
  const words = plain(query.value).split(/\s+/u).filter(Boolean);
  const searching = words.length > 0;
  hits.replaceChildren();
  hits.hidden = !searching;
  main.hidden = searching;
  if (!searching) { found.textContent = ""; return; }
  texts ??= read();
  const all = texts.filter(({ text }) => words.every((word) => text.includes(word))).reverse();
  for (const { article } of all.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = "#" + article.id;
    const day = document.createElement("time");
    day.textContent = article.closest("section").dataset.day + " ";
    link.append(day, marked(article.textContent.normalize("NFC").trim().replace(/\s+/gu, " "), words));
    item.append(link);
    hits.append(item);
  }
  const more = all.length > MOST ? " (the newest " + MOST + ")" : "";
  found.textContent = all.length + " found" + more + " · 找到 " + all.length + " 条";
}

let timer = 0;
query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
hits.addEventListener("click", () => { query.value = ""; search(); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== query) { event.preventDefault(); query.focus(); }
  if (event.key === "Escape") { query.value = ""; search(); }
});
query.hidden = false;
