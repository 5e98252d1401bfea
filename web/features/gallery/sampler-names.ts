/**
 * Names that A1111's web UI writes into pictures for the engine's samplers: those of
 * `modules/sd_samplers_*.py`, followed by the schedule (`modules/sd_schedulers.py`). Its old and new versions
 * both understand that form. A schedule apart is for samplers that new versions (1.9 of 2024 and later) would
 * otherwise give another one than the model's own: 1.6 to 1.8 don't know its name.
 */
import type { SamplerName } from "../../engine/contract/generation";

export interface A1111Sampler {
  label: string;
  schedule?: "Uniform";
}

export const SAMPLER_NAMES: Readonly<Record<SamplerName, A1111Sampler>> = {
  ddim: { label: "DDIM" },
  pndm: { label: "PLMS" },
  euler: { label: "Euler" },
  "euler-a": { label: "Euler a" },
  "dpm++-2m": { label: "DPM++ 2M", schedule: "Uniform" },
  "dpm++-2m-karras": { label: "DPM++ 2M Karras" },
  "dpm++-2m-sde": { label: "DPM++ 2M SDE", schedule: "Uniform" },
  "dpm++-2m-sde-karras": { label: "DPM++ 2M SDE Karras" },
  "dpm++-sde": { label: "DPM++ SDE", schedule: "Uniform" },
  "dpm++-sde-karras": { label: "DPM++ SDE Karras" },
  unipc: { label: "UniPC" },
  lcm: { label: "LCM" },
  // Ancestral Euler on timesteps that count back from the last.
  turbo: { label: "Euler a SGM Uniform" },
};
