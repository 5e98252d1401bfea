/**
 * Asks the npm registry for known weaknesses of the packages that ship with the page. Mirrors often can't answer: then
 * nothing is found out, which is said and no failure. The crates' advisories lie in a repository of their own, which
 * needs `cargo audit` and a network; licences are checked in `licences.mjs`.
 */
import { spawnSync } from "node:child_process";
import { main, ROOT, Stop, say } from "./run.mjs";
import { NPM } from "./tools.mjs";

/** @typedef {{ metadata?: { vulnerabilities: { total: number } }, vulnerabilities?: Record<string, unknown> }} Report */

/** How many answers there were: 1, or 0 where the registry gave none. @throws Stop that names the weak packages. */
export function auditPackages() {
  const { stdout } = spawnSync(NPM, ["audit", "--omit=dev", "--json", "--fetch-retries=0"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 30_000,
  });
  const report = readReport(stdout ?? "");
  if (!report.metadata) {
    say("the npm registry in use answers no questions about weaknesses: not checked");
    return 0;
  }
  if (report.metadata.vulnerabilities.total > 0) {
    const names = Object.keys(report.vulnerabilities ?? {}).join(", ");
    throw new Stop(`Packages with known weaknesses ship with the page: ${names}. See npm audit --omit=dev.`);
  }
  return 1;
}

/** @param {string} output @returns {Report} */
function readReport(output) {
  try {
    return JSON.parse(output);
  } catch {
    return {};
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    if (auditPackages()) say("no known weaknesses in what ships");
  });
}
