import { expect, test, vi } from "vitest";
import { parseModelAddress } from "../../web/engine/model-address";
import { allowHost, guardNetwork } from "../../web/engine/worker/network";

const hub = (repository: string, revision = "main", file?: string) => ({
  kind: "hub",
  repository,
  revision,
  ...(file !== undefined && { file }),
});

test.each([
  ["stable-diffusion-v1-5/stable-diffusion-v1-5", hub("stable-diffusion-v1-5/stable-diffusion-v1-5")],
  [" stabilityai/sd-turbo@fp16 ", hub("stabilityai/sd-turbo", "fp16")],
  ["someone/model/v1-5.safetensors", hub("someone/model", "main", "v1-5.safetensors")],
  ["https://huggingface.co/nota-ai/bk-sdm-tiny", hub("nota-ai/bk-sdm-tiny")],
  ["https://huggingface.co/a/b/tree/v2", hub("a/b", "v2")],
  ["https://huggingface.co/a/b/blob/main/x.safetensors", hub("a/b", "main", "x.safetensors")],
  ["https://hf.co/a/b/resolve/main/sub/x.safetensors?download=true", hub("a/b", "main", "sub/x.safetensors")],
  ["https://huggingface.co/a/100%", hub("a/100%")],
  ["https://example.org/m.safetensors", { kind: "address", url: "https://example.org/m.safetensors" }],
  ["ftp://example.org/m", undefined],
  ["model", undefined],
  ["a/b/c", undefined],
  ["", undefined],
])("%s", (written, choice) => {
  expect(parseModelAddress(written)).toEqual(choice);
});

test("the worker connects to no host that wasn't named", async () => {
  const reached = vi.fn(async () => new Response());
  const scope = { fetch: reached as unknown as typeof fetch, location: { origin: "https://studio.example" } };
  guardNetwork(scope);
  await scope.fetch("/models/demo/files.json");
  await scope.fetch(new URL("https://studio.example/x"));
  await expect(scope.fetch("https://hub.example/x")).rejects.toThrow("Nobody asked");
  await expect(scope.fetch(new Request("https://hub.example/x"))).rejects.toThrow("Nobody asked");
  expect(reached).toHaveBeenCalledTimes(2);
  allowHost(new URL("https://hub.example/a/b"));
  await scope.fetch("https://hub.example/x");
  await expect(scope.fetch("https://other.example/x")).rejects.toThrow("Nobody asked");
  expect(reached).toHaveBeenCalledTimes(3);
});
