/** The sample subjects that come with the demo model: drawings the model has never seen. */
import subjects from "../../../models/demo/subjects/subjects.json";
import { text } from "../../app/text";
import { SITE_FOLDER } from "../../engine/site";
import { DEMO_FOLDER } from "../models/model";
import { PhotoProblem, readPhoto, type SubjectPhoto } from "./photos";

export interface SampleSubject {
  name: string;
  classNoun: string;
  description: string;
  /** Address of the picture in the choice of subjects, made by `scripts/thumbnails.mjs`. */
  thumbnail: string;
  images: string[];
}

const FOLDER = `${DEMO_FOLDER}subjects/`;
const THUMBNAILS = `${SITE_FOLDER}samples/`;
/** Side of a thumbnail, in pixels. */
export const THUMBNAIL_SIDE = 160;

/** The samples. They are known when the page is built, so that the first paint has room for all of them. */
export const samples: readonly SampleSubject[] = Object.entries(subjects).map(([name, subject]) => ({
  name,
  classNoun: subject.class_word,
  description: subject.description,
  thumbnail: `${THUMBNAILS}${name}.webp`,
  images: subject.images.map((path) => FOLDER + path),
}));

/** The sample that shows a first visitor how it works. */
export const FIRST_SAMPLE = "dog";

export function readSamplePhotos(subject: SampleSubject): Promise<SubjectPhoto[]> {
  return Promise.all(
    subject.images.map(async (address, index) => {
      const answer = await fetch(address).catch(() => undefined);
      if (!answer?.ok) throw new PhotoProblem(text.photos.sampleMissing);
      return readPhoto(await answer.blob(), text.photos.sampleName(subject.classNoun, index + 1));
    }),
  );
}
