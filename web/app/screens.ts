/** Screens in the order of header and keys. In its own file, so that tests can import it without a page. */
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
