/** `npm start`: builds whatever is missing or out of date, then serves the studio on this machine. */
import { buildPage } from "./build-page.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { main, ROOT } from "./run.mjs";
import { bringPackages } from "./tools.mjs";

await main(async () => {
  bringPackages();
  buildWasm();
  buildPage();
  // Imported only now: on a fresh checkout, the package has just been installed.
  const { preview } = await import("vite");
  const server = await preview({ root: ROOT, logLevel: "warn", preview: { port: 4173, host: "localhost" } });
  console.log(`\nPalpable is at ${server.resolvedUrls?.local[0]}   (Ctrl-C ends it)`);
});
