/**
 * Keeps what the engine found out about this device in the browser's store, so that later visits needn't find
 * it out again: the results of its first start, and how long the parts of trainings take. Each has one entry,
 * which belongs to the adapter and browser in use. The engine checks by the text itself whether it is about
 * the same kernels.
 */
import { adapterInfo } from "./device-name";

const STORE = "palpable-device";
/** Milliseconds for which a finding is believed: pages see no driver's version, and drivers are updated. */
const VALID = 14 * 24 * 3_600_000;

export interface DeviceMemo {
  read(): Promise<string | undefined>;
  keep(text: string): Promise<void>;
}

/** Kinds of findings that are kept; each is the path of its entry's address. */
export type Finding = "device-memo" | "step-times";

export async function openDeviceMemo(finding: Finding): Promise<DeviceMemo> {
  // Private windows of some browsers have no store: then each visit finds out anew.
  const store = "caches" in self ? await caches.open(STORE).catch(() => undefined) : undefined;
  const address = await memoAddress(finding);
  return {
    read: async () => {
      const kept = await store?.match(address);
      const keptAt = Date.parse(kept?.headers.get("date") ?? "");
      return Date.now() - keptAt < VALID ? kept?.text() : undefined;
    },
    keep: async (text) => {
      if (!store) return;
      for (const old of await store.keys()) {
        if (new URL(old.url).pathname === address.pathname) await store.delete(old);
      }
      // Without room for it the next visit finds out anew.
      const headers = { date: new Date().toUTCString() };
      await store.put(address, new Response(text, { headers })).catch(() => undefined);
    },
  };
}

/** Address that keys the entry. It names adapter and browser, since their versions change the results. */
async function memoAddress(finding: Finding): Promise<URL> {
  const info = await adapterInfo();
  const adapter = [info?.vendor, info?.architecture, info?.device, info?.description].join("/");
  const address = new URL(`/${finding}`, self.location.origin);
  address.search = new URLSearchParams({ adapter, browser: navigator.userAgent }).toString();
  return address;
}
