/** The bench's words in German. */
import type { BenchText } from "../../features/bench/text";

export const germanBench: BenchText = {
  title: "Wie schnell ist dieses Gerät?",
  lead: "Misst Palpables Berechnungen auf dieser GPU, einzeln und in ganzen Netzen, und stellt sie neben das, was die GPU bestenfalls schafft. Lass den Tab vorn und andere Programme ruhen.",
  what: "Was gemessen wird",
  plans: {
    quick: "Schnell: kleine Formen, das geladene Modell",
    operations: "Stable Diffusion 1.5: Operationen",
    networks: "Stable Diffusion 1.5: Netze",
  },
  software: "Dies ist ein Software-Adapter: Nur die schnelle Messung endet in vernünftiger Zeit.",
  memory: "Bei 512 × 512 mit zufälligen Gewichten. Braucht mehrere Gigabyte GPU-Speicher.",
  start: "Messung starten",
  cancel: "Abbrechen",
  waiting: "Die Messung beginnt, wenn das Modell geladen ist.",
  measuring: (name, done, total) => `${done + 1} von ${total}: ${name}`,
  finished: "Alles ist gemessen.",
  cancelled: "Abgebrochen. Was bis dahin gemessen wurde, steht unten.",
  results: "Ergebnisse",
  ceiling: (teraflops, f16, gigabytes) =>
    `Bestenfalls schafft diese GPU ${teraflops} TFLOP/s${f16 ? ` (${f16} in 16 Bit)` : ""} und bewegt ${gigabytes} GB/s.`,
  columns: {
    name: "Was",
    milliseconds: "ms",
    host: "eingereiht, ms",
    teraflops: "TFLOP/s",
    gigabytes: "GB/s",
    share: "vom Besten",
  },
  failed: (name, message) => `${name}: ${message}`,
  copy: "Für eine Meldung kopieren",
};
