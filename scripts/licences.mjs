/**
 * Licences of everything that ships with the page, from npm and cargo: writes the file for the page's list,
 * and checks that each licence allows shipping. Only what is in the download counts, not what builds or tests
 * it.
 */
import fs from "node:fs";
import path from "node:path";
import satisfies from "spdx-satisfies";
import { ask, main, ROOT, Stop } from "./run.mjs";

/** @typedef {{ name: string, version: string, licence: string, source: string, texts: number[], apart?: string }} Package */
/** @typedef {{ packages: Package[], texts: string[] }} Licences */
/** @typedef {Omit<Package, "texts"> & { folder: string }} Found */

const FILE = "licences.json";
const TARGET = "wasm32-unknown-unknown";

/** Allowed licences: permissive ones, and MPL 2.0, which only wants changes to its own files published. */
const ALLOWED = [
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MPL-2.0",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
];

/**
 * Libraries under the LGPL. Each ships unchanged as a separate file, which may be replaced and is fetched
 * only when needed. `file` is that file, `texts` the package's files with the licences of all that is in it.
 * @type {Record<string, { licence: string, file: string, texts: string[] }>}
 */
export const APART = {
  "libheif-js": {
    licence: "LGPL-3.0",
    file: "libheif-wasm/libheif-bundle.mjs",
    texts: ["libheif-wasm/LICENSE"],
  },
};

/** Vite plugin: `licences.json` beside the page. @returns {import("vite").Plugin} */
export function licences() {
  return {
    name: "palpable-licences",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url !== `/${FILE}`) return next();
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(collect()));
      });
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: FILE, source: JSON.stringify(collect()) });
    },
  };
}

/** @returns {Licences} */
function collect() {
  /** @type {string[]} */
  const texts = [];
  const packages = shipped().map(({ folder, ...found }) => {
    const apart = APART[found.name];
    const own = [...licenceTexts(folder), ...readTexts(folder, apart?.texts ?? [])].map((text) => {
      if (!texts.includes(text)) texts.push(text);
      return texts.indexOf(text);
    });
    return { ...found, texts: own, ...(apart && { apart: path.basename(apart.file) }) };
  });
  return { packages, texts };
}

/** All packages that ship, sorted by name. @returns {Found[]} */
function shipped() {
  return [...npmPackages(), ...crates()].sort((one, other) => one.name.localeCompare(other.name));
}

/** @returns {Found[]} */
function npmPackages() {
  const lock = JSON.parse(fs.readFileSync(path.join(ROOT, "package-lock.json"), "utf8"));
  return Object.entries(lock.packages)
    .filter(([place, { dev }]) => place !== "" && !dev)
    .map(([place]) => {
      const folder = path.join(ROOT, place);
      const { name, version, license } = JSON.parse(
        fs.readFileSync(path.join(folder, "package.json"), "utf8"),
      );
      return {
        name,
        version,
        licence: license ?? "",
        source: `https://www.npmjs.com/package/${name}/v/${version}`,
        folder,
      };
    });
}

/**
 * Crates that are linked into the engine for the browser, without macros and build scripts.
 * @returns {Found[]}
 */
function crates() {
  const tree = ask("cargo", [
    ...["tree", "--locked", "--edges", "normal,no-proc-macro", "--target", TARGET],
    ...["--prefix", "none", "--format", "{p}|{l}|{r}"],
  ]);
  const metadata = ask("cargo", [
    "metadata",
    "--locked",
    "--format-version",
    "1",
    "--filter-platform",
    TARGET,
  ]);
  if (!tree || !metadata) throw new Stop("cargo could not list the engine's dependencies.");
  /** @type {{ name: string, version: string, manifest_path: string }[]} */
  const known = JSON.parse(metadata).packages;
  const lines = new Set(tree.split("\n").map((line) => line.replace(/ \(\*\)$/, "")));
  return [...lines].flatMap((line) => {
    const [, name = "", version = "", licence = "", source = ""] =
      /^(\S+) v(\S+)[^|]*\|([^|]*)\|(.*)$/.exec(line) ?? [];
    const manifest = known.find((crate) => crate.name === name && crate.version === version)?.manifest_path;
    if (!manifest || name === "palpable") return [];
    const address = source || `https://crates.io/crates/${name}/${version}`;
    // Old crates write a slash for OR.
    const expression = licence.replace(/\s*\/\s*/g, " OR ");
    return { name, version, licence: expression, source: address, folder: path.dirname(manifest) };
  });
}

/** @param {string} folder */
const licenceTexts = (folder) =>
  readTexts(
    folder,
    fs
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice|unlicense)/i.test(entry.name))
      .map(({ name }) => name),
  );

/** @param {string} folder @param {string[]} files */
const readTexts = (folder, files) =>
  files.map((file) => fs.readFileSync(path.join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());

/** Number of packages that ship. @throws Stop that names those whose licence doesn't allow it. */
export function checkLicences() {
  const packages = shipped();
  const bad = packages.filter(
    ({ name, licence }) => !licence || (licence !== APART[name]?.licence && !satisfies(licence, ALLOWED)),
  );
  if (bad.length > 0) {
    const names = bad.map(({ name, licence }) => `${name} (${licence || "no licence"})`);
    throw new Stop(`May not ship with the page: ${names.join(", ")}.`);
  }
  return packages.length;
}

if (process.argv[1] === import.meta.filename) {
  await main(() => console.log(`${checkLicences()} packages ship, all under licences that allow it.`));
}
