/** Where the site lies on its host: in the root, or in a folder beside other sites. */

// Apart, since a bundler takes a `new URL` of a script's own address for a file to bring along.
const script = import.meta.url;

/**
 * Path of the site's folder: "/", or for instance "/palpable/". Built scripts, the page's and the workers', lie in its
 * `assets/`; unbuilt ones are served from the root.
 */
export const SITE_FOLDER = import.meta.env.DEV ? "/" : new URL("..", script).pathname;
