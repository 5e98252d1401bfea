/** The photos kept with an adapter, with buttons to train on them again and to delete them. */
import { announce } from "../../app/announce";
import { goTo } from "../../app/navigation";
import { text } from "../../app/text";
import { offerUndo } from "../../app/undo";
import { startAgain } from "../personalize/setup";
import { type LibraryEntry, setPhotos } from "./library";
import { readPhotos } from "./store";

const words = text.adapters.photos;

interface KeptPhotosProps {
  entry: LibraryEntry;
  attempt: (work: () => Promise<void>) => Promise<void>;
}

export function KeptPhotos({ entry, attempt }: KeptPhotosProps) {
  // It isn't kept which photos show which of several subjects.
  const [noun, ...others] = entry.report.classNouns;
  return (
    <>
      <p>{words.kept(entry.photos)}</p>
      <div class="actions">
        {noun && others.length === 0 && (
          <button type="button" class="button" onClick={() => attempt(() => trainAgain(entry, noun))}>
            {words.again(entry.photos)}
          </button>
        )}
        <button type="button" class="button quiet" onClick={() => attempt(() => forget(entry))}>
          {words.forget(entry.photos)}
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

/** Deletes the photos; that can be undone for some seconds. */
async function forget({ key }: LibraryEntry): Promise<void> {
  const jpegs = await readPhotos(key);
  await setPhotos(key, []);
  offerUndo({
    sentence: words.forgotten(jpegs.length),
    bringBack: async () => {
      await setPhotos(key, jpegs);
      announce(words.back);
    },
  });
}
