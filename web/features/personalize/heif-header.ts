/**
 * Tells whether a file is a HEIF picture, as phones take them (HEIC), and its size, by its boxes alone
 * (ISO/IEC 14496-12 and 23008-12), before any decoder reads it.
 */

/** Brands of HEVC, of AVIF, which uses the same container, and of the container itself. */
const BRANDS: ReadonlySet<string> = new Set([
  ...["heic", "heix", "heim", "heis", "hevc", "hevx"],
  ...["avif", "avis", "mif1", "msf1"],
]);

interface Box {
  type: string;
  /** Offsets of its content's beginning and end, as the file states them: they may exceed the file. */
  from: number;
  to: number;
}

/**
 * Largest of the sizes that the file names, since it may hold the picture as tiles, and also thumbnails.
 * `undefined` for other files. @throws RangeError if the header is cut off.
 */
export function readHeifSize(view: DataView): { width: number; height: number } | undefined {
  if (ascii(view, 4) !== "ftyp" || !brands(view).some((brand) => BRANDS.has(brand))) return undefined;
  const meta = child(view, { type: "file", from: 0, to: view.byteLength }, "meta");
  // Version and flags precede the box's content.
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

/** Brands of the file: the main one and, after its version, those that the file is compatible with. */
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

/** Boxes within a box. A size of 1 means that a 64-bit size follows the type; 0 means up to the end. */
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
