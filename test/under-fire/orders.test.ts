/** What a lane keeps, in more lives than its own tests have time for. */
import { test } from "vitest";
import { keepsCeiling, keepsKeyOrder } from "../dispatch/orders.js";

test(
  "in 10,000 lives of a lane no key is out of order, and no more run at once than its concurrency says",
  () => keepsKeyOrder(10_000),
  120_000,
);

test(
  "in 2,000 lives of a lane its ceiling is never exceeded and always reached",
  () => keepsCeiling(2_000),
  120_000,
);
