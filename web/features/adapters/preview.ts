/**
 * The picture that an adapter is known by: the one its file brought, or its training's last preview, else the first that
 * was drawn with it, or one of its strengths. None is taken while pictures aren't kept, and none that was drawn on
 * another one, which may be a photo.
 */
import type { Picture } from "../../engine/contract";
import { toCanvas } from "../../ui/picture-view";
import { keepNew } from "../gallery/gallery";
import type { Wish } from "../generate/wish";
import { library, update } from "./library";
import { toJpeg } from "./thumbnail";

/** From now on the adapter is known by this picture. */
export async function setPreview(key: string, picture: Picture): Promise<void> {
  if (!keepNew.value) return;
  const jpeg = await toJpeg(toCanvas(picture));
  const exported = library.value.find((entry) => entry.key === key)?.preview?.exported ?? true;
  update(key, { preview: { jpeg, exported } });
}

/** The first picture that was drawn with an adapter alone stands for it. */
export async function keepFirstPicture({ adapters, start }: Wish, picture: Picture): Promise<void> {
  const [adapter, ...others] = adapters;
  if (!adapter || others.length > 0 || adapter.strength === 0 || start) return;
  const entry = library.value.find(({ key }) => key === adapter.key);
  if (entry && !entry.preview) await setPreview(adapter.key, picture);
}
