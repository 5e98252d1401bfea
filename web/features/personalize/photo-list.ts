/** The photos of one subject: a sample's, or the visitor's own by drop or picker. */
import { computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { shownFileName } from "../../app/file-name";
import { text } from "../../app/text";
import { offerUndo, type Removal, withdrawUndo } from "../../app/undo";
import { MAX_PHOTOS, type PhotoChoice, PhotoProblem, readPhoto, type SubjectPhoto } from "./photos";
import { readSamplePhotos, type SampleSubject } from "./samples";

const words = text.personalize;

export class PhotoList {
  readonly #photos = signal<SubjectPhoto[]>([]);
  readonly #sample = signal<SampleSubject | undefined>(undefined);
  readonly #problems = signal<string[]>([]);
  readonly #opening = signal<string | undefined>(undefined);
  readonly #awaited = signal(0);
  #removal: Removal | undefined;
  /** Aborted when all photos are removed or replaced: what is on its way then must not come in. */
  #bringing = new AbortController();
  /** Aborted also when one's own photos take a sample's place: they go on coming in. */
  #fetching = new AbortController();

  readonly photos = computed(() => this.#photos.value);
  /** The sample in use; `undefined` with the visitor's own photos. */
  readonly sample = computed(() => this.#sample.value);
  /** Why some files can't be used. */
  readonly problems = computed(() => this.#problems.value);
  /** The name of the file that is being read. */
  readonly opening = computed(() => this.#opening.value);

  /** Number of a sample's photos that are being fetched. */
  readonly awaited = computed(() => this.#awaited.value);

  /**
   * Replaces the photos by a sample's, which are fetched once `quiet` resolves. The old ones go at once: what was
   * removed or cropped while the new ones are on their way would come back with them.
   */
  async chooseSample(subject: SampleSubject, quiet: Promise<void> = Promise.resolve()): Promise<void> {
    this.clear();
    const { signal: fetching } = this.#fetching;
    this.#sample.value = subject;
    this.#problems.value = [];
    this.#awaited.value = subject.images.length;
    try {
      await quiet;
      if (fetching.aborted) return;
      const read = await readSamplePhotos(subject);
      if (fetching.aborted) closeAll(read);
      else this.#replace(read);
    } catch (error) {
      if (!fetching.aborted) this.#note(error);
    } finally {
      if (!fetching.aborted) this.#awaited.value = 0;
    }
  }

  /**
   * Adds the visitor's own photos. The first that can be used takes a sample's place. `onUsable` is called before each
   * comes in, with the sample that it replaces. `problems`: of where they come from.
   */
  async addFiles(
    files: readonly File[],
    onUsable: (replaced: SampleSubject | undefined) => void = () => undefined,
    problems: readonly string[] = [],
  ): Promise<void> {
    this.#problems.value = [...problems];
    // If a removed photo came back later, there could be one too many.
    withdrawUndo(this.#removal);
    const { signal: bringing } = this.#bringing;
    for (const file of files) {
      if (this.#photos.value.length >= MAX_PHOTOS) {
        this.#problems.value = [...this.#problems.value, text.photos.tooMany(MAX_PHOTOS)];
        break;
      }
      this.#opening.value = shownFileName(file.name);
      try {
        const photo = await readPhoto(file, file.name);
        if (bringing.aborted) return photo.bitmap.close();
        onUsable(this.#sample.value);
        if (this.#sample.value) this.#dropSample();
        this.#photos.value = [...this.#photos.value, photo];
      } catch (error) {
        if (bringing.aborted) return;
        this.#note(error);
      } finally {
        if (!bringing.aborted) this.#opening.value = undefined;
      }
    }
  }

  /** Removes a photo. For some seconds that can be undone, crop and marks included. */
  remove(photo: SubjectPhoto): void {
    const place = this.#photos.value.findIndex(({ id }) => id === photo.id);
    this.#photos.value = this.#photos.value.toSpliced(place, 1);
    this.#removal = {
      sentence: words.removed(photo.name),
      bringBack: () => {
        this.#photos.value = this.#photos.value.toSpliced(place, 0, photo);
        announce(words.back);
      },
      letGo: () => photo.bitmap.close(),
    };
    offerUndo(this.#removal);
  }

  /** Hands over the visitor's own photos, if these aren't a sample's; the caller must close them. */
  takeOwn(): SubjectPhoto[] {
    if (this.#sample.value) return [];
    const own = this.#photos.value;
    this.#photos.value = [];
    return own;
  }

  /** Replaces the current photos by photos that `takeOwn` gave. */
  putBack(own: SubjectPhoto[]): void {
    this.clear();
    this.#photos.value = own;
  }

  change(photo: SubjectPhoto, choice: PhotoChoice): void {
    this.#photos.value = this.#photos.value.map((other) =>
      other.id === photo.id ? { ...other, ...choice } : other,
    );
  }

  /** Removes all photos, those that are on their way too. */
  clear(): void {
    this.#bringing.abort();
    this.#bringing = new AbortController();
    this.#opening.value = undefined;
    this.#dropSample();
  }

  #dropSample(): void {
    this.#fetching.abort();
    this.#fetching = new AbortController();
    this.#sample.value = undefined;
    this.#awaited.value = 0;
    this.#replace([]);
  }

  #replace(next: SubjectPhoto[]): void {
    withdrawUndo(this.#removal);
    closeAll(this.#photos.value);
    this.#photos.value = next;
  }

  #note(error: unknown): void {
    if (!(error instanceof PhotoProblem)) throw error;
    this.#problems.value = [...this.#problems.value, error.message];
  }
}

export function closeAll(photos: readonly SubjectPhoto[]): void {
  for (const { bitmap } of photos) bitmap.close();
}
