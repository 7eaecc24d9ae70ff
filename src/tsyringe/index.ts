/** The door `signalbox/tsyringe`: loads reflect-metadata, then hands on tsyringe's own names and its adapter. */
import "reflect-metadata";

// One by one: `export *` would also hand on Node's "module.exports" name, and require() of this door would then give
// tsyringe itself, without the adapter.
export {
  autoInjectable,
  container,
  delay,
  inject,
  injectable,
  injectAll,
  injectAllWithTransform,
  injectWithTransform,
  instanceCachingFactory,
  instancePerContainerCachingFactory,
  isClassProvider,
  isFactoryProvider,
  isNormalToken,
  isTokenProvider,
  isValueProvider,
  Lifecycle,
  predicateAwareClassFactory,
  registry,
  scoped,
  singleton,
} from "tsyringe";
export type {
  ClassProvider,
  DependencyContainer,
  Disposable,
  FactoryFunction,
  FactoryProvider,
  Frequency,
  InjectionToken,
  Provider,
  RegistrationOptions,
  TokenProvider,
  ValueProvider,
} from "tsyringe";
export { tsyringe } from "./adapter.js";
