// What a keystroke costs over 15,000 workers, in the page: the module beside two searches in JavaScript.

/** In the page: ms a keystroke of each kind of search, in turn, and the module's memory in bytes. */
export async function keystrokes({ url, token, question, queries }) {
  const { loadTransfer } = await import("/wasm/loader.js");
  const memories = [];
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate(...args);
    memories.push((made.exports ?? made.instance.exports).mem);
    return made;
  };
  const transfer = await loadTransfer({ baseUrl: "" });
  const answer = await fetch(`${url}/v1/directory`, { headers: { accept: "text/plain", authorization: `Bearer ${token}` } });
  const blob = await answer.text();
  const began = performance.now();
  const size = transfer.directory.load(blob, "en-US");
  const loaded = performance.now() - began;
  transfer.directory.open(question);

  const people = blob.split("\n").slice(4, 4 + size.workers).map((line) => ({ name: line.split("\t")[0] }));
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const naive = (query) => people.filter((one) => one.name.toLowerCase().includes(query)).sort((a, b) => a.name.localeCompare(b.name)).slice(0, 30);
  const { compare } = new Intl.Collator("en-US");
  const sorted = people.map((one) => ({ ...one, folded: fold(one.name) })).sort((a, b) => compare(a.name, b.name));
  let last = { query: "", found: sorted };
  const best = (query) => {
    const from = last.query && query.startsWith(last.query) ? last.found : sorted;
    last = { query, found: from.filter((one) => one.folded.includes(query)) };
    return last.found.slice(0, 30);
  };
  const ours = (query) => transfer.directory.search({ query, kind: "worker", limit: 30 });
  const searches = { ours, naive, best };
  const times = { ours: [], naive: [], best: [] };
  // The clock of a page is coarse: a keystroke is repeated until it can be told.
  const measure = (search, query, n) => {
    const start = performance.now();
    for (let i = 0; i < n; i++) search(query);
    return (performance.now() - start) / n;
  };
  for (let round = 0; round < 6; round++) {
    for (const query of queries) {
      for (let length = 1; length <= query.length; length++) {
        for (const [name, search] of Object.entries(searches)) {
          const typed = query.slice(0, length);
          const before = last;
          const again = name === "best" ? (text) => ((last = before), search(text)) : search;
          const ms = measure(again, typed, name === "naive" ? 1 : 20);
          if (round > 1) times[name].push(ms);
        }
      }
    }
  }
  return { times, loaded, blob: blob.length, memory: memories.at(-1).buffer.byteLength, workers: size.workers, found: ours("a").workers };
}
