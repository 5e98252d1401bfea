/**
 * `npm test`: every check there is, each reported in a line. The output of a check goes to artifacts/logs/ and is
 * shown when it fails. Counts single tests where a tool runs many.
 */
import fs from "node:fs";
import path from "node:path";
import { auditCrates, auditPackages } from "./audit.mjs";
import { WASM_TARGET } from "./build-wasm.mjs";
import { main, ROOT, runLogged, say } from "./run.mjs";
import { measure } from "./sizes.mjs";
import { chromium, softwareVulkan } from "./test-machine.mjs";
import { bringPackages, bringWasmTarget } from "./tools.mjs";

const LOGS = path.join(ROOT, "artifacts", "logs");
const SHOWN_LINES = 80;
const total = { passed: 0, failed: 0 };

/** @param {string} name @param {() => Promise<Partial<typeof total>> | Partial<typeof total> | void} check */
async function check(name, check) {
  const start = Date.now();
  let result = { passed: 0, failed: 1 };
  try {
    result = { passed: 0, failed: 0, ...((await check()) ?? { passed: 1 }) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  total.passed += result.passed;
  total.failed += result.failed;
  const seconds = ((Date.now() - start) / 1000).toFixed(0);
  say(
    `${result.failed ? "FAILED" : "ok"}  ${name}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`,
  );
}

/**
 * Runs a program as a check: its exit code decides.
 * @param {string} name @param {string} program @param {string[]} parameters
 */
const program = (name, program, parameters, environment = process.env) =>
  check(name, async () => {
    const { ok, output } = await runLogged(program, parameters, logOf(name), environment);
    if (!ok) showEnd(output);
    return ok ? { passed: 1 } : { failed: 1 };
  });

/** @param {string} name */
const logOf = (name) => path.join(LOGS, `${name.replace(/\W+/g, "-")}.log`);

/** @param {string} output */
const showEnd = (output) => console.error(output.split("\n").slice(-SHOWN_LINES).join("\n"));

/**
 * Shows cargo's reports on failed tests, from the end of each test program; if there are none, the end of the
 * output.
 * @param {string} output
 */
function showFailures(output) {
  const failures = output.match(/^failures:\n[\s\S]*?^test result: FAILED.*$/gm);
  if (failures) console.error(failures.join("\n\n"));
  else showEnd(output);
}

/**
 * Environment that puts Clippy's driver in place of the compiler for our own crate, as `cargo clippy` does,
 * with warnings as errors. Unlike `cargo clippy`, this lints during compilation, with dependencies that are
 * compiled anyway; checking them once more would take minutes.
 */
const LINTING = {
  RUSTC_WORKSPACE_WRAPPER: "clippy-driver",
  CLIPPY_ARGS: "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
};

/** @param {string} name @param {string[]} parameters */
const cargo = (name, parameters, environment = {}) =>
  program(name, "cargo", parameters, { ...process.env, ...environment });

/** @param {string} name @param {string} tool @param {string[]} parameters */
const node = (name, tool, parameters) =>
  program(name, process.execPath, [`node_modules/${tool}`, ...parameters]);

/** @param {string} name @param {string[]} parameters @param {NodeJS.ProcessEnv} environment */
async function rustTests(name, parameters = [], environment = {}) {
  const { ok, output } = await runLogged("cargo", ["test", "--no-fail-fast", ...parameters], logOf(name), {
    ...softwareVulkan(),
    ...LINTING,
    ...environment,
  });
  const sums = { passed: 0, failed: 0 };
  for (const [, passed, failed] of output.matchAll(/test result: \w+\. (\d+) passed; (\d+) failed/g)) {
    sums.passed += Number(passed);
    sums.failed += Number(failed);
  }
  // A crate that doesn't compile reports no test at all.
  if (!ok && sums.failed === 0) sums.failed = 1;
  if (!ok) showFailures(output);
  return sums;
}

/** @param {string} project */
async function vitest(project) {
  const report = path.join(LOGS, `${project}.json`);
  fs.rmSync(report, { force: true });
  const { ok, output } = await runLogged(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    logOf(`${project} tests`),
  );
  if (!ok) showEnd(output);
  if (!fs.existsSync(report)) return { failed: 1 };
  const { numPassedTests, numFailedTests } = JSON.parse(fs.readFileSync(report, "utf8"));
  return { passed: numPassedTests, failed: ok ? numFailedTests : Math.max(numFailedTests, 1) };
}

/**
 * Tests except those that take minutes: whole pictures and trainings, memory, compiling ahead, programs and the bench;
 * and samplers, which launch none of our kernels.
 */
const ON_THE_SMALLEST_DEVICE = [
  "adapter",
  "evaluation",
  "model_files",
  "models",
  "models_on_gpu",
  "operations",
  "startup",
];

/** Leaves out tests of those programs that no limit of a device touches. */
const SKIPPED_ON_THE_SMALLEST_DEVICE = ["replay::", "tuning_measures", "a_clock_that"].flatMap((name) => [
  "--skip",
  name,
]);

/** Checks of the native engine: on the processor, and on its software GPU. */
async function nativeEngine() {
  await cargo("rust lints and programs", ["test", "--no-run", "--quiet"], LINTING);
  await check("rust tests", () => rustTests("rust tests"));
  await check("rust tests on the smallest device", () =>
    rustTests(
      "rust tests on the smallest device",
      [
        ...ON_THE_SMALLEST_DEVICE.flatMap((name) => ["--test", name]),
        "--",
        ...SKIPPED_ON_THE_SMALLEST_DEVICE,
      ],
      { PALPABLE_TEST_DEVICE: "smallest" },
    ),
  );
}

/** Checks of the engine as the browser gets it, and of the page around it. */
async function browserEngineAndPage() {
  await program("engine for the browser", process.execPath, ["scripts/build-wasm.mjs"]);
  const linted = ["rustc", "--lib", "--crate-type", "rlib", "--profile", "wasm", "--target", WASM_TARGET];
  // Only the lints matter; the compiled result is not used.
  await cargo("rust lints for the browser", [...linted, "--quiet", "--", "-C", "opt-level=0"], LINTING);
  await node("page lints and format", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]);
  await node("page types", "typescript/bin/tsc", ["--noEmit"]);
  await node("worker types", "typescript/bin/tsc", ["--noEmit", "-p", "tsconfig.worker.json"]);
  await node("script and test types", "typescript/bin/tsc", ["--noEmit", "-p", "tsconfig.node.json"]);
  await check("page functions", () => vitest("web"));
  await program("page", process.execPath, ["scripts/build-page.mjs"]);
  await check("browser", () => vitest("browser"));
}

await main(async () => {
  bringPackages();
  bringWasmTarget();
  // Found or installed here, before the checks, so that their messages appear on the screen.
  softwareVulkan();
  chromium();
  // The file of a package of its own, which cargo would not look at.
  await cargo("rust format", ["fmt", "--check", "--", "tools/wasm-bindgen/main.rs"]);
  // In parallel, since large parts of either keep one core busy and leave the others idle.
  await Promise.all([nativeEngine(), browserEngineAndPage()]);
  await check("licences of what ships", async () => {
    // Imported only now, since it needs a package that has just been installed.
    const { checkLicences } = await import("./licences.mjs");
    say(`${checkLicences()} packages ship, all under licences that allow it`);
    return { passed: 1 };
  });
  await check("known weaknesses of what ships", () => ({ passed: auditPackages() + auditCrates() }));
  for (const { name, line, ok } of measure()) {
    await check(`size of the ${name}`, () => {
      say(line);
      return ok ? { passed: 1 } : { failed: 1 };
    });
  }

  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed ? 1 : 0;
});
