/** Makes all subscribers of a bus at its start, and collects everything that fails instead of stopping at the first. */
import { toError } from "../errors.js";
import type { Container, Token } from "./container.js";
import type { Wanted } from "./make.js";
import { faultOf, pathOf, tokenName } from "./path.js";

/** What came of it: instances in the order of what was wanted, and one sentence per fault. */
export interface ResolvedSubscribers {
  /** `undefined` for a subscriber that failed, and for one of `scope: "delivery"`, which is made per attempt. */
  readonly instances: readonly (object | undefined)[];
  readonly faults: readonly string[];
}

/** Never throws. `given` are the tokens that a delivery's scope will provide. */
export async function resolveSubscribers(
  container: Container,
  wanted: readonly Wanted[],
  given: readonly Token[] = [],
): Promise<ResolvedSubscribers> {
  const instances: (object | undefined)[] = [];
  const faults: string[] = [];
  for (const each of wanted) {
    const found =
      each.scope === "delivery" ? checkScoped(container, each, given) : await one(container, each);
    instances.push(Array.isArray(found) ? undefined : found);
    if (Array.isArray(found)) faults.push(...found);
  }
  return { instances, faults: [...new Set(faults)] };
}

function checkScoped(container: Container, wanted: Wanted, given: readonly Token[]): string[] {
  if (container.createScope !== undefined) return check(container, wanted, given);
  const fault = `asks for scope: "delivery", and the container has no createScope().`;
  return [`${labelOf(wanted)} ${fault} Remove the scope, or give the container's adapter that method.`];
}

async function one(container: Container, wanted: Wanted): Promise<object | string[]> {
  const known = check(container, wanted, []);
  if (known.length > 0) return known;
  return wanted.inject === undefined
    ? byClass(container, wanted)
    : byTokens(container, wanted, wanted.inject);
}

function check(container: Container, { target, inject }: Wanted, given: readonly Token[]): string[] {
  if (inject === undefined) return [...(container.check?.(target, [], given) ?? [])];
  return inject.flatMap((token) => container.check?.(token, [target], given) ?? []);
}

async function byClass(container: Container, wanted: Wanted): Promise<object | string[]> {
  try {
    const made: unknown = await container.resolve(wanted.target);
    if (typeof made === "object" && made !== null) return made;
    const fault = `the container answered ${made === null ? "null" : typeof made} instead of an instance.`;
    return [`${labelOf(wanted)}: ${fault} Register the class in it, or name its tokens with inject.`];
  } catch (error) {
    return [faultOf([wanted.target], error)];
  }
}

async function byTokens(
  container: Container,
  wanted: Wanted,
  inject: readonly Token[],
): Promise<object | string[]> {
  const values = await Promise.allSettled(inject.map(async (token) => container.resolve(token)));
  const faults = values.flatMap((value, at) =>
    value.status === "rejected" ? [faultOf([wanted.target, inject[at] ?? ""], value.reason)] : [],
  );
  if (faults.length > 0) return faults;
  try {
    const ready = values.map((value) => (value.status === "fulfilled" ? value.value : undefined));
    return Reflect.construct(wanted.target as new () => object, ready);
  } catch (error) {
    const says = `its constructor threw: ${toError(error).message}`;
    return [`${pathOf([wanted.target])}: ${says}. Make it succeed at start.`];
  }
}

function labelOf({ target, name }: Wanted): string {
  return target.name === "" ? name : tokenName(target);
}
