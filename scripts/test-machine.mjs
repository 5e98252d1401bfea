/** Finds a software Vulkan driver and a Chromium, which tests need, or installs them where allowed. */
import fs from "node:fs";
import path from "node:path";
import { ask, run, Stop, say } from "./run.mjs";

/** Environment with Mesa's llvmpipe as the only Vulkan driver: the same adapter with or without a GPU. */
export function softwareVulkan() {
  if (process.platform !== "linux" || process.env.VK_DRIVER_FILES) return process.env;
  const driver = findDriver() ?? afterInstalling(["mesa-vulkan-drivers", "libvulkan1"], findDriver);
  if (!driver) {
    throw new Stop("No software Vulkan driver was found: install mesa-vulkan-drivers and libvulkan1.");
  }
  return { ...process.env, VK_DRIVER_FILES: driver };
}

function findDriver() {
  for (const folder of ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]) {
    const file =
      fs.existsSync(folder) && fs.readdirSync(folder).find((name) => /^lvp_icd.*\.json$/.test(name));
    if (file) return path.join(folder, file);
  }
  return undefined;
}

/** Path of a Chromium or Chrome; `PALPABLE_CHROMIUM` names another. */
export function chromium() {
  const found = findChromium() ?? afterInstalling(["chromium"], findChromium);
  if (!found) {
    throw new Stop("No Chromium was found: install chromium, or set PALPABLE_CHROMIUM to its program.");
  }
  return found;
}

function findChromium() {
  const named = process.env.PALPABLE_CHROMIUM;
  if (named) return named;
  const onPath = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const places = (process.env.PATH ?? "").split(path.delimiter);
  const candidates = [
    ...onPath.flatMap((name) => places.map((place) => path.join(place, name))),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ];
  return candidates.find((candidate) => fs.existsSync(candidate));
}

/**
 * Installs packages by apt-get if run as root, then finds again. Otherwise the caller says what to install.
 * @param {string[]} packages @param {() => string | undefined} find
 */
function afterInstalling(packages, find) {
  if (process.getuid?.() !== 0 || !ask("apt-get", ["--version"])) return undefined;
  say(`installing ${packages.join(", ")} (apt-get)`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], environment);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], environment);
  return find();
}
