/**
 * Keeps the page for visits without a network, by a service worker, and handles new versions: they are
 * announced, and taken when the visitor says so and no tab is in the middle of work. Otherwise a new version
 * shows at the next visit.
 */
import { signal } from "@preact/signals";
import { SITE_FOLDER } from "../engine/site";
import { trustedScriptUrl } from "../engine/trusted-urls";
import type { UpdateCommand } from "../service-worker/update-command";
import { anyTabWorks } from "./working";

/** State of the update. `working`: the visitor asked for it while a tab was in the middle of work. */
export type Update = "none" | "ready" | "working";

export const update = signal<Update>("none");

/** Milliseconds between two looks for a new version, since a tab may stay open for days. */
const LOOK_EVERY = 60 * 60 * 1000;

let registration: ServiceWorkerRegistration | undefined;

export async function keepForOffline(): Promise<void> {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return;
  // If another tab takes the new version, this tab still shows the old page, until the visitor reloads it.
  if (navigator.serviceWorker.controller) {
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      update.value = "ready";
    });
  }
  try {
    registration = await navigator.serviceWorker.register(
      trustedScriptUrl(`${SITE_FOLDER}service-worker.js`),
    );
  } catch {
    // Private windows of some browsers have none: the page then needs its network.
    return;
  }
  announceWaiting(registration);
  registration?.addEventListener("updatefound", () => {
    registration?.installing?.addEventListener("statechange", () => announceWaiting(registration));
  });
  setInterval(() => void registration?.update().catch(() => undefined), LOOK_EVERY);
}

/** Announces a waiting version. Without a controller it is the first version, which is no news. */
function announceWaiting(registration: ServiceWorkerRegistration | undefined): void {
  if (registration?.waiting && navigator.serviceWorker.controller) update.value = "ready";
}

/** Reloads this tab into the new version; other tabs keep what they show and announce it. */
export async function takeUpdate(): Promise<void> {
  if (await anyTabWorks()) {
    update.value = "working";
    return;
  }
  const waiting = registration?.waiting;
  if (!waiting) {
    location.reload();
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting.postMessage({ type: "take-over" } satisfies UpdateCommand);
}

export function takeUpdateLater(): void {
  update.value = "none";
}
