/** What is registered under a token, and where: the one place that reads what tsyringe does not publish. */
import { Lifecycle, type DependencyContainer, type InjectionToken } from "tsyringe";

/** A registration, and the container that owns it. */
export interface Registered {
  readonly owner: DependencyContainer;
  readonly singleton: boolean;
  /** The class or the token that stands behind it; neither for values and factories. */
  readonly useClass: unknown;
  readonly useToken: unknown;
}

interface Registration {
  readonly provider: { readonly useClass?: unknown; readonly useToken?: unknown };
  readonly options: { readonly lifecycle: Lifecycle };
}

// tsyringe says whether a token is registered and not what under. Should a later version lose these fields, circles
// and missing tokens behind a registration are told by tsyringe itself instead of by us.
interface Inside {
  readonly parent?: DependencyContainer;
  readonly _registry?: { getAll(token: unknown): readonly Registration[] };
}

/** All registrations of a token in the nearest container that has any, oldest first. */
export function registrationsOf(
  container: DependencyContainer,
  token: InjectionToken,
): readonly Registered[] {
  const inside = container as unknown as Inside;
  if (!container.isRegistered(token)) {
    return inside.parent === undefined ? [] : registrationsOf(inside.parent, token);
  }
  return (inside._registry?.getAll(token) ?? []).map(({ provider, options }) => ({
    owner: container,
    singleton: options.lifecycle === Lifecycle.Singleton,
    useClass: provider.useClass,
    useToken: provider.useToken,
  }));
}
