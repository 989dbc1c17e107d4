// @vitest-environment node
// The built file: small, and whole.

import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { expect, test } from "vitest";

const BUDGET = 40_000; // bytes with brotli; Paste and React come from Flex

test("the plugin keeps to its budget", () => {
  const script = readFileSync(new URL("../build/flex-transfer.js", import.meta.url));
  const size = brotliCompressSync(script).length;
  console.log(`plugin: ${script.length} bytes, ${size} with brotli; budget ${BUDGET}`);
  expect(size).toBeLessThan(BUDGET);
});

test("it takes React and Flex from the page, and has a source map", () => {
  const script = readFileSync(new URL("../build/flex-transfer.js", import.meta.url), "utf8");
  expect(script).toContain("window.Twilio.Flex");
  expect(script).not.toContain("react.production.min");
  expect(script).toContain("//# sourceMappingURL=flex-transfer.js.map");
  expect(JSON.parse(readFileSync(new URL("../build/flex-transfer.js.map", import.meta.url), "utf8")).sources.length).toBeGreaterThan(10);
});
