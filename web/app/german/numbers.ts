/** Numbers within German sentences. */

const unrounded = new Intl.NumberFormat("de", { maximumFractionDigits: 6, useGrouping: false });

/** „0,85“ */
export const setting = (value: number) => unrounded.format(value);
