/** The photos that are kept with an adapter: to train with once more, or to be deleted. */
import { announce } from "../../app/announce";
import { goTo } from "../../app/navigation";
import { text } from "../../app/text";
import { startAgain } from "../personalize/setup";
import { forgetPhotos, type LibraryEntry } from "./library";
import { readPhotos } from "./store";

const words = text.adapters.photos;

interface KeptPhotosProps {
  entry: LibraryEntry;
  attempt: (work: () => Promise<void>) => Promise<void>;
}

export function KeptPhotos({ entry, attempt }: KeptPhotosProps) {
  // Which photos show which of several things is not kept.
  const [noun, ...others] = entry.report.classNouns;
  return (
    <>
      <p>{words.kept(entry.photos)}</p>
      <div class="actions">
        {noun && others.length === 0 && (
          <button type="button" class="button" onClick={() => attempt(() => trainAgain(entry, noun))}>
            {words.again}
          </button>
        )}
        <button type="button" class="button quiet" onClick={() => attempt(() => forget(entry))}>
          {words.forget}
        </button>
      </div>
    </>
  );
}

async function trainAgain({ key, report }: LibraryEntry, noun: string): Promise<void> {
  const jpegs = await readPhotos(key);
  const files = jpegs.map((jpeg, at) => new File([jpeg as BlobPart], words.name(noun, at + 1)));
  await startAgain(files, noun, report.cleanPrompt ?? "");
  goTo("personalize");
}

async function forget(entry: LibraryEntry): Promise<void> {
  await forgetPhotos(entry);
  announce(words.forgotten);
}
