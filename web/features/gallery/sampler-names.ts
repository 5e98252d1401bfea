/**
 * Names that A1111's web UI writes into pictures for the engine's samplers: those of
 * `modules/sd_samplers_*.py`, followed by the schedule (`modules/sd_schedulers.py`). Its old and new versions
 * both understand that form.
 */
import type { SamplerName } from "../../engine/contract";

export const SAMPLER_NAMES: Readonly<Record<SamplerName, string>> = {
  ddim: "DDIM",
  pndm: "PLMS",
  euler: "Euler",
  "euler-a": "Euler a",
  "dpm++-2m": "DPM++ 2M",
  "dpm++-2m-karras": "DPM++ 2M Karras",
  "dpm++-2m-sde": "DPM++ 2M SDE",
  "dpm++-2m-sde-karras": "DPM++ 2M SDE Karras",
  "dpm++-sde": "DPM++ SDE",
  "dpm++-sde-karras": "DPM++ SDE Karras",
  unipc: "UniPC",
  lcm: "LCM",
  // Ancestral Euler on timesteps that count back from the last.
  turbo: "Euler a SGM Uniform",
};
