/**
 * Where the site lies on its host: in the root, or in a folder beside other sites. Built scripts, the page's and the
 * workers', are in its `assets/`; unbuilt ones are served from the root.
 */
const script = import.meta.url;

/** Path of the site's folder: "/", or for instance "/palpable/". */
export const SITE = import.meta.env.DEV ? "/" : new URL("..", script).pathname;
