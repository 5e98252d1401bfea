/** What the engine says of the demo model, as far as the page goes by it. */
import type { ModelReport } from "../../web/engine/contract/models";

export const DEMO_REPORT: ModelReport = {
  name: "demo",
  precision: "f32",
  defaultSteps: 25,
  resolution: 128,
  latentSize: 16,
  parameters: 1,
  pictureBytes: 1,
};
