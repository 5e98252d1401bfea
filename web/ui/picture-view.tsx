/** A picture from the engine, drawn pixel by pixel. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Picture } from "../engine/contract/generation";

/** Without a label, the picture is decoration inside an element that has one. */
export function PictureView({ picture, label }: { picture: Picture; label?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) paint(canvas.current, picture);
  }, [picture]);
  return (
    <canvas
      ref={canvas}
      class="picture"
      width={picture.width}
      height={picture.height}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    />
  );
}

function paint(canvas: HTMLCanvasElement, { width, height, rgba }: Picture): void {
  const data = new ImageData(new Uint8ClampedArray(rgba), width, height);
  canvas.getContext("2d")?.putImageData(data, 0, 0);
}

export function toCanvas({ width, height, rgba }: Picture): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
  return canvas;
}

export async function toPng(picture: Picture): Promise<Blob> {
  return toCanvas(picture).convertToBlob({ type: "image/png" });
}
