/**
 * The picture that an adapter is known by: the one its file brought, else the first that was drawn with it, or one of
 * its strengths.
 */
import type { Picture } from "../../engine/contract";
import { toCanvas } from "../../ui/picture-view";
import { type LibraryEntry, library, update } from "./library";
import { toJpeg } from "./thumbnail";

/** From now on the adapter is known by this picture. */
export async function setThumbnail(key: string, picture: Picture): Promise<void> {
  const jpeg = await toJpeg(toCanvas(picture));
  const exported = library.value.find((entry) => entry.key === key)?.preview?.exported ?? true;
  update(key, { preview: { jpeg, exported } });
}

/** The first picture that was drawn with an adapter alone stands for it. */
export async function keepFirstPicture(
  adapters: readonly Pick<LibraryEntry, "key" | "strength">[],
  picture: Picture,
): Promise<void> {
  const [adapter, ...others] = adapters;
  if (!adapter || others.length > 0 || adapter.strength === 0) return;
  const entry = library.value.find(({ key }) => key === adapter.key);
  if (entry && !entry.preview) await setThumbnail(adapter.key, picture);
}
