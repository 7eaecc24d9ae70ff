/** How the defaults of the bus, of a class and of `@On` become one set of policies. */
import type { Policies } from "../delivery/policies.js";

/** What is set inside wins over what is set outside, whole option by option; steps follow each other, outer first. */
export function mergePolicies<Inner extends Policies>(outer: Policies, inner: Inner): Inner {
  const steps = [...(outer.steps ?? []), ...(inner.steps ?? [])];
  return { ...whatIsSet(outer), ...whatIsSet(inner), ...(steps.length === 0 ? {} : { steps }) };
}

// An option that is undefined counts as absent, so it must not hide the outer one.
function whatIsSet<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
