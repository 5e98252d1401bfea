/** Canvases that hold pixels and write them as PNGs, without a browser. They never scale: what is drawn fits as it is. */
import { deflateSync, inflateSync } from "node:zlib";
import { vi } from "vitest";
import { chunksOf, pngOf } from "./png";

interface Pixels {
  width: number;
  height: number;
  rgba: Uint8Array;
}

class FakeImageData {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

class FakeCanvas implements Pixels {
  rgba: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.rgba = new Uint8Array(4 * width * height);
  }

  getContext() {
    return {
      canvas: this,
      fillRect: () => this.rgba.fill(255),
      putImageData: ({ data }: FakeImageData) => this.rgba.set(data),
      getImageData: () => new FakeImageData(new Uint8ClampedArray(this.rgba), this.width, this.height),
      drawImage: (drawn: Pixels, ...place: number[]) => {
        const [width, height] = place.length > 2 ? place.slice(-2) : [drawn.width, drawn.height];
        if (drawn.width !== this.width || drawn.height !== this.height) throw new Error("would scale");
        if (width !== this.width || height !== this.height) throw new Error("would scale");
        this.rgba.set(drawn.rgba);
      },
    };
  }

  async convertToBlob(): Promise<Blob> {
    const stride = 4 * this.width;
    const rows = Array.from({ length: this.height }, (_, row) =>
      Buffer.concat([Uint8Array.of(0), this.rgba.subarray(row * stride, (row + 1) * stride)]),
    );
    return pngOf(this, 6, deflateSync(Buffer.concat(rows)));
  }
}

/** Reads what `FakeCanvas` wrote, also with further chunks. */
async function decoded(file: Blob): Promise<Pixels & { close(): void }> {
  const chunks = await chunksOf(file);
  const of = (wanted: string) => Buffer.from(chunks.find(({ type }) => type === wanted)?.data ?? []);
  const [width, height] = [of("IHDR").readUInt32BE(0), of("IHDR").readUInt32BE(4)];
  const rows = inflateSync(of("IDAT"));
  const rgba = Uint8Array.from(rows.filter((_, at) => at % (4 * width + 1) > 0));
  return { width, height, rgba, close: () => undefined };
}

export function stubCanvas(): void {
  vi.stubGlobal("ImageData", FakeImageData);
  vi.stubGlobal("OffscreenCanvas", FakeCanvas);
  vi.stubGlobal("createImageBitmap", decoded);
}
