/** Numbers within German sentences, which can import nothing of the page (see `language.ts`). */

const unrounded = new Intl.NumberFormat("de", { maximumFractionDigits: 6, useGrouping: false });

/** „0,85“ */
export const plainNumber = (value: number) => unrounded.format(value);
