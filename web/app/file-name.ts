/** Names of files, as they stand in sentences. */

/** In characters; longer names are cut in the middle, since beginning and end tell files apart. */
const MOST = 60;

/** The name without marks that turn the reading direction, which would turn the rest of a sentence too. */
export function shownFileName(name: string): string {
  const letters = [...name.replace(/\p{Bidi_Control}/gu, "")];
  return letters.length <= MOST
    ? letters.join("")
    : `${letters.slice(0, 39).join("")}…${letters.slice(-20).join("")}`;
}
