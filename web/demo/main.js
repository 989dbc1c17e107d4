// Puts the page together once its words are known.

import { set } from "./dom.js";
import { Page } from "./page.js";
import { loadWords } from "./words.js";

async function main() {
  await loadWords();
  const app = document.getElementById("app");
  const query = new URLSearchParams(location.search);
  const desks = query.get("desks")?.split(",").filter(Boolean);
  app.replaceChildren(new Page(query.get("desk") ?? query.get("worker"), desks).node);
  set(app, { "aria-busy": null });
}

main();
