/**
 * Compiles pipelines ahead and side by side. The engine's runtime asks for each pipeline by `createComputePipeline`,
 * which the browser compiles on one thread while everything else waits, at the moment the pipeline is first used. Here
 * a dry run of the engine asks for all of them at once; each request is answered by a stand-in, the browser compiles
 * them by `createComputePipelineAsync`, on several threads where it has them, and the stand-ins take the results.
 */
import { whenDeviceOpens } from "./opened-devices";

/** Takes the place of a pipeline until that is compiled. */
class StandIn {
  #compiled: GPUComputePipeline | undefined;
  readonly #device: GPUDevice;
  readonly #descriptor: GPUComputePipelineDescriptor;

  constructor(device: GPUDevice, descriptor: GPUComputePipelineDescriptor) {
    this.#device = device;
    this.#descriptor = descriptor;
  }

  async compile(): Promise<void> {
    try {
      this.#compiled = await this.#device.createComputePipelineAsync(this.#descriptor);
    } catch {
      // An error of the pipeline is reported when it is used, like every other error of the device.
    }
  }

  get pipeline(): GPUComputePipeline {
    this.#compiled ??= createNow.call(this.#device, this.#descriptor);
    return this.#compiled;
  }

  getBindGroupLayout(index: number): GPUBindGroupLayout {
    return this.pipeline.getBindGroupLayout(index);
  }
}

let createNow: GPUDevice["createComputePipeline"];
/** Stand-ins given out during the current dry run; `undefined` outside of one. */
let collecting: StandIn[] | undefined;

/** To be called once, before the engine opens its device. */
export const compileOnRequest = (gpu: GPU): void => whenDeviceOpens(gpu, watchPipelines);

function watchPipelines(device: GPUDevice): void {
  createNow = device.createComputePipeline;
  device.createComputePipeline = (descriptor) => {
    if (!collecting) return createNow.call(device, descriptor);
    const standIn = new StandIn(device, descriptor);
    collecting.push(standIn);
    return standIn as unknown as GPUComputePipeline;
  };
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => {
      const pass = beginComputePass(passDescriptor);
      const setPipeline = pass.setPipeline.bind(pass);
      pass.setPipeline = (pipeline) =>
        setPipeline(pipeline instanceof StandIn ? pipeline.pipeline : pipeline);
      return pass;
    };
    return encoder;
  };
}

/** Runs `dryRun`, then compiles the pipelines that it asked for and reports the progress. */
export async function compileAhead(
  dryRun: () => void,
  progress: (done: number, of: number) => void,
): Promise<void> {
  const asked: StandIn[] = [];
  collecting = asked;
  try {
    dryRun();
  } finally {
    collecting = undefined;
  }
  let done = 0;
  progress(done, asked.length);
  await Promise.all(
    asked.map(async (standIn) => {
      await standIn.compile();
      done += 1;
      progress(done, asked.length);
    }),
  );
}
