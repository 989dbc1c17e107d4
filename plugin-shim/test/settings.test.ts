// The settings: what Flex's say can only take away from what the backend's allow.

import { expect, test } from "vitest";
import type { Settings } from "../../wasm/js/loader.js";
import { hasNativeTransfers, narrow, readSettings } from "../src/settings";

const features = (conversation_transfer: object) => readSettings({ custom_data: { features: { conversation_transfer, flex_transfer: { backend_url: "https://transfers.example.com/" } } } });
const backend = { cold_transfer: true, multi_participant: true, native_transfers: false } as Settings;

test("nothing set leaves everything to the backend", () => {
  expect(readSettings(undefined)).toEqual({ enabled: true, backendUrl: "", coldTransfer: true, multiParticipant: true });
  expect(features({}).backendUrl).toBe("https://transfers.example.com");
});

test("our own flag switches the plugin off", () => {
  expect(readSettings({ custom_data: { features: { flex_transfer: { enabled: false } } } }).enabled).toBe(false);
});

test("the template's flags take away", () => {
  expect(narrow(backend, features({ enabled: false }), false)).toMatchObject({ cold_transfer: false, multi_participant: false });
  expect(narrow(backend, features({ cold_transfer: false }), false)).toMatchObject({ cold_transfer: false, multi_participant: true });
  expect(narrow(backend, features({ multi_participant: false }), false)).toMatchObject({ cold_transfer: true, multi_participant: false });
});

test("they give nothing", () => {
  const off = { ...backend, cold_transfer: false, multi_participant: false, native_transfers: true };
  expect(narrow(off, features({ enabled: true, cold_transfer: true, multi_participant: true }), false)).toMatchObject(off);
});

test("Twilio's own transfers are seen where Flex has them", () => {
  expect(hasNativeTransfers({ featureFlags: { transfersConfig: { enabled: true } } })).toBe(true);
  for (const flags of [undefined, {}, { transfersConfig: {} }, { transfersConfig: { enabled: "yes" } }]) expect(hasNativeTransfers({ featureFlags: flags })).toBe(false);
  expect(narrow(backend, features({}), true)).toMatchObject({ native_transfers: true });
  expect(narrow(null, features({}), true)).toEqual({ native_transfers: true });
});
