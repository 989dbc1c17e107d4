// The page: the stage's stream feeds the store, the store and the rules feed the panes.

import { Agent } from "./agent.js";
import { customer } from "./customer.js";
import { Desk } from "./desk.js";
import { h } from "./dom.js";
import { elsewhereView } from "./elsewhere.js";
import { guide } from "./guide.js";
import { notifications } from "./notifications.js";
import { loadRules } from "./rules.js";
import { followStage, stage } from "./stage.js";
import { attributesOf, Store } from "./store.js";
import { topbar } from "./topbar.js";
import { Trace } from "./trace.js";
import { beTheOnlyWindow } from "./window.js";
import { reason, t } from "./words.js";

const DESKS = 3;
const MOST_DESKS = 6;

export class Page {
  #only;
  #shown;
  #store = new Store();
  #desks = [];
  #live = false;
  #stop = null;
  #scheduled = false;
  #hadBegun = false;
  #saidMissing = false;

  /**
   * only names the one worker whose desk is shown, by SID or friendly name; without it the whole demo is, with the desks of
   * the workers that shown names, or of the first three.
   */
  constructor(only, shown = []) {
    this.#only = only;
    this.#shown = shown.slice(0, MOST_DESKS);
    this.banner = notifications();
    this.top = topbar({ reset: () => stage.reset(), failed: (error) => this.#failed(error) });
    this.phone = customer({ store: this.#store });
    this.trace = new Trace();
    this.guide = guide({ store: this.#store, agents: () => this.#desks.map((desk) => desk.agent) });
    this.floor = h("div", { class: "desks" }, Array.from({ length: only ? 1 : this.#shown.length || DESKS }, skeleton));
    this.elsewhere = elsewhereView(() => this.takeOver());
    this.node = this.#layOut();
    this.rules = loadRules(() => this.#onRules());
    this.#store.subscribe(() => this.#update());
    this.takeOver = beTheOnlyWindow((on) => this.#beLive(on));
  }

  #layOut() {
    const whole = !this.#only;
    const main = h("main", { class: "floor" }, whole && this.phone.node, this.floor);
    return h("div", { class: whole ? "page" : "page is-single" },
      this.top.node, whole && this.guide.node, this.banner.node, main, whole && this.trace.node, this.elsewhere.node);
  }

  #beLive(on) {
    this.#live = on;
    this.elsewhere.show(!on);
    if (on) {
      this.#stop ??= this.#follow();
      return;
    }
    this.#stop?.();
    this.#stop = null;
    for (const desk of this.#desks) desk.agent.stop();
  }

  #follow() {
    return followStage({
      snapshot: (data) => {
        this.#store.replace(data);
        this.trace.replace(data.trace ?? []);
        this.#arrange();
      },
      change: (data) => {
        this.#store.apply(data);
        this.#hadBegun ||= data.kind === "conversation";
      },
      trace: (entry) => {
        this.trace.add(entry);
        this.top.seen(entry);
      },
      state: this.top.state,
    });
  }

  /** Puts the desks up once the workers are known, and clears them where the account was reset. */
  #arrange() {
    const workers = chosenWorkers(this.#store, this.#only, this.#shown);
    const same = workers.length === this.#desks.length && workers.every((worker, i) => worker.sid === this.#desks[i].agent.workerSid);
    if (!same || workers.length === 0) this.#replaceDesks(workers);
    const begun = this.#store.all("conversation").length > 0;
    if (this.#hadBegun && !begun) {
      this.phone.reset();
      for (const desk of this.#desks) desk.reset();
    }
    this.#hadBegun = begun;
    for (const desk of this.#desks) desk.agent.start();
    this.#update();
  }

  #replaceDesks(workers) {
    for (const desk of this.#desks) desk.agent.stop();
    this.#desks = workers.map((worker) => this.#deskOf(worker));
    this.floor.replaceChildren(...(this.#desks.length ? this.#desks.map((desk) => desk.node) : [h("p", { class: "hint-text" }, t("desk.nobody"))]));
  }

  #deskOf(worker) {
    const agent = new Agent({
      workerSid: worker.sid, store: this.#store, rules: this.rules, changed: () => this.#later(), reconfigured: () => desk.reconfigured(),
    });
    const desk = new Desk({ store: this.#store, agent });
    return desk;
  }

  /** Agents learn of things at any time; the page is drawn once for all of them. */
  #later() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#update();
    }, 0);
  }

  #update() {
    if (!this.#store.ready || !this.#live) return;
    this.phone.update();
    const entries = this.#desks.flatMap((desk) => desk.update());
    this.guide.update();
    const ringing = entries.filter((entry) => entry.status === "incoming").length;
    document.title = ringing ? t("top.titleRinging", { n: ringing, title: t("top.title") }) : t("top.title");
  }

  #onRules() {
    if (this.rules.state === "missing" && !this.#saidMissing) {
      this.#saidMissing = true;
      this.banner.show({ kind: "error", text: t("rules.missing") });
    }
    this.#later();
  }

  #failed(error) {
    this.banner.show({ kind: "error", text: reason(error.code, error.message) });
  }
}

function chosenWorkers(store, only, shown) {
  const workers = store.all("worker");
  const named = (name) => workers.filter((worker) => worker.sid === name || worker.friendly_name === name).slice(0, 1);
  if (only) return named(only);
  if (shown.length) return shown.flatMap(named);
  return workers.filter((worker) => (attributesOf(worker).roles ?? ["agent"]).includes("agent")).slice(0, DESKS);
}

function skeleton() {
  return h("div", { class: "desk skeleton", "aria-hidden": "true" }, h("div", { class: "bone bone-head" }), h("div", { class: "bone" }), h("div", { class: "bone bone-short" }));
}
