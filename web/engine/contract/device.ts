/** What is known of the GPU. */
export interface DeviceReport {
  adapterName: string;
  backend: string;
  /** Empty where it isn't told, as in browsers. */
  driver: string;
  /** True for an adapter that computes on the CPU: correct, but slow. */
  software: boolean;
  /** True where weights can be kept as 16-bit floats. */
  float16: boolean;
  /** True where the GPU's matrix units multiply 16-bit floats. */
  matrixUnits: boolean;
  limits: {
    maxBufferSize: number;
    maxStorageBufferBindingSize: number;
    maxComputeWorkgroupStorageSize: number;
    maxComputeInvocationsPerWorkgroup: number;
  };
  /** Seconds that testing its arithmetic and measuring its tiles took at its first start; `null` until it is started. */
  firstStart: { test: number; tiles: number | null } | null;
  notes: string[];
}

/** What a device was given that the engine's GPU library doesn't know in browsers. */
export interface UnlistedFeatures {
  subgroups: boolean;
  /** Rows of the squares that its matrix units multiply, and threads of a subgroup. */
  matrixUnits?: { side: number; subgroupSize: number };
}
