/** What Vite makes of such an import. Its own types bring those of pages with them, and a worker is none. */
declare module "*?worker&url" {
  const address: string;
  export default address;
}
