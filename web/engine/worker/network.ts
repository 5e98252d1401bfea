/**
 * Where this worker may connect to. The page's content security policy lets the page reach its own server only, and a
 * policy written into the page does not bind its workers: it can't be widened to the host that the visitor names,
 * which is known only when they name it and may redirect to yet another. So the rule is kept here: until the visitor
 * has named a host, every request to a foreign one is refused before it is made.
 */
import { faultError } from "../fault";

const named = new Set<string>();

/** From now on, `fetch` reaches the page's own server and the hosts that were named. */
export function guardNetwork(scope: { fetch: typeof fetch; location: { origin: string } }): void {
  const unguarded = scope.fetch.bind(scope);
  scope.fetch = async (input, init) => {
    const address = new URL(input instanceof Request ? input.url : input, scope.location.origin);
    if (address.origin !== scope.location.origin && !named.has(address.origin)) {
      throw faultError("Network", `Nobody asked for a connection to ${address.host}; it was not made.`);
    }
    return unguarded(input, init);
  };
}

/** The visitor named this address. */
export function allowHost(address: URL): void {
  named.add(address.origin);
}
