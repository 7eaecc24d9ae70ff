/** Checked options: everything that a room needs to write a table of its options and to check what came in. */
export { didYouMean } from "./did-you-mean.js";
export { checkOptions, checkValue, isObject, refuse } from "./option-table.js";
export type { Option, OptionTable, Rule } from "./option-table.js";
export {
  boolean,
  duration,
  either,
  func,
  instanceOf,
  integerFrom,
  listOf,
  object,
  oneOf,
  positiveDuration,
  record,
  rule,
  string,
} from "./option-rules.js";
export { show } from "./show.js";
