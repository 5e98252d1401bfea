/**
 * What the engine found out about this device at its first start, kept in the browser's store so that later visits
 * needn't find it out again. One entry: that of the adapter and browser in use. The engine looks at the text itself
 * to see whether it is about the same kernels.
 */
import { adapterInfo } from "./device-name";

const STORE = "palpable-device";

export interface DeviceMemo {
  read(): Promise<string | undefined>;
  keep(text: string): Promise<void>;
}

export async function openDeviceMemo(): Promise<DeviceMemo> {
  // Private windows of some browsers have no store: then each visit finds out anew.
  const store = "caches" in self ? await caches.open(STORE).catch(() => undefined) : undefined;
  const address = await memoAddress();
  return {
    read: async () => (await store?.match(address))?.text(),
    keep: async (text) => {
      if (!store) return;
      for (const old of await store.keys()) await store.delete(old);
      // Without room for it the next visit finds out anew.
      await store.put(address, new Response(text)).catch(() => undefined);
    },
  };
}

/** The store is keyed by addresses: one that names adapter and browser, whose versions change the results. */
async function memoAddress(): Promise<URL> {
  const info = await adapterInfo();
  const adapter = [info?.vendor, info?.architecture, info?.device, info?.description].join("/");
  const address = new URL("/device-memo", self.location.origin);
  address.search = new URLSearchParams({ adapter, browser: navigator.userAgent }).toString();
  return address;
}
