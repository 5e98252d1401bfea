/** Pipelines compiled ahead, on a browser of plain objects. */
import { beforeEach, describe, expect, test } from "vitest";
import { compileAhead, compileOnRequest } from "../../web/engine/worker/pipelines";

/** Compiles what it is told to, later, and notes what passes are given. */
function fakeBrowser() {
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  const pipeline = (code: string) => ({
    code,
    getBindGroupLayout: (index: number) => `${code} layout ${index}`,
  });
  const device = {
    createComputePipeline: (descriptor: { code: string }) => {
      log.push(`now ${descriptor.code}`);
      return pipeline(descriptor.code);
    },
    createComputePipelineAsync: (descriptor: { code: string }) => {
      log.push(`async ${descriptor.code}`);
      return new Promise((resolve, reject) =>
        waiting.push(() =>
          descriptor.code === "broken" ? reject(new Error("no")) : resolve(pipeline(descriptor.code)),
        ),
      );
    },
    createCommandEncoder: () => ({
      beginComputePass: () => ({
        setPipeline: (given: { code?: string }) => log.push(`set ${given.code}`),
      }),
    }),
  };
  const gpu = { requestAdapter: async () => ({ requestDevice: async () => device }) };
  return { gpu: gpu as unknown as GPU, log, waiting };
}

const wanted = (code: string) => ({ code }) as unknown as GPUComputePipelineDescriptor;

describe("pipelines", () => {
  let browser: ReturnType<typeof fakeBrowser>;
  let device: GPUDevice;

  beforeEach(async () => {
    browser = fakeBrowser();
    compileOnRequest(browser.gpu);
    const adapter = await browser.gpu.requestAdapter();
    device = (await adapter?.requestDevice()) as GPUDevice;
  });

  const use = (pipeline: GPUComputePipeline) =>
    device.createCommandEncoder().beginComputePass().setPipeline(pipeline);

  test("of a dry run are compiled side by side and then used", async () => {
    const asked: GPUComputePipeline[] = [];
    const steps: string[] = [];
    const compiling = compileAhead(
      () => {
        for (const code of ["a", "b"]) asked.push(device.createComputePipeline(wanted(code)));
      },
      (done, of) => steps.push(`${done} of ${of}`),
    );
    expect(browser.log).toEqual(["async a", "async b"]);
    for (const compile of browser.waiting) compile();
    await compiling;
    expect(steps).toEqual(["0 of 2", "1 of 2", "2 of 2"]);
    for (const pipeline of asked) use(pipeline);
    expect(browser.log.slice(2)).toEqual(["set a", "set b"]);
    expect(asked[1]?.getBindGroupLayout(3)).toBe("b layout 3");
  });

  test("that the browser refuses are asked for again when they are used, in the usual way", async () => {
    let broken: GPUComputePipeline | undefined;
    const compiling = compileAhead(
      () => {
        broken = device.createComputePipeline(wanted("broken"));
      },
      () => undefined,
    );
    for (const compile of browser.waiting) compile();
    await compiling;
    expect(browser.log).toEqual(["async broken"]);
    use(broken as GPUComputePipeline);
    use(broken as GPUComputePipeline);
    expect(browser.log.slice(1)).toEqual(["now broken", "set broken", "set broken"]);
  });

  test("outside a dry run are compiled as ever", async () => {
    await compileAhead(
      () => undefined,
      () => undefined,
    );
    use(device.createComputePipeline(wanted("late")));
    expect(browser.log).toEqual(["now late", "set late"]);
  });

  test("a dry run that fails leaves the usual way behind", async () => {
    const failed = compileAhead(
      () => {
        throw new Error("no memory");
      },
      () => undefined,
    );
    await expect(failed).rejects.toThrow("no memory");
    device.createComputePipeline(wanted("late"));
    expect(browser.log).toEqual(["now late"]);
  });
});
