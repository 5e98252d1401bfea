/**
 * Whether a file is a HEIF picture, as phones take them (HEIC), and how large: from its boxes alone (ISO/IEC 14496-12
 * and 23008-12), before a decoder is let at it.
 */

/** HEVC's brands, AVIF's, which the same container holds, and the container's own. */
const BRANDS: ReadonlySet<string> = new Set([
  ...["heic", "heix", "heim", "heis", "hevc", "hevx"],
  ...["avif", "avis", "mif1", "msf1"],
]);

interface Box {
  type: string;
  /** Where its content begins; what the file says, which may lie beyond its end. */
  from: number;
  to: number;
}

/**
 * The largest of the sizes that the file names: it may hold the picture as tiles, and thumbnails beside it.
 * `undefined` for other files. @throws RangeError where the header is cut off.
 */
export function readHeifSize(view: DataView): { width: number; height: number } | undefined {
  if (ascii(view, 4) !== "ftyp" || !brands(view).some((brand) => BRANDS.has(brand))) return undefined;
  const meta = child(view, { type: "file", from: 0, to: view.byteLength }, "meta");
  // Version and flags stand before what is in it.
  const properties = meta && child(view, { ...meta, from: meta.from + 4 }, "iprp");
  const container = properties && child(view, properties, "ipco");
  if (!container) return undefined;
  let largest: { width: number; height: number } | undefined;
  for (const { type, from } of boxes(view, container)) {
    if (type !== "ispe") continue;
    const size = { width: view.getUint32(from + 4), height: view.getUint32(from + 8) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

/** The main one, then, behind its version, those that the file is compatible with. */
function brands(view: DataView): string[] {
  const end = Math.min(view.getUint32(0), view.byteLength);
  const found = [ascii(view, 8)];
  for (let at = 16; at + 4 <= end; at += 4) found.push(ascii(view, at));
  return found;
}

function child(view: DataView, parent: Box, type: string): Box | undefined {
  for (const box of boxes(view, parent)) if (box.type === type) return box;
  return undefined;
}

/** A size of 1 stands for one of 64 bits behind the type; one of 0 for all the rest. */
function* boxes(view: DataView, { from, to }: Box): Generator<Box> {
  for (let at = from; at < to; ) {
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short;
    if (size < head) throw new RangeError("A box is smaller than its head.");
    yield { type: ascii(view, at + 4), from: at + head, to: Math.min(at + size, to) };
    at += size;
  }
}

const ascii = (view: DataView, at: number) =>
  String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
