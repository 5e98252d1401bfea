import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchAtMost } from "../../web/features/adapters/fetch-at-most";
import { linkedAdapter, linkTo } from "../../web/features/adapters/link";

afterEach(() => vi.unstubAllGlobals());

const asking = (address: string) => linkedAdapter(`from=${encodeURIComponent(address)}`);

describe("a link that asks for an adapter", () => {
  test("names the file and the server", () => {
    const found = asking("https://huggingface.co/me/dog/resolve/main/my%20dog.safetensors?download=true");
    expect(found).toMatchObject({ fileName: "my dog.safetensors", address: { host: "huggingface.co" } });
  });

  test("is none where the address names something else", () => {
    expect(linkedAdapter(undefined)).toBeUndefined();
    expect(linkedAdapter("4f0c")).toBeUndefined();
  });

  test.each([
    ["javascript:alert(1)//x.safetensors"],
    ["data:text/plain,x.safetensors"],
    ["file:///home/me/x.safetensors"],
    ["http://example.org/x.safetensors"],
    ["https://me:secret@example.org/x.safetensors"],
    ["https://example.org/x.ckpt"],
    ["https://example.org/"],
    ["x.safetensors"],
    [`https://example.org/${"x".repeat(2000)}.safetensors`],
  ])("%.60s is refused", (address) => expect(asking(address)).toBe("refused"));

  test.each([["from="], ["from=%"], ["from=%E0%A4%A"]])("%s is refused", (subject) =>
    expect(linkedAdapter(subject)).toBe("refused"),
  );

  test("made here, it is followed here", () => {
    vi.stubGlobal("location", { origin: "https://studio.example" });
    const link = linkTo(" https://example.org/a/my-dog.safetensors ");
    expect(link).toBe(
      "https://studio.example/#/adapters/from=https%3A%2F%2Fexample.org%2Fa%2Fmy-dog.safetensors",
    );
    expect(linkedAdapter(link?.split("/").at(-1))).toMatchObject({ fileName: "my-dog.safetensors" });
    expect(linkTo("http://example.org/my-dog.safetensors")).toBeUndefined();
  });
});

describe("fetching what a link asks for", () => {
  const answering = (answer: () => Response | Promise<Response>) => {
    const fake = vi.fn(async (..._: Parameters<typeof fetch>) => answer());
    vi.stubGlobal("fetch", fake);
    return fake;
  };

  test("brings the bytes, without cookies or referrer", async () => {
    const fake = answering(() => new Response(Uint8Array.of(1, 2, 3)));
    expect(await fetchAtMost("https://example.org/x.safetensors", 3)).toEqual({
      bytes: Uint8Array.of(1, 2, 3),
    });
    expect(fake.mock.calls[0]?.[1]).toEqual({ credentials: "omit", referrerPolicy: "no-referrer" });
  });

  test("ends where the server says that there is too much", async () => {
    answering(() => new Response("abcd", { headers: { "content-length": "5000" } }));
    expect(await fetchAtMost("https://example.org/x", 4)).toEqual({ problem: "tooLarge" });
  });

  test("ends where more comes than the server said", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        sent++;
        stream.enqueue(new Uint8Array(1000));
      },
    });
    answering(() => new Response(endless, { headers: { "content-length": "10" } }));
    expect(await fetchAtMost("https://example.org/x", 5000)).toEqual({ problem: "tooLarge" });
    expect(sent).toBeLessThan(10);
  });

  test.each([
    ["refuses", () => new Response(null, { status: 404 })],
    ["can't be reached", () => Promise.reject(new TypeError("Failed to fetch"))],
  ])("says so where the server %s", async (_, answer) => {
    answering(answer);
    expect(await fetchAtMost("https://example.org/x", 10)).toEqual({ problem: "unreachable" });
  });
});
