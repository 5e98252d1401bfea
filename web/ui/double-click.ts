/**
 * Acts at a press, but not at the second one of a double click: that was meant for the button whose place this one took
 * in between.
 */
export const unlessDoubleClick = (act: () => void) => (event: MouseEvent) => {
  if (event.detail < 2) act();
};
