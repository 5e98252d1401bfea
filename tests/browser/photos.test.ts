/** One's own photos on a phone: orientation from EXIF, HEIC, the square crop by finger and by key, removal. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { deflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { APART } from "../../scripts/licences.mjs";
import { pngOf } from "../web/png";
import { redBlueJpeg, withOrientation } from "./photo-files";
import { openPage, openStudio, type Studio, withoutEngine } from "./studio";
import { dropFile, frameOf, middleOf, overflowsSideways, screenshot } from "./studio-steps";
import { PHONE } from "./visitor";

describe("photos", () => {
  let studio: Studio;
  let page: Page;
  let close: () => Promise<void>;

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "palpable-"));

  beforeAll(async () => {
    studio = await openStudio([]);
    ({ page, close } = await openPage(studio, PHONE, "personalize", withoutEngine));
    await page.getByText("5 photos").waitFor();
  });

  // One that fails before it has closed its dialog would make the next ones fail too.
  afterEach(() => page.evaluate(() => document.querySelector("dialog")?.close()));

  afterAll(async () => {
    await close();
    await studio.close();
    fs.rmSync(folder, { recursive: true });
  });

  const choose = (name: string, mimeType: string, buffer: Buffer) =>
    page.locator(".photo-picker input[type=file]").setInputFiles({ name, mimeType, buffer });
  const remove = (name: string) => page.getByRole("button", { name: `Remove ${name}` }).click();

  test("the subject is found: the crop is around it", async () => {
    await page.getByRole("button", { name: "Crop Sample dog, photo 5" }).click();
    await page.getByRole("button", { name: "Find the thing" }).click();
    await page.getByText("The box is around what stands out.").waitFor();
    // It stands in the lower half, about two thirds as large as the photo.
    const { left, top, width } = await page.locator(".crop-box").evaluate((box) => {
      const { left, top, width } = (box as HTMLElement).style;
      return { left: Number.parseFloat(left), top: Number.parseFloat(top), width: Number.parseFloat(width) };
    });
    expect(width).toBeGreaterThan(50);
    expect(width).toBeLessThan(80);
    expect(left).toBeGreaterThan(5);
    expect(top).toBeGreaterThan(25);
    await screenshot(page, "phone-found");
    await page.getByRole("button", { name: "Cancel" }).click();
  });

  test("a photo taken with the phone held upright stands upright", async () => {
    // Left half red, right half blue, stored lying; orientation 6 turns it by 90° clockwise: red is on top.
    await choose("upright.jpg", "image/jpeg", withOrientation(await redBlueJpeg(page, 128, 64), 6));
    await page.getByText("1 photo", { exact: true }).waitFor();
    const [top, bottom] = await tileColors(page);
    expect(top).toBe("red");
    expect(bottom).toBe("blue");
  });

  test("one is taken with the camera, another pasted", async () => {
    const buffer = Buffer.from(await redBlueJpeg(page, 64, 64));
    const [camera] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("button", { name: "Take a photo" }).click(),
    ]);
    expect(await camera.element().getAttribute("capture")).toBe("environment");
    await camera.setFiles({ name: "camera.jpg", mimeType: "image/jpeg", buffer });
    await page.getByText("2 photos").waitFor();
    await page.evaluate(
      (bytes) => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([new Uint8Array(bytes)], "pasted.jpg", { type: "image/jpeg" }));
        dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
      },
      [...buffer],
    );
    await page.getByText("3 photos").waitFor();
    await screenshot(page, "phone-camera");
    await remove("camera.jpg");
    await remove("pasted.jpg");
    await page.getByText("1 photo", { exact: true }).waitFor();
  });

  test("one is dropped; beside the place for it, nothing happens to the page", async () => {
    const file = path.join(folder, "dropped.jpg");
    fs.writeFileSync(file, await redBlueJpeg(page, 64, 64));
    // What the page leaves alone, the browser opens in its place, but for one without a window.
    await page.evaluate(() => {
      const left: string[] = [];
      Object.assign(window, { left });
      for (const type of ["dragover", "drop"]) {
        addEventListener(type, (event) => event.defaultPrevented || left.push(type));
      }
    });
    await dropFile(page, file, await middleOf(page.getByRole("heading", { level: 1 })));
    expect(await page.evaluate("left")).toEqual([]);
    await dropFile(page, file, await middleOf(page.locator(".photo-picker .drop-zone")));
    await page.getByText("2 photos").waitFor();
    expect(page.url()).toContain("#/personalize");
    await remove("dropped.jpg");
    await page.getByText("1 photo", { exact: true }).waitFor();
  });

  test("a folder is dropped: its photos come in; one without any gets a sentence", async () => {
    const trip = path.join(folder, "Trip");
    fs.mkdirSync(path.join(trip, "day", "raw"), { recursive: true });
    for (const name of ["10.jpg", "9.JPG", "day/1.jpg", "9.mask.png", "._9.jpg"]) {
      fs.writeFileSync(path.join(trip, name), await redBlueJpeg(page, 64, 64));
    }
    // Browsers list a hundred at a time.
    for (let at = 0; at < 200; at++) fs.writeFileSync(path.join(trip, `${at}.txt`), "");
    const zone = page.locator(".photo-picker .drop-zone");
    await dropFile(page, path.join(trip, "day", "raw"), await middleOf(zone));
    await page.getByText("picture is in the folder “raw”").waitFor();
    await dropFile(page, trip, await middleOf(zone));
    await page.getByText("4 photos").waitFor();
    const labels = page
      .locator(".photo-tile canvas")
      .evaluateAll((tiles) => tiles.map(({ ariaLabel }) => ariaLabel));
    expect((await labels).slice(1)).toEqual(["9.JPG", "10.jpg", "1.jpg"]);
    for (const name of ["9.JPG", "10.jpg", "1.jpg"]) await remove(name);
  });

  test("the crop follows a drag and the keys", async () => {
    await page.getByRole("button", { name: "Crop upright.jpg" }).click();
    const box = page.locator(".crop-box");
    const frame = await frameOf(box);
    await screenshot(page, "phone-crop");
    // A tall photo doesn't cover what is below it.
    await page.getByLabel("Size of the crop").tap({ trial: true });
    await box.scrollIntoViewIfNeeded();
    const middle = { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2 };
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.down();
    await page.mouse.move(middle.x, middle.y - frame.height, { steps: 4 });
    await page.mouse.up();
    const top = () => box.evaluate((element) => Number.parseFloat((element as HTMLElement).style.top));
    expect(await top()).toBe(0);
    await box.press("ArrowDown");
    const step = await top();
    expect(step).toBeGreaterThan(0);
    // Held down, a key comes faster than a busy page is rendered.
    const pressTwice = (key: string) =>
      box.evaluate((element, key) => {
        for (const _ of [1, 2]) element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      }, key);
    await pressTwice("ArrowDown");
    await expect.poll(top).toBeCloseTo(3 * step);
    await pressTwice("ArrowUp");
    await box.press("ArrowUp");
    await expect.poll(top).toBe(0);
    await box.press("-");
    await page.getByRole("button", { name: "Done" }).click();
    await page.locator(".dialog").waitFor({ state: "detached" });
    expect(await tileColors(page)).toEqual(["red", "red"]);
    const focused = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(focused).toBe("Crop upright.jpg");
  });

  test("two fingers make the crop smaller and larger, about their middle", async () => {
    await page.getByRole("button", { name: "Crop upright.jpg" }).click();
    const box = page.locator(".crop-box");
    const before = await frameOf(box);
    const [x, y] = [before.x + before.width / 2, before.y + before.height / 2];
    const fingers = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", apart: number[]) =>
      fingers.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: apart.flatMap((apart) => [
          { x: x - apart / 2, y, id: 0 },
          { x: x + apart / 2, y, id: 1 },
        ]),
      });
    const pinch = async (from: number, to: number) => {
      await touch("touchStart", [from]);
      for (const share of [0.25, 0.5, 0.75, 1]) await touch("touchMove", [from + share * (to - from)]);
      await touch("touchEnd", []);
      return frameOf(box);
    };
    const smaller = await pinch(100, 60);
    expect(smaller.width / before.width).toBeCloseTo(0.6, 1);
    expect(smaller.x + smaller.width / 2).toBeCloseTo(x, -1);
    const larger = await pinch(40, 60);
    expect(larger.width / smaller.width).toBeCloseTo(1.5, 1);
    await page.getByRole("button", { name: "Cancel" }).click();
  });

  test("a HEIC photo stands upright too, opened by a decoder that comes for it, as its makers built it", async () => {
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(request.url()));
    await remove("upright.jpg");
    expect(fetched.filter((url) => url.includes("libheif"))).toEqual([]);
    await choose("upright.heic", "image/heic", HEIC);
    await page.getByRole("button", { name: "Crop upright.heic" }).waitFor();
    expect(await tileColors(page)).toEqual(["red", "blue"]);
    const [address = ""] = fetched.filter((url) => url.includes("libheif"));
    const served = Buffer.from(await (await fetch(address)).arrayBuffer());
    expect(
      served.equals(fs.readFileSync(path.join("node_modules/libheif-js", APART["libheif-js"]?.file ?? ""))),
    ).toBe(true);
  });

  test("a damaged HEIC photo and a decoder that can't be fetched get a sentence", async () => {
    // Its picture's data is a row of zeros; then its file ends within it.
    const data = HEIC.lastIndexOf("mdat") + 4;
    await choose(
      "zeros.heic",
      "image/heic",
      Buffer.concat([HEIC.subarray(0, data), Buffer.alloc(HEIC.length - data)]),
    );
    await page.getByText("“zeros.heic” is damaged and can't be opened.").waitFor();
    await choose("short.heic", "image/heic", HEIC.subarray(0, data + 8));
    await page.getByText("“short.heic” is damaged and can't be opened.").waitFor();
    await page.route("**/libheif-*", (route) => route.abort());
    await choose("upright.heic", "image/heic", HEIC);
    await page.getByText("what opens those could not be fetched", { exact: false }).waitFor();
  });

  test("what is marked is taken back stroke by stroke", async () => {
    await page.getByRole("button", { name: "Crop upright.heic" }).click();
    await page.getByRole("button", { name: "Mark the thing" }).click();
    const brush = page.locator(".mask-brush");
    const box = await frameOf(brush);
    // The brush's ring shows too: it is put in the same place each time.
    const seen = async () => {
      await brush.press("ArrowLeft");
      await brush.press("ArrowRight");
      return brush.locator("canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    };
    const strokeTo = async (part: number) => {
      await page.mouse.move(box.x + 0.2 * box.width, box.y + part * box.height);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height, { steps: 5 });
      await page.mouse.up();
    };
    await strokeTo(0.5);
    const once = await seen();
    await strokeTo(0.8);
    const twice = await seen();
    expect(twice).not.toBe(once);
    const undo = page.getByRole("button", { name: "Undo" });
    await page.getByRole("button", { name: "Remove the marks" }).click();
    await undo.click();
    expect(await seen()).toBe(twice);
    await brush.press("Control+z");
    expect(await seen()).toBe(once);
    await undo.click();
    expect(await undo.isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Cancel" }).click();
  });

  test("a photo can be removed, and taken back", async () => {
    await remove("upright.heic");
    await page.locator(".photo-tile").waitFor({ state: "detached" });
    expect(await page.getByText("1 photo", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator(".photo-tile").waitFor();
    expect(await tileColors(page)).toEqual(["red", "blue"]);
  });

  test("a panorama can be cropped; what is thinner than any crop gets a sentence, and the next comes in", async () => {
    const jpeg = async (name: string, width: number, height: number) => ({
      name,
      mimeType: "image/jpeg",
      buffer: await redBlueJpeg(page, width, height),
    });
    await page
      .locator(".photo-picker input[type=file]")
      .setInputFiles([await jpeg("hair.jpg", 8000, 2), await jpeg("panorama.jpg", 8000, 100)]);
    await page.getByText("“hair.jpg” is smaller than 32 × 32 pixels.").waitFor();
    await page.getByRole("button", { name: "Remove panorama.jpg" }).click();
  });

  test("where a picture is transparent, nothing that was drawn before shows through", async () => {
    const [width, height] = [300, 100];
    const nothing = pngOf({ width, height }, 6, deflateSync(Buffer.alloc((1 + 4 * width) * height)));
    await choose("nothing.png", "image/png", Buffer.from(await nothing.arrayBuffer()));
    await page.getByRole("button", { name: "Crop nothing.png" }).click();
    await page.getByRole("button", { name: "Mark the thing" }).click();
    const brush = page.locator(".mask-brush");
    await brush.press("Space");
    await page.getByRole("button", { name: "Remove the marks" }).click();
    const white = await brush.locator("canvas").evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const pixels = (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height);
      return pixels?.data.every((value) => value === 255);
    });
    expect(white).toBe(true);
    await page.getByRole("button", { name: "Cancel" }).click();
    await remove("nothing.png");
  });

  test("the narrowest phone needs no sideways scrolling", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowsSideways(page)).toBe(false);
  });
});

/** Red and blue as above, with the rotation in its boxes and, as phones write it, once more in its EXIF. */
const HEIC = fs.readFileSync(path.join(import.meta.dirname, "../web/photos/lying-with-rotation.heic"));

/** The main colour near the top and near the bottom of the first tile. */
function tileColors(page: Page): Promise<string[]> {
  return page
    .locator(".photo-tile canvas")
    .first()
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const context = canvas.getContext("2d");
      return [0.1, 0.9].map((part) => {
        const [red = 0, , blue = 0] =
          context?.getImageData(canvas.width / 2, canvas.height * part, 1, 1).data ?? [];
        return red > 200 && blue < 80 ? "red" : blue > 200 && red < 80 ? "blue" : `${red},${blue}`;
      });
    });
}
