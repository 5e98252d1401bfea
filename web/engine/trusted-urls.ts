/**
 * The one Trusted Types policy of the page: scripts for workers come from the page's own origin. With it the content
 * security policy forbids every other way from text to code (`require-trusted-types-for 'script'`).
 */
interface ScriptUrlPolicy {
  createScriptURL(address: string): string;
}

/** Browsers without Trusted Types have no such object; the page's types don't know it yet. */
const factory = (
  globalThis as { trustedTypes?: { createPolicy(name: string, rules: ScriptUrlPolicy): ScriptUrlPolicy } }
).trustedTypes;

const rules: ScriptUrlPolicy = {
  createScriptURL(address) {
    if (new URL(address, location.href).origin !== location.origin) {
      throw new TypeError(`No script is taken from ${address}.`);
    }
    return address;
  },
};

const policy = factory?.createPolicy("palpable", rules) ?? rules;

/**
 * The address in the form that the browser wants for a worker.
 * @throws TypeError if it is of another origin.
 */
export const trustedScriptUrl = (address: string): string => policy.createScriptURL(address);
