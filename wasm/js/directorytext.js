// Reads a packed directory, see the package wasm/directory: the order of its names, and its entries, each when it is asked for.

const MAGIC = "flex-transfer-directory";
const HEAD = 4; // lines before those of the entries

/** The entries of a blob, by the number of their line: workers, then queues. */
export class DirectoryText {
  /** Their order by name, in the reader's locale: workers, then queues. */
  order;
  /** The names of the activities. */
  activities;
  #workers;
  #lines;
  #teams;
  #skills;
  #entries = [];
  #skillLists = new Map(); // by their text; most workers share theirs with others

  /** Reads a blob; null where it is none. */
  static of(blob, locale) {
    const lines = String(blob).split("\n");
    const [magic, , workers, queues] = lines[0].split("\t");
    return magic === MAGIC ? new DirectoryText(lines, Number(workers), Number(queues), locale) : null;
  }

  constructor(lines, workers, queues, locale) {
    this.#workers = workers;
    this.#lines = lines.slice(HEAD, HEAD + workers + queues);
    const names = (line) => (line ? line.split("\t").map(unescape) : []);
    [this.activities, this.#teams, this.#skills] = [names(lines[1]), names(lines[2]), names(lines[3])];
    this.order = orderOf(this.#lines, workers, locale);
  }

  /** What does not change of an entry; undefined where the blob has none of the number. */
  entry(number) {
    return (this.#entries[number] ??= this.#read(this.#lines[number], number < this.#workers));
  }

  #read(line, worker) {
    if (line === undefined) return undefined;
    const [name, sid, , third = "", fourth = ""] = line.split("\t");
    const team = worker && third !== "" ? this.#teams[third] : "";
    return { sid: expand(sid, worker ? "WK" : "WQ"), name: unescape(name), team, skills: this.#skillsOf(worker ? fourth : third) };
  }

  #skillsOf(text) {
    let skills = this.#skillLists.get(text);
    if (!skills) {
      skills = Object.freeze(text === "" ? [] : text.split(",").map((number) => this.#skills[number]));
      this.#skillLists.set(text, skills);
    }
    return skills;
  }
}

function orderOf(lines, workers, locale) {
  const names = lines.map((line) => line.slice(0, line.indexOf("\t")));
  const { compare } = new Intl.Collator(locale, { numeric: true });
  const sorted = (from, to) => Uint32Array.from({ length: to - from }, (_, i) => from + i).sort((a, b) => compare(names[a], names[b]) || a - b);
  const order = new Uint32Array(names.length);
  order.set(sorted(0, workers));
  order.set(sorted(workers, names.length), workers);
  return order;
}

const ESCAPES = { t: "\t", n: "\n", r: "\r" };

const unescape = (field) => (field.includes("\\") ? field.replace(/\\(.)/g, (_, c) => ESCAPES[c] ?? c) : field);

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = Uint8Array.from({ length: 128 }, (_, c) => Math.max(0, DIGITS.indexOf(String.fromCharCode(c))));
/** Two digits of base64 are three of hexadecimal. */
const TRIPLES = Array.from({ length: 4096 }, (_, i) => i.toString(16).padStart(3, "0"));

/** The SID that a field stands for: 16 bytes in base64url, or = and the SID. */
function expand(field, prefix) {
  if (field[0] === "=") return unescape(field.slice(1));
  let sid = prefix;
  for (let i = 0; i < field.length; i += 2) sid += TRIPLES[(VALUES[field.charCodeAt(i)] << 6) | VALUES[field.charCodeAt(i + 1)]];
  return sid.slice(0, 34);
}
