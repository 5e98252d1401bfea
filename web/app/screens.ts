/** The screens in the order that header and keys have them. By itself, so that tests know them without a page. */
export const SCREENS = [
  "personalize",
  "generate",
  "gallery",
  "adapters",
  "evaluate",
  "models",
  "about",
] as const;
export type Screen = (typeof SCREENS)[number];
