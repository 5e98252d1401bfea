/**
 * A model hub and the host it redirects to, two servers on this machine that behave like the real ones: listings with
 * sizes and SHA-256, redirects to another host, single ranges, gated repositories; the hub answers CORS preflights, the
 * other host doesn't.
 * What can go wrong with a file is set per path.
 */
import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  host: "hub" | "store";
  method: string;
  path: string;
  range: string | undefined;
  authorization: string | undefined;
}

/** Of one file; each is consumed by one request to the store. */
export interface Trouble {
  /** The connection is reset after so many bytes. */
  reset?: number;
  /** After so many bytes nothing comes any more. */
  stall?: number;
  /** One byte now and then. */
  drip?: true;
  status?: number;
  /** Ranges are ignored. */
  whole?: boolean;
  /** Bytes that are sent beyond what was asked for. */
  surplus?: number;
  /** The whole length in Content-Range. */
  total?: number;
}

export class FakeHub {
  readonly seen: Seen[] = [];
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  /** What the listing says instead of the file's own SHA-256. */
  readonly listedHash = new Map<string, string>();
  readonly troubles = new Map<string, Trouble[]>();
  /** Those who may read a gated repository. */
  token: string | undefined;
  repository = "someone/model";
  readonly #hub = http.createServer((request, response) => this.#answerAsHub(request, response));
  readonly #store = http.createServer((request, response) => this.#answerAsStore(request, response));

  async start(): Promise<void> {
    for (const server of [this.#hub, this.#store]) {
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    }
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#store]) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }

  get host(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  /** The other host: the same files without the listing. */
  get store(): string {
    return `http://127.0.0.1:${(this.#store.address() as AddressInfo).port}`;
  }

  put(path: string, content: string | Uint8Array<ArrayBuffer>): void {
    this.files.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }

  #note(host: Seen["host"], request: http.IncomingMessage): string {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://any").pathname);
    const { range, authorization } = request.headers;
    this.seen.push({ host, method: request.method ?? "", path, range, authorization });
    return path;
  }

  #answerAsHub(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = this.#note("hub", request);
    response.setHeader("access-control-allow-origin", "*");
    // Browsers ask before they send a token.
    if (request.method === "OPTIONS") {
      response.setHeader("access-control-allow-headers", "authorization, range");
      response.end();
      return;
    }
    if (path === `/api/models/${this.repository}/revision/main`) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(this.#listing()));
      return;
    }
    const file = path.replace(`/${this.repository}/resolve/commit1/`, "");
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      response.statusCode = request.headers.authorization ? 403 : 401;
      response.end("gated");
      return;
    }
    if (!this.files.has(file)) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.statusCode = 302;
    response.setHeader("location", `${this.store}/${file}`);
    response.end();
  }

  #listing() {
    const siblings = [...this.files].map(([rfilename, bytes]) => {
      const hash = this.listedHash.get(rfilename) ?? createHash("sha256").update(bytes).digest("hex");
      const large = rfilename.endsWith(".safetensors");
      const facts = { rfilename, size: bytes.length, blobId: `blob-${hash.slice(0, 8)}` };
      return large ? { ...facts, lfs: { sha256: hash, size: bytes.length, pointerSize: 134 } } : facts;
    });
    return {
      id: this.repository,
      sha: "commit1",
      tags: ["license:creativeml-openrail-m"],
      cardData: { license: "creativeml-openrail-m" },
      siblings,
    };
  }

  #answerAsStore(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = this.#note("store", request).slice(1);
    // The real one answers no preflight: a request that needs one would fail here in a browser.
    if (request.method !== "GET") {
      response.statusCode = 405;
      response.end();
      return;
    }
    const bytes = this.files.get(path);
    const trouble = this.troubles.get(path)?.shift();
    response.setHeader("access-control-allow-origin", "*");
    if (!bytes || trouble?.status) {
      response.statusCode = trouble?.status ?? 404;
      response.end();
      return;
    }
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const ranged = request.headers.range !== undefined && !trouble?.whole;
    const start = ranged ? Number(from) : 0;
    const end = ranged && to !== "" ? Number(to) + 1 : bytes.length;
    const total = trouble?.total ?? bytes.length;
    const piece = Buffer.concat([bytes.subarray(start, end), Buffer.alloc(trouble?.surplus ?? 0)]);
    response.statusCode = ranged ? 206 : 200;
    if (ranged) response.setHeader("content-range", `bytes ${start}-${end - 1}/${total}`);
    response.setHeader("content-length", piece.length);
    response.setHeader("etag", `"${createHash("sha1").update(bytes).digest("hex")}"`);
    this.#send(response, piece, trouble);
  }

  #send(response: http.ServerResponse, piece: Buffer, trouble: Trouble | undefined): void {
    if (trouble?.reset !== undefined) {
      response.write(piece.subarray(0, trouble.reset), () => response.destroy());
    } else if (trouble?.stall !== undefined) {
      response.write(piece.subarray(0, trouble.stall));
    } else if (trouble?.drip) {
      let at = 0;
      const timer = setInterval(() => {
        if (!response.write(piece.subarray(at, ++at))) clearInterval(timer);
      }, 5);
      response.on("close", () => clearInterval(timer));
    } else {
      response.end(piece);
    }
  }
}

/** Small, but with all that a model folder needs. */
export function fillWithModel(hub: FakeHub): void {
  const texts = [
    "model_index.json",
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "tokenizer/tokenizer_config.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "unet/config.json",
    "vae/config.json",
    "README.md",
  ];
  for (const path of texts) hub.put(path, `{"of": "${path}"}`);
  hub.put("text_encoder/model.safetensors", numbers(30_000, 1));
  hub.put("unet/diffusion_pytorch_model.safetensors", numbers(400_000, 2));
  hub.put("unet/diffusion_pytorch_model.fp16.safetensors", numbers(200_000, 3));
  hub.put("vae/diffusion_pytorch_model.safetensors", numbers(50_000, 4));
}

export const numbers = (count: number, seed: number) =>
  Uint8Array.from({ length: count }, (_, index) => (index * 31 + (index >> 8) * seed) % 256);
