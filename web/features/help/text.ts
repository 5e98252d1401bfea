/** The words of the help and the tour; part of the page's `text`. */
export const helpTexts = {
  tour: {
    label: "Tour",
    step: (step: number, steps: number) => `Tour, ${step} of ${steps}`,
    steps: [
      [
        "Show it one thing of yours",
        "One to ten photos of the same thing, or a sample to try it out, and the ordinary word for it.",
      ],
      [
        "Say what you want to see, and train",
        "The training learns your thing and keeps to your wish. It runs on this device: no photo leaves it.",
      ],
      [
        "Draw with its new word",
        "The word works in any prompt. One click shows the same picture without what was learned.",
      ],
      [
        "Everything stays with you",
        "Pictures and adapters are kept in this browser until you delete them, and all of it works offline.",
      ],
    ] as [title: string, lead: string][],
    next: "Next",
    previous: "Previous",
    skip: "Skip the tour",
    end: "Got it",
  },

  help: {
    open: "Help and keys",
    title: "Help",
    keys: [
      [["1", "…", "7"], "go to a screen"],
      [["?"], "open this help"],
      [["Ctrl", "Enter"], "start the training or the picture, from any of its fields"],
      [["←", "→"], "newer or older picture, in the Gallery"],
      [["Ctrl", "Z"], "take back what was just removed"],
      [["Esc"], "close what is open"],
    ] as [keys: string[], what: string][],
    singleKeys: "Single keys act at once",
    singleKeysHint: "Switch it off if keys are pressed unasked, as with speech input.",
    device: "This device, for a report",
    tour: "Show the tour",
    close: "Close",
  },
};
