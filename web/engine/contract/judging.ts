/** Scores of pictures by the judge, a CLIP and perhaps a DINO. */
/** A subject's photos as the judge of pictures sees them: unit vectors. */
export interface SubjectVectors {
  photos: number[][];
  /** CLIP's vectors of the subjects cut out of their photos, for photos in which that was possible. */
  foregrounds: number[][];
  /** Vectors from a DINO; empty without one. */
  dino: number[][];
}

/** How well a picture follows its prompt and keeps the subject. All are plain cosines except `clipScore`. */
export interface PictureScores {
  /** CLIP-T: cosine with the clean prompt. */
  textAlignment: number;
  /** Cosine with each element's phrase. */
  elements: number[];
  /** CLIPScore: 2.5 · max(cosine, 0), where the caption begins with "A photo depicts ". */
  clipScore: number;
  /** CLIP-I: mean cosine with the photos. */
  imageAlignment: number;
  /** CLIP-I of the subject cut out of the picture and the photos, if it stands out in them. */
  foreground?: number;
}

/** Scores of the photos themselves. */
export interface PhotoScores {
  /** `null` without prompts. */
  textAlignment: number | null;
  /** Mean cosine of each photo with the others; `null` for a single photo. */
  imageAlignment: number | null;
}
