// A subject; as a queue with `mergeMap`, which keeps what comes while so many run.
import { lastValueFrom, mergeMap, Subject } from "rxjs";

export const name = "rxjs";

export function queue({ handler, concurrency }) {
  return (events) => {
    const subject = new Subject();
    const handled = subject.pipe(mergeMap((event) => handler.handle(event), concurrency));
    const ended = lastValueFrom(handled);
    for (const event of events) subject.next(event);
    subject.complete();
    return ended;
  };
}

export function emit({ handler }) {
  const subject = new Subject();
  subject.subscribe((event) => handler.handle(event));
  return (events) => {
    for (const event of events) subject.next(event);
  };
}
