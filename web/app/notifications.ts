/** The system's notifications for who has gone to another tab or program meanwhile. Asked for by a click only. */
import { signal } from "@preact/signals";
import { text } from "./text";

export const permission = signal<NotificationPermission | "unavailable">(
  "Notification" in window ? Notification.permission : "unavailable",
);

export async function askToNotify(): Promise<void> {
  permission.value = await Notification.requestPermission();
}

/** Only where the page can't be seen. */
export async function notify(sentence: string): Promise<void> {
  if (permission.value !== "granted" || !document.hidden) return;
  const options: NotificationOptions = { body: sentence, icon: "/icons/icon-192.png", tag: "palpable" };
  // Phones show notifications of service workers alone.
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker) await worker.showNotification(text.appName, options);
  else new Notification(text.appName, options).onclick = () => window.focus();
}
