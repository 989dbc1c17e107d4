import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Components are tested without Flex around them: test/flex.tsx has what they use of it.
export default defineConfig({
  resolve: { alias: { "@twilio/flex-ui": fileURLToPath(new URL("./test/flex.tsx", import.meta.url)) } },
  esbuild: { jsx: "transform" },
  define: { __BACKEND_URL__: '""', __VERSION__: '"test"' },
  server: { fs: { allow: [".."] } },
  test: { environment: "jsdom", include: ["test/*.test.{ts,tsx,mjs}"], testTimeout: 30_000, hookTimeout: 30_000 },
});
