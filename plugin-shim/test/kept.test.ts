// What a browser keeps for an agent.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Kept } from "../src/kept";

beforeEach(() => localStorage.clear());
afterEach(() => vi.restoreAllMocks());

test("the latest come first, each once, and no more than twelve", () => {
  const kept = new Kept("recents", () => "WK1");
  for (let i = 0; i < 14; i++) kept.add(`WK${i}`);
  kept.add("WK5");
  expect(kept.all()).toEqual(["WK5", "WK13", "WK12", "WK11", "WK10", "WK9", "WK8", "WK7", "WK6", "WK4", "WK3", "WK2"]);
});

test("each agent of a browser has their own", () => {
  new Kept("favourites", () => "WK1").toggle("WQ1");
  expect(new Kept("favourites", () => "WK2").all()).toEqual([]);
  expect(new Kept("favourites", () => "WK1").all()).toEqual(["WQ1"]);
  new Kept("favourites", () => "WK1").toggle("WQ1");
  expect(new Kept("favourites", () => "WK1").all()).toEqual([]);
});

test("a browser that keeps nothing, or something else, forgets", () => {
  const kept = new Kept("recents", () => "WK1");
  for (const text of ["{}", "null", "[1, {}]", "no JSON"]) {
    localStorage.setItem("flex-transfer.recents.WK1", text);
    expect(kept.all()).toEqual([]);
  }
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => { throw new Error("off"); });
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => { throw new Error("full"); });
  kept.add("WK1");
  expect(kept.all()).toEqual([]);
});
