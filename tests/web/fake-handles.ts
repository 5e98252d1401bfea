/** What the File System Access API gives for picked files and folders, as far as the page uses it. */

abstract class FakeHandle {
  permission: PermissionState = "granted";
  /** What the visitor answers. */
  answer: PermissionState = "granted";
  /** How often the visitor was asked. */
  asked = 0;

  constructor(readonly name: string) {}

  queryPermission = async () => this.permission;

  requestPermission = async () => {
    if (this.permission !== "prompt") return this.permission;
    this.asked += 1;
    this.permission = this.answer;
    return this.permission;
  };

  isSameEntry = async (other: unknown) => other === this;
}

export class FakeFileHandle extends FakeHandle {
  readonly kind = "file";

  constructor(
    name: string,
    /** `undefined` when it is gone. */
    public file: File | undefined,
  ) {
    super(name);
  }

  getFile = async () => {
    if (!this.file) throw new DOMException("gone", "NotFoundError");
    return this.file;
  };
}

export class FakeDirectoryHandle extends FakeHandle {
  readonly kind = "directory";

  constructor(
    name: string,
    readonly children: readonly (FakeFileHandle | FakeDirectoryHandle)[],
  ) {
    super(name);
  }

  async *entries() {
    for (const child of this.children) yield [child.name, child] as const;
  }
}

/** As the page's types know it. */
export const asHandle = (fake: FakeFileHandle | FakeDirectoryHandle) => fake as unknown as FileSystemHandle;

export const fileHandle = (name: string, content = "content", lastModified = 1000) =>
  new FakeFileHandle(name, new File([content], name, { lastModified }));
