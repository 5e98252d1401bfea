/** What the Gallery's tests do and look at: drawing, dropping, pixels, and what the storage holds. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { drawn } from "./studio-steps";

export const pixels = (canvas: Locator): Promise<number[]> =>
  canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext("2d");
    return [...(context?.getImageData(0, 0, width, height).data ?? [])];
  });

export const SOON = { timeout: 15_000 };

export const focused = (page: Page) => page.locator(":focus");

/** That many pictures are stored, each with its entry and thumbnail, and some with what they were drawn on. */
export async function kept(page: Page, pictures: number, starts = 0): Promise<void> {
  await expect.poll(async () => (await storedKeys(page)).length, SOON).toBe(3 * pictures + starts);
}

export async function generate(page: Page, prompt?: string): Promise<string> {
  if (prompt) await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  return drawn(page);
}

/** The stored picture shown large, in the form of `shownPixels`. */
export function pixelsOf(page: Page): Promise<string> {
  return page.locator("img.stored-image").evaluate(async (element) => {
    const image = element as HTMLImageElement;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    canvas.getContext("2d")?.drawImage(image, 0, 0);
    return canvas.toDataURL("image/png");
  });
}

export async function drop(page: Page, name: string, file: Blob): Promise<void> {
  const base64 = Buffer.from(await file.arrayBuffer()).toString("base64");
  await page.evaluate(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], name, { type: "image/png" }));
      for (const type of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    [name, base64] as const,
  );
}

/** Every key in a database, the Gallery's unless another is named, read past the page's own code. */
export function storedKeys(page: Page, name = "palpable-gallery", stores?: string[]): Promise<string[]> {
  return page.evaluate(
    async ([name, stores]) => {
      const settled = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await settled(indexedDB.open(name));
      const names = stores ?? [...database.objectStoreNames];
      const transaction = database.transaction(names);
      const keys = await Promise.all(
        names.map((name) => settled(transaction.objectStore(name).getAllKeys())),
      );
      database.close();
      return keys.flat().map(String);
    },
    [name, stores] as const,
  );
}

/** Whether leaving the page would be asked about. */
export const asksBeforeLeaving = (page: Page) =>
  page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
