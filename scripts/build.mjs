/** `npm run build`: everything that `dist/` needs, without serving it. */
import { buildPage } from "./build-page.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { main } from "./run.mjs";
import { bringPackages } from "./tools.mjs";

await main(() => {
  bringPackages();
  buildWasm();
  buildPage();
});
