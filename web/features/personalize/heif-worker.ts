/**
 * Decodes one HEIC photo for `heif.ts`, in its own worker, so that whatever a hostile file does to the
 * decoder ends with the worker. The decoder, libheif, is loaded as a separate, unchanged file, under its own
 * licence (LGPL).
 */

export interface HeifTask {
  /** Address of libheif. */
  decoder: string;
  bytes: Uint8Array;
  mostPixels: number;
}

export type HeifAnswer = { bitmap: ImageBitmap } | { problem: "noDecoder" | "damaged" };

/** The part of libheif that is used. It applies the photo's own rotation and mirroring. */
interface Libheif {
  HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
}

interface HeifImage {
  is_primary(): boolean;
  get_width(): number;
  get_height(): number;
  display(target: ImageData, done: (drawn: ImageData | null) => void): void;
}

self.addEventListener("message", async ({ data }: MessageEvent<HeifTask>) => {
  const answer = await decode(data);
  self.postMessage(answer, "bitmap" in answer ? { transfer: [answer.bitmap] } : {});
});

async function decode({ decoder, bytes, mostPixels }: HeifTask): Promise<HeifAnswer> {
  const start = await bring(decoder);
  if (!start) return { problem: "noDecoder" };
  try {
    const images = new (start().HeifDecoder)().decode(bytes);
    const image = images.find((one) => one.is_primary()) ?? images[0];
    if (!image) return { problem: "damaged" };
    const [width, height] = [image.get_width(), image.get_height()];
    if (width * height > mostPixels) return { problem: "damaged" };
    const pixels = await drawn(image, new ImageData(width, height));
    return pixels ? { bitmap: await createImageBitmap(pixels) } : { problem: "damaged" };
  } catch {
    return { problem: "damaged" };
  }
}

async function bring(address: string): Promise<(() => Libheif) | undefined> {
  try {
    return ((await import(/* @vite-ignore */ address)) as { default: () => Libheif }).default;
  } catch {
    return undefined;
  }
}

/** Draws the picture; `null` on failure. libheif's errors bypass its callback, as unhandled rejections. */
const drawn = (image: HeifImage, target: ImageData) =>
  new Promise<ImageData | null>((resolve) => {
    self.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      resolve(null);
    });
    image.display(target, resolve);
  });
