/** Which buffers are destroyed, on a device of plain objects. */
import { expect, test } from "vitest";
import { watchBuffers } from "../../web/engine/worker/released-buffers";

/** A device that says which of its buffers were destroyed, and the table that refers to those in use. */
async function opened() {
  const destroyed: string[] = [];
  const device = {
    createBuffer: ({ label }: { label: string }) => ({ destroy: () => destroyed.push(label) }),
  };
  const gpu = { requestAdapter: async () => ({ requestDevice: async () => device }) } as unknown as GPU;
  const destroyReleased = watchBuffers(gpu);
  const adapter = await gpu.requestAdapter();
  const watched = (await adapter?.requestDevice()) as GPUDevice;
  const create = (label: string) => watched.createBuffer({ label, size: 4, usage: 0 });
  const destroyAllBut = (...held: unknown[]) =>
    destroyReleased({ length: held.length, get: (index: number) => held[index] });
  return { create, destroyAllBut, destroyed };
}

test("what the engine holds stays, among references to other things", async () => {
  const { create, destroyAllBut, destroyed } = await opened();
  const weights = create("weights");
  destroyAllBut(undefined, "text", weights, null, {});
  expect(destroyed).toEqual([]);
});

test("what it released is destroyed, once", async () => {
  const { create, destroyAllBut, destroyed } = await opened();
  const weights = create("weights");
  create("activations");
  destroyAllBut(weights);
  expect(destroyed).toEqual(["activations"]);
  create("picture");
  destroyAllBut(weights);
  expect(destroyed).toEqual(["activations", "picture"]);
  destroyAllBut();
  expect(destroyed).toEqual(["activations", "picture", "weights"]);
});
