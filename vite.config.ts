import { defineConfig } from "vitest/config";
import { inlineStyles } from "./scripts/inline-styles.mjs";
import { licences } from "./scripts/licences.mjs";
import { modelFolders } from "./scripts/model-folders.mjs";
import { serviceWorker } from "./scripts/service-worker.mjs";

export default defineConfig({
  // The site works in any folder of a host: what is built refers to its neighbours relatively.
  base: "./",
  // What must keep its name: the web app manifest and its icons. Models are brought by their plugin, with their lists.
  publicDir: "web/public",
  plugins: [modelFolders(), licences(), inlineStyles(), serviceWorker()],
  build: {
    target: "es2023",
    // An inlined file would be a data: address, which the content security policy forbids to workers and fetch.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // Not every server knows that a .mjs is a script.
        assetFileNames: ({ names: [name] }) =>
          name?.endsWith(".mjs") ? "assets/[name]-[hash].js" : "assets/[name]-[hash][extname]",
        codeSplitting: {
          // What the first paint needs, in one file: left alone it becomes many small ones.
          groups: [{ name: "shell", test: /web\/app\/app\.tsx$/, includeDependenciesRecursively: true }],
        },
      },
    },
  },
  worker: { format: "es" },
  test: {
    projects: [
      // Some wait for real time to pass, on machines that may be busy.
      { test: { name: "web", include: ["tests/web/**/*.test.ts"], testTimeout: 30_000 } },
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
