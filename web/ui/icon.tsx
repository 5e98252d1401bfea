/** Line icons of the page, drawn on a 24-unit grid. Decoration only: the words stand beside them. */
const PATHS = {
  personalize: "M12 3l1.9 5.1L19 10l-5.1 1.9L12 17l-1.9-5.1L5 10l5.1-1.9zM19 15v4M17 17h4M5 17v2M4 18h2",
  generate: "M4 5h16v14H4zM4 16l4.5-4.5L12 15l3-3 5 5M15.5 8.5h.01",
  gallery: "M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z",
  adapters: "M12 3l8 4.5-8 4.5-8-4.5zM4 12l8 4.5 8-4.5M4 16.5L12 21l8-4.5",
  evaluate: "M4 4v16h16M8 15l3.5-5 3 3L19 7",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  about: "M5 5h14v14H5zM9 9h6v6H9zM9 2v3M15 2v3M9 19v3M15 19v3M2 9h3M2 15h3M19 9h3M19 15h3",
  plus: "M12 5v14M5 12h14",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM15 13a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  crop: "M7 2v15h15M2 7h15v15",
  close: "M6 6l12 12M18 6L6 18",
  dice: "M5 5h14v14H5zM9 9h.01M15 15h.01M12 12h.01M15 9h.01M9 15h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.6-1.6",
  download: "M12 4v11M7.5 11L12 15.5 16.5 11M5 20h14",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.5v13l10-6.5z",
  stop: "M7 7h10v10H7z",
  star: "M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.6-5.1-2.7-5.1 2.7 1-5.6-4.1-4 5.7-.8z",
  trash: "M4 7h16M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10 11v5M14 11v5",
  again: "M5 12a7 7 0 1 1 2.2 5.1M5 19v-4.5h4.5",
  left: "M14.5 5.5L8 12l6.5 6.5",
  right: "M9.5 5.5L16 12l-6.5 6.5",
  swap: "M4 9h15M15.5 5.5L19 9l-3.5 3.5M20 15H5M8.5 11.5L5 15l3.5 3.5",
  open: "M4 7V5h6l2 2.5h8V19H4zM12 16.5v-5.5M9.5 13.2L12 10.8l2.5 2.4",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 8h.01",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** Icons that point along the writing direction, which may be right to left. */
const ALONG: ReadonlySet<IconName> = new Set(["left", "right"]);

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      class={ALONG.has(name) ? "icon along" : "icon"}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
