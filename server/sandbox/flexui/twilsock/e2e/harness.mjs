// What the tests share: the real SDKs over ws, and the Go test that drives the account behind them.
import { createRequire } from "node:module";
import WebSocket from "ws";

globalThis.WebSocket = WebSocket; // the SDKs look for the browser's

const require = createRequire(import.meta.url);
export const { Client } = require("@twilio/conversations");
/** As @twilio/flex-sdk 3.0.0, which Flex uses too, brings it. */
export const { Client: Client26 } = require("@twilio/conversations-2.6");
export const { SyncClient } = require("twilio-sync");
export const Sync2 = require("twilio-sync-2");

export const socket = process.env.TWILSOCK_URL;
const control = process.env.CONTROL_URL;
if (!socket || !control) throw new Error("TWILSOCK_URL and CONTROL_URL are missing: run `go test ./server/sandbox/flexui/twilsock`");

/** Lets the Go test do something in the account: see control in e2e_test.go. */
export async function act(what, args = {}) {
  const response = await fetch(`${control}/${what}`, { method: "POST", body: JSON.stringify(args) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

const clients = [];

/** Signs a worker in with the real SDK. */
export async function signIn(worker, ttl = 3600) {
  const { token } = await act("token", { worker, ttl });
  return connect(token);
}

export async function connect(token, Kind = Client) {
  const client = new Kind(token, options());
  clients.push(client);
  await new Promise((resolve, reject) => {
    client.on("stateChanged", (state) => state === "initialized" && resolve());
    client.on("initFailed", ({ error }) => reject(Object.assign(new Error(error?.message ?? "initFailed"), { error })));
  });
  return client;
}

export const options = () => ({ twilsock: { uri: socket }, retryPolicy: { min: 50, max: 500, randomness: 0.2 }, logLevel: process.env.SDK_LOG ?? "silent" });

/** Signs all out, once they have what they asked for: the SDK rejects its own pending requests without anybody to catch it. */
export async function signOutAll() {
  await Promise.all(clients.splice(0).map(async (client) => {
    if (client.connectionState === "connected") {
      const lists = client.getSubscribedConversations().then((page) => Promise.all(page.items.map((c) => c.getParticipants())));
      await Promise.race([lists.catch(() => {}), pause(2000)]);
      await pause(50);
    }
    await client.shutdown().catch(() => {});
  }));
}

/** The next event of an emitter that fits. It waits long: other tests may keep the machine busy. */
export function next(emitter, event, fits = () => true, ms = 120_000) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => { emitter.off(event, on); reject(new Error(`no ${event} in ${ms} ms`)); }, ms);
    function on(value) {
      if (!fits(value)) return;
      clearTimeout(late);
      emitter.off(event, on);
      resolve(value);
    }
    emitter.on(event, on);
  });
}

/** Waits until something is so. */
export async function until(what, test, ms = 120_000) {
  for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 10))) {
    const value = await test();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
  }
}

export const pause = (ms) => new Promise((r) => setTimeout(r, ms));
