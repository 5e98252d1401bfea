/** Safetensors files, with made-up numbers of 16 bits where none are given, the same at every run. */

/** By name: shape. */
export type Shapes = Record<string, readonly number[]>;

export interface Tensor {
  name: string;
  shape: readonly number[];
  dtype: "F16" | "F32";
  bytes: Buffer;
}

export const safetensorsFile = (shapes: Shapes): Buffer => fileOf(tensorsOf(shapes));

export const tensorsOf = (shapes: Shapes): Tensor[] =>
  Object.entries(shapes).map(([name, shape]) => ({
    name,
    shape,
    dtype: "F16",
    bytes: numbersOf(name, shape),
  }));

export function fileOf(tensors: readonly Tensor[]): Buffer {
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let end = 0;
  for (const { name, shape, dtype, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
    parts.push(bytes);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

/** What a file holds. */
export function tensorsIn(file: Buffer): Tensor[] {
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: _, ...header } = JSON.parse(file.subarray(8, start).toString());
  return Object.entries<{ dtype: Tensor["dtype"]; shape: number[]; data_offsets: [number, number] }>(
    header,
  ).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => ({
      name,
      shape,
      dtype,
      bytes: file.subarray(start + from, start + to),
    }),
  );
}

/** Matrices of small numbers of both signs; what has one axis is a norm's weight (one) or a bias (zero). */
function numbersOf(name: string, shape: readonly number[]): Buffer {
  const numbers = new Uint16Array(shape.reduce((product, side) => product * side, 1));
  if (shape.length === 1) numbers.fill(name.endsWith(".weight") ? ONE : 0);
  else {
    let state = 1 + name.length;
    for (let at = 0; at < numbers.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      // From 2^-6 to 2^-5, either sign.
      numbers[at] = ((state >>> 16) & 0x83ff) | 0x2400;
    }
  }
  return Buffer.from(numbers.buffer);
}

/** As a float of 16 bits. */
const ONE = 0x3c00;
