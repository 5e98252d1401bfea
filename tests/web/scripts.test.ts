/** The scripts that people start, on a wrong option and asked for help. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Programs start slowly beside a compiler. */
const PATIENCE = 60_000;

const started = (script: string, option: string) =>
  spawnSync(process.execPath, [`scripts/${script}.mjs`, option], { encoding: "utf8" });

test(
  "a script says what it is for instead of doing it",
  () => {
    const { status, stdout } = started("thumbnails", "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^`node scripts\/thumbnails.mjs`: makes the small pictures of /);
    expect(stdout).toMatch(/ the results are kept with the sources\.\n$/);
  },
  PATIENCE,
);

test(
  "an option that a script doesn't have is one sentence",
  () => {
    for (const script of ["bench-dawn", "soak"]) {
      const { status, stderr } = started(script, "--stpes=2");
      expect(status).toBe(1);
      expect(stderr).toBe("Unknown option '--stpes'\n");
    }
  },
  PATIENCE,
);
