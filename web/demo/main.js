// Puts the page together: the stage's stream feeds the store, the store and the rules feed the panes.

import { Agent } from "./agent.js";
import { customer } from "./customer.js";
import { desk } from "./desk.js";
import { h, set } from "./dom.js";
import { guide } from "./guide.js";
import { icon } from "./icons.js";
import { notifications } from "./notifications.js";
import { loadRules } from "./rules.js";
import { followStage, stage } from "./stage.js";
import { attributesOf, Store } from "./store.js";
import { topbar } from "./topbar.js";
import { trace } from "./trace.js";
import { beTheOnlyWindow } from "./window.js";
import { loadWords, reason, t } from "./words.js";

const DESKS = 3;

async function main() {
  await loadWords();
  const app = document.getElementById("app");
  const query = new URLSearchParams(location.search);
  const page = makePage(query.get("desk") ?? query.get("worker"));
  app.replaceChildren(page.node);
  set(app, { "aria-busy": null });
}

function makePage(only) {
  const store = new Store();
  const banner = notifications();
  let desks = [];
  let live = false;
  let stop = null;
  let scheduled = false;
  let hadBegun = false;
  const rules = loadRules(onRules);
  const failed = (error) => banner.show({ kind: "error", text: reason(error.code, error.message) });
  const top = topbar({ reset: () => stage.reset(), failed });
  const phone = customer({ store });
  const log = trace();
  const steps = guide({ store, agents: () => desks.map((one) => one.agent) });
  const floor = h("div", { class: "desks" });
  const main = h("main", { class: "floor" }, only ? null : phone.node, floor);
  const elsewhere = elsewhereView(() => take());
  const node = h("div", { class: only ? "page is-single" : "page" }, top.node, only ? null : steps.node, banner.node, main, only ? null : log.node, elsewhere.node);
  floor.append(...Array.from({ length: only ? 1 : DESKS }, skeleton));

  store.subscribe(update);
  const take = beTheOnlyWindow((on) => {
    live = on;
    elsewhere.show(!on);
    if (on) stop ??= connect();
    else disconnect();
  });

  function connect() {
    return followStage({
      snapshot: (data) => {
        store.replace(data);
        log.replace(data.trace ?? []);
        arrange();
      },
      change: (data) => {
        store.apply(data);
        hadBegun ||= data.kind === "conversation";
      },
      trace: (entry) => {
        log.add(entry);
        top.seen(entry);
      },
      state: top.state,
    });
  }

  function disconnect() {
    stop?.();
    stop = null;
    for (const one of desks) one.agent.stop();
  }

  /** Makes the desks once the workers are known, and anew if the account has other ones. */
  function arrange() {
    const workers = chosenWorkers(store, only);
    const same = workers.length === desks.length && workers.every((worker, i) => worker.sid === desks[i].agent.workerSid);
    if (!same) {
      for (const one of desks) one.agent.stop();
      desks = workers.map((worker) => desk({ store, agent: new Agent({ workerSid: worker.sid, store, rules, changed: later }) }));
      floor.replaceChildren(...(desks.length ? desks.map((one) => one.node) : [h("p", { class: "hint-text" }, t("desk.nobody"))]));
    }
    const begun = store.all("conversation").length > 0;
    if (hadBegun && !begun) startOver();
    hadBegun = begun;
    for (const one of desks) one.agent.start();
    update();
  }

  /** Forgets what belonged to an account that has been reset. */
  function startOver() {
    phone.reset();
    for (const one of desks) {
      one.reset();
      one.agent.forget();
    }
  }

  /** Agents learn of things at any time; the page is drawn once for all of them. */
  function later() {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      update();
    }, 0);
  }

  function update() {
    if (!store.ready || !live) return;
    phone.update();
    const entries = desks.flatMap((one) => one.update() ?? []);
    steps.update();
    const ringing = entries.filter((entry) => entry.status === "incoming").length;
    document.title = ringing ? t("top.titleRinging", { n: ringing, title: t("top.title") }) : t("top.title");
  }

  function onRules() {
    if (rules.state === "missing") banner.show({ kind: "error", text: t("rules.missing") });
    later();
  }
  return { node };
}

function chosenWorkers(store, only) {
  const workers = store.all("worker");
  if (only) return workers.filter((worker) => worker.sid === only || worker.friendly_name === only).slice(0, 1);
  return workers.filter((worker) => (attributesOf(worker).roles ?? ["agent"]).includes("agent")).slice(0, DESKS);
}

/** What stands over the page while another window is live. show(on) also takes the rest of the page out of reach. */
function elsewhereView(take) {
  const button = h("button", { class: "button button-primary", type: "button", onclick: take }, t("window.take"));
  const title = h("h2", { class: "elsewhere-title", id: "elsewhere-title" }, t("window.title"));
  const node = h("div", { class: "elsewhere", hidden: true, role: "dialog", "aria-modal": "true", "aria-labelledby": title.id },
    h("div", { class: "elsewhere-card" }, h("span", { class: "hint-icon" }, icon("window")), title, h("p", { class: "hint-text" }, t("window.text")), button));
  function show(on) {
    node.hidden = !on;
    for (const other of node.parentElement?.children ?? []) if (other !== node) set(other, { inert: on });
    if (on) button.focus();
  }
  return { node, show };
}

function skeleton() {
  return h("div", { class: "desk skeleton", "aria-hidden": "true" }, h("div", { class: "bone bone-head" }), h("div", { class: "bone" }), h("div", { class: "bone bone-short" }));
}

main();
