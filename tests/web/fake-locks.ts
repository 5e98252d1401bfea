/** Web Locks of one browser in memory, as far as the page uses them; each tab gets a view of its own that can close. */

interface Request {
  tab: FakeTab;
  name: string;
  shared: boolean;
  /** Begins to hold; called once. */
  grant: () => void;
  refuse: (reason: Error) => void;
}

export class FakeLocks {
  readonly #held: Request[] = [];
  readonly #waiting: Request[] = [];

  tab(): FakeTab {
    return new FakeTab(this);
  }

  request(tab: FakeTab, name: string, options: LockOptions, callback: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request: Request = {
        tab,
        name,
        shared: options.mode === "shared",
        grant: () => {
          const done = () => this.#release(request);
          Promise.resolve(callback()).then(resolve, reject).finally(done);
        },
        refuse: reject,
      };
      if (options.steal) this.#steal(name);
      options.signal?.addEventListener("abort", () => {
        if (remove(this.#waiting, request)) reject(new DOMException("left the queue", "AbortError"));
      });
      this.#waiting.push(request);
      this.#serve();
    });
  }

  holders(): { name: string }[] {
    return this.#held.map(({ name }) => ({ name }));
  }

  close(tab: FakeTab): void {
    for (const list of [this.#waiting, this.#held]) {
      for (const request of list.filter((other) => other.tab === tab)) remove(list, request);
    }
    this.#serve();
  }

  #steal(name: string): void {
    for (const request of this.#held.filter((other) => other.name === name)) {
      remove(this.#held, request);
      request.refuse(new DOMException("stolen", "AbortError"));
    }
  }

  #release(request: Request): void {
    if (remove(this.#held, request)) this.#serve();
  }

  #serve(): void {
    for (const request of [...this.#waiting]) {
      const others = this.#held.filter(({ name }) => name === request.name);
      if (others.some(({ shared }) => !shared || !request.shared)) continue;
      remove(this.#waiting, request);
      this.#held.push(request);
      queueMicrotask(request.grant);
    }
  }
}

export class FakeTab {
  constructor(readonly browser: FakeLocks) {}

  request = (name: string, options: LockOptions | (() => unknown), callback?: () => unknown) =>
    typeof options === "function"
      ? this.browser.request(this, name, {}, options)
      : this.browser.request(this, name, options, callback ?? (() => undefined));

  query = async () => ({ held: this.browser.holders() });

  /** As when it is closed, killed or crashes. */
  close(): void {
    this.browser.close(this);
  }
}

function remove<T>(list: T[], one: T): boolean {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}
