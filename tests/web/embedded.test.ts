/** The model that comes with the page: a new version takes the old one's place only once it is whole. */
import { beforeEach, expect, test, vi } from "vitest";
import { embeddedModel } from "../../web/engine/worker/sources/embedded";

const FOLDER = "/models/demo/";

class FakeCache {
  readonly entries = new Map<string, Response>();
  match = async (address: URL) => this.entries.get(address.href)?.clone();
  delete = async (address: URL) => this.entries.delete(address.href);
  put = async (address: URL, response: Response) => {
    this.entries.set(address.href, new Response(await response.arrayBuffer()));
  };
}

const stores = new Map<string, FakeCache>();
/** What the site serves, by file name; nothing for what it can't. */
let served: Record<string, string> = {};

/** The site as of this version of the model, whose files hold its name. */
function publish(version: string): void {
  const files = ["one", "two"].map((path) => ({ path, bytes: version.length }));
  served = { "files.json": JSON.stringify({ name: "demo", version, files }), one: version, two: version };
}

beforeEach(() => {
  stores.clear();
  const caches = {
    open: async (name: string) => {
      const store = stores.get(name) ?? new FakeCache();
      stores.set(name, store);
      return store;
    },
    keys: async () => [...stores.keys()],
    delete: async (name: string) => stores.delete(name),
  };
  vi.stubGlobal("caches", caches);
  vi.stubGlobal("self", { caches, location: { origin: "https://studio.example" } });
  vi.stubGlobal("fetch", async (address: URL) => {
    const text = served[address.pathname.slice(FOLDER.length)];
    if (text === undefined) throw new TypeError("no network");
    return new Response(text);
  });
});

/** What a visit reads of the model's files. */
async function visit(): Promise<string> {
  const model = await embeddedModel(FOLDER, () => undefined);
  const parts = ["one", "two"].map(async (path) => {
    const bytes = await model.read(path, 0, (await model.length(path)) ?? 0);
    return new TextDecoder().decode(bytes);
  });
  return (await Promise.all(parts)).join(" ");
}

const versionsHere = () => [...stores.keys()].filter((name) => name.startsWith("palpable-model "));

test("later visits need no network, and a new version takes the old one's place", async () => {
  publish("first");
  expect(await visit()).toBe("first first");
  served = {};
  expect(await visit()).toBe("first first");
  publish("second");
  expect(await visit()).toBe("second second");
  expect(versionsHere()).toEqual(["palpable-model demo second"]);
});

test("broken off, a new version leaves the old one in use, and goes on where it was", async () => {
  publish("first");
  await visit();
  publish("second");
  delete served.two;
  expect(await visit()).toBe("first first");
  served = {};
  expect(await visit()).toBe("first first");
  publish("second");
  delete served.one;
  expect(await visit()).toBe("second second");
  expect(versionsHere()).toEqual(["palpable-model demo second"]);
});

test("a first visit without a network says what to do", async () => {
  served = {};
  await expect(visit()).rejects.toThrow("Check the connection");
});
