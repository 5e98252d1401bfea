/**
 * The picture that represents an adapter: the one in its file, or the last preview of its training, or else
 * the first picture drawn with it, or one of its strength strip. No picture is taken while pictures aren't
 * kept, and none that was drawn on another picture, which may be a photo.
 */
import type { Picture } from "../../engine/contract/generation";
import { toCanvas } from "../../ui/picture-view";
import { keepNew } from "../gallery/gallery";
import type { Wish } from "../generate/wish";
import { library, update } from "./library";
import { toJpeg } from "./thumbnail";

/** Makes this the picture that represents the adapter. */
export async function setPreview(key: string, picture: Picture): Promise<void> {
  if (!keepNew.value) return;
  const jpeg = await toJpeg(toCanvas(picture));
  const exported = library.value.find((entry) => entry.key === key)?.preview?.exported ?? true;
  update(key, { preview: { jpeg, exported } });
}

/** Takes the first picture that was drawn with an adapter alone to represent it. */
export async function keepFirstPicture({ adapters, start }: Wish, picture: Picture): Promise<void> {
  const [adapter, ...others] = adapters;
  if (!adapter || others.length > 0 || adapter.strength === 0 || start) return;
  const entry = library.value.find(({ key }) => key === adapter.key);
  if (entry && !entry.preview) await setPreview(adapter.key, picture);
}
