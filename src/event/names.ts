/** What a name may be: of an event, and of a subscription, which stores and brokers take as the name of a group. */
import type { Rule } from "../runtime/options.js";

// NATS subjects, AMQP routing keys (255 bytes) and file names on every platform take these.
const EVENT_NAME = /^[a-z0-9_-]{1,64}(?:\.[a-z0-9_-]{1,64}){0,15}$/;
const SUBSCRIPTION_NAME = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,15}$/;
const LENGTH_MAX = 128;

/** Whether a value is the name of an event: 1–16 tokens of `[a-z0-9_-]{1,64}` joined by dots, at most 128 bytes. */
export function isEventName(value: unknown): value is string {
  return typeof value === "string" && value.length <= LENGTH_MAX && EVENT_NAME.test(value);
}

/** Whether a value is a stable name of a subscription: as an event's, with capitals. */
export function isSubscriptionName(value: unknown): value is string {
  return typeof value === "string" && value.length <= LENGTH_MAX && SUBSCRIPTION_NAME.test(value);
}

/** For options tables and messages. */
export const eventName: Rule = {
  expects:
    "1 to 16 tokens of a-z, 0-9, _ and - joined by dots, such as shop.order.placed (128 bytes at most)",
  is: isEventName,
};
export const subscriptionName: Rule = {
  expects:
    "1 to 16 tokens of letters, 0-9, _ and - joined by dots, such as mails.receipt (128 bytes at most)",
  is: isSubscriptionName,
};
