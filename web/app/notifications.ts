/** System notifications for visitors in another tab or program. Permission is asked for only at a click. */
import { signal } from "@preact/signals";
import { SITE_FOLDER } from "../engine/site";
import { text } from "./text";

export const permission = signal<NotificationPermission | "unavailable">(
  "Notification" in window ? Notification.permission : "unavailable",
);

export async function askToNotify(): Promise<void> {
  permission.value = await Notification.requestPermission();
}

/** Sends a notification, but only while the page can't be seen. */
export async function notify(sentence: string): Promise<void> {
  if (permission.value !== "granted" || !document.hidden) return;
  const options: NotificationOptions = {
    body: sentence,
    icon: `${SITE_FOLDER}icons/icon-192.png`,
    tag: "palpable",
  };
  // Phones only show notifications that come from service workers.
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker) await worker.showNotification(text.appName, options);
  else new Notification(text.appName, options).onclick = () => window.focus();
}
