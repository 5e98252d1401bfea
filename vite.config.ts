import { defineConfig } from "vitest/config";
import { modelFolders } from "./scripts/model-folders.mjs";

export default defineConfig({
  // The only static files are the models', and those the plugin brings with their lists.
  publicDir: false,
  plugins: [modelFolders()],
  build: {
    target: "es2023",
    // An inlined file would be a data: address, which the content security policy forbids to workers and fetch.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  test: {
    projects: [
      { test: { name: "web", include: ["tests/web/**/*.test.ts"] } },
      {
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          // One browser at a time: the software GPU uses every core there is.
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
