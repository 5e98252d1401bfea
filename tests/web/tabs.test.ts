/** Several tabs of one browser, and a worker that the browser ends. */
import { effect } from "@preact/signals";
import * as Comlink from "comlink";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeLocks, type FakeTab } from "./fake-locks";

let browser: FakeLocks;

beforeEach(() => {
  vi.useFakeTimers();
  browser = new FakeLocks();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Runs as in that tab. Its modules keep their own state and the locks of the moment when they ask. */
async function inTab<T>(tab: FakeTab, work: () => Promise<T> | T): Promise<T> {
  vi.stubGlobal("navigator", { locks: tab });
  const working = work();
  await vi.advanceTimersByTimeAsync(1000);
  return working;
}

async function openTab() {
  vi.resetModules();
  const tab = browser.tab();
  const lead = await import("../../web/app/lead");
  const onFree = vi.fn();
  const onLost = vi.fn();
  return {
    tab,
    onFree,
    onLost,
    takeLead: () => inTab(tab, () => lead.takeLead(onFree, onLost)),
    stealLead: () => inTab(tab, () => lead.stealLead(onLost)),
  };
}

describe("the lead", () => {
  test("belongs to the first tab, and goes to the next when that one is gone", async () => {
    const [first, second] = [await openTab(), await openTab()];
    expect(await first.takeLead()).toBe(true);
    expect(await first.takeLead()).toBe(true);
    expect(await second.takeLead()).toBe(false);
    expect(await second.takeLead()).toBe(false);
    expect(second.onFree).not.toHaveBeenCalled();
    first.tab.close();
    await vi.advanceTimersByTimeAsync(1);
    expect(second.onFree).toHaveBeenCalledTimes(1);
    expect(await second.takeLead()).toBe(true);
  });

  test("can be taken: the tab that had it is told, and gets it back when the taker is gone", async () => {
    const [first, second] = [await openTab(), await openTab()];
    await first.takeLead();
    await second.takeLead();
    await second.stealLead();
    expect(first.onLost).toHaveBeenCalledTimes(1);
    expect(second.onFree).not.toHaveBeenCalled();
    expect(await second.takeLead()).toBe(true);
    expect(await first.takeLead()).toBe(false);
    second.tab.close();
    await vi.advanceTimersByTimeAsync(1);
    expect(first.onFree).toHaveBeenCalledTimes(1);
  });

  test("belongs to every tab where site data is blocked, and with it the locks", async () => {
    const { takeLead, tab } = await openTab();
    const refuse = () => Promise.reject(new DOMException("blocked", "SecurityError"));
    Object.assign(tab, { request: refuse, query: refuse });
    expect(await takeLead()).toBe(true);
    const { anyTabWorks } = await import("../../web/app/working");
    expect(await inTab(tab, anyTabWorks)).toBe(false);
    const { whileLocked } = await import("../../web/engine/run-folder");
    expect(await inTab(tab, () => whileLocked("a", async () => "done"))).toBe("done");
  });

  test("a reload meets its own lock for an instant and leads all the same", async () => {
    const [before, after] = [await openTab(), await openTab()];
    await before.takeLead();
    setTimeout(() => before.tab.close(), 100);
    expect(await after.takeLead()).toBe(true);
    expect(after.onFree).not.toHaveBeenCalled();
  });

  test("is nobody's in a browser without locks: every tab leads", async () => {
    vi.resetModules();
    const { takeLead } = await import("../../web/app/lead");
    vi.stubGlobal("navigator", {});
    expect(await takeLead(vi.fn(), vi.fn())).toBe(true);
  });
});

/** The page's end of an engine whose worker runs here. */
async function engineInTab(tab: FakeTab, open: () => Promise<unknown>) {
  vi.resetModules();
  const { EngineClient, pendingCalls } = await import("../../web/engine/client");
  const workerTab = browser.tab();
  class FakeWorker {
    readonly #port: MessagePort;

    constructor(_: string, { name = "" }: WorkerOptions) {
      const { port1, port2 } = new MessageChannel();
      void workerTab.request(name, () => new Promise(() => undefined));
      Comlink.expose({ open, continueTraining: () => new Promise(() => undefined) }, port1);
      port2.start();
      this.#port = port2;
    }

    postMessage = (message: unknown, transfer: Transferable[]) => this.#port.postMessage(message, transfer);
    addEventListener = (type: string, listener: EventListener) => this.#port.addEventListener(type, listener);
    removeEventListener = (type: string, listener: EventListener) =>
      this.#port.removeEventListener(type, listener);
    terminate = () => {
      workerTab.close();
      this.#port.close();
    };
  }
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("location", new URL("https://studio.example/"));
  vi.stubGlobal("navigator", { locks: tab });
  return { client: new EngineClient(), pendingCalls, killWorker: () => workerTab.close() };
}

describe("the engine's worker", () => {
  beforeEach(() => {
    vi.useRealTimers();
  });

  test("ended by the browser without a word: the training that waits for it fails with a fault", async () => {
    const { client, pendingCalls, killWorker } = await engineInTab(browser.tab(), async () => ({}));
    await client.open();
    expect(pendingCalls.value).toBe(0);
    const training = client.continueTraining("a", {} as never);
    expect(pendingCalls.value).toBe(1);
    killWorker();
    await expect(training).rejects.toMatchObject({ name: "EngineStopped" });
    expect(pendingCalls.value).toBe(0);
    client.dispose();
  });

  test("asked by an effect, is asked once, and not again by its own answer", async () => {
    const open = vi.fn(async () => ({}));
    const { client } = await engineInTab(browser.tab(), open);
    const stop = effect(() => {
      if (open.mock.calls.length < 10) void client.open();
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open).toHaveBeenCalledTimes(1);
    stop();
    client.dispose();
  });

  test("at work, every tab of the browser hears of it until it is done", async () => {
    const [mine, other] = [browser.tab(), browser.tab()];
    let finish: (report: unknown) => void = () => undefined;
    const finished = new Promise((resolve) => {
      finish = resolve;
    });
    const { client } = await engineInTab(mine, () => finished);
    const { tellOtherTabs, anyTabWorks } = await import("../../web/app/working");
    tellOtherTabs();
    const opened = client.open();
    await new Promise((resolve) => setTimeout(resolve));
    expect(await anyTabWorks()).toBe(true);
    vi.resetModules();
    const elsewhere = await import("../../web/app/working");
    vi.stubGlobal("navigator", { locks: other });
    expect(await elsewhere.anyTabWorks()).toBe(true);
    vi.stubGlobal("navigator", { locks: mine });
    finish({});
    await opened;
    await new Promise((resolve) => setTimeout(resolve));
    vi.stubGlobal("navigator", { locks: other });
    expect(await elsewhere.anyTabWorks()).toBe(false);
    vi.stubGlobal("navigator", { locks: mine });
    client.dispose();
  });
});
