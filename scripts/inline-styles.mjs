/**
 * Vite plugin: puts the page's stylesheet into the page itself, so that the first paint waits for one
 * response of the server instead of two. The page's policy allows it by its hash, so that no other inline
 * style becomes possible.
 */
import { createHash } from "node:crypto";

const LINK = /\s*<link rel="stylesheet"[^>]* href="\.\/(assets\/[^"]+\.css)">/;

/** @returns {import("vite").Plugin} */
export function inlineStyles() {
  return {
    name: "palpable-inline-styles",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const file = LINK.exec(html)?.[1] ?? "";
        const asset = bundle[file];
        if (asset?.type !== "asset") throw new Error("The built page links no stylesheet of its own.");
        delete bundle[file];
        const css = String(asset.source).trim();
        const hash = createHash("sha256").update(css).digest("base64");
        return html
          .replace(LINK, () => `\n    <style>${css}</style>`)
          .replace("style-src 'self'", `$& 'sha256-${hash}'`);
      },
    },
  };
}
