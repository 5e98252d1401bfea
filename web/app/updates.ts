/**
 * The page kept for visits without a network, by the service worker, and new versions of it: announced, and taken when
 * the visitor says so and no tab is in the middle of work. Left alone, a new version is there at the next visit.
 */
import { signal } from "@preact/signals";
import { trustedScriptUrl } from "../engine/trusted-urls";
import type { UpdateCommand } from "../service-worker/update-command";
import { anyTabWorks } from "./working";

/** `working`: it was asked for while a tab was in the middle of work. */
export type Update = "none" | "ready" | "working";

export const update = signal<Update>("none");

/** A tab may stay open for days. */
const LOOK_EVERY = 60 * 60 * 1000;

let registration: ServiceWorkerRegistration | undefined;

export async function keepForOffline(): Promise<void> {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return;
  // Another tab may take the new version for all: this one then shows an old page, as long as it likes.
  if (navigator.serviceWorker.controller) {
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      update.value = "ready";
    });
  }
  try {
    registration = await navigator.serviceWorker.register(trustedScriptUrl("/service-worker.js"));
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

/** The first version waits for nobody and is no news. */
function announceWaiting(registration: ServiceWorkerRegistration | undefined): void {
  if (registration?.waiting && navigator.serviceWorker.controller) update.value = "ready";
}

/** Reloads into the new version, in this tab; others keep what they show and say so. */
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
