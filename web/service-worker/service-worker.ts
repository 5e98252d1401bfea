/**
 * Keeps the page for visits without a network: its files are fetched at the first visit, and for a new
 * version only those that changed. Files that only some visitors need are kept once they were needed. Models
 * are not among them: the engine's worker keeps those itself.
 *
 * A new version waits until no tab uses the old one, or until the visitor asks for it (see `app/updates.ts`).
 */
import { clientsClaim, setCacheNameDetails } from "workbox-core";
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst } from "workbox-strategies";
import type { UpdateCommand } from "./update-command";

declare const self: ServiceWorkerGlobalScope;
/** Every file of the page, from its folder on; put in by `scripts/service-worker.mjs`. */
declare const PAGE_FILES: { url: string; revision: string | null }[];
/** Files that are fetched only when they are needed; none ever changes under its name. */
declare const LATER_FILES: string[];

/** Holds files of the newest version only. */
const LATER_CACHE = "palpable-later";

// Sites in other folders of the host see its caches too, and leave those alone that bear another's name.
setCacheNameDetails({ prefix: "palpable" });
precacheAndRoute(PAGE_FILES);
const laterAddresses = LATER_FILES.map((file) => new URL(file, self.location.href).href);
const isLater = ({ href }: URL) => laterAddresses.includes(href);
registerRoute(({ url }) => isLater(url), new CacheFirst({ cacheName: LATER_CACHE }));
self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldLater());
});

async function dropOldLater(): Promise<void> {
  const cache = await caches.open(LATER_CACHE);
  const old = (await cache.keys()).filter(({ url }) => !isLater(new URL(url)));
  await Promise.all(old.map((request) => cache.delete(request)));
}

// Whatever stands behind the address (`?bench`, an adapter's link): the page is one file.
registerRoute(new NavigationRoute(createHandlerBoundToURL("index.html"), { denylist: [/\/models\//] }));
cleanupOutdatedCaches();
// So that the tab that installed this worker also works without a network from now on.
clientsClaim();

self.addEventListener("message", ({ data }) => {
  if ((data as UpdateCommand).type === "take-over") void self.skipWaiting();
});

// A notification leads back to the tab that sent it.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients
      .matchAll({ type: "window" })
      .then(([tab]) => tab?.focus() ?? self.clients.openWindow(self.registration.scope)),
  );
});
