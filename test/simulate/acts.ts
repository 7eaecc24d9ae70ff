/** What the actors of a life do, one thing after the other and side by side. */
import type { Stage } from "../../src/testing/simulate/run.js";
import { EVENTS } from "./application.js";
import { Life } from "./life.js";

type Member = Life["members"][number];
type Act = (life: Life, member: Member) => Promise<void>;

const some = <T>(life: Life, from: Iterable<T>): T | undefined => {
  const all = [...from];
  return all[life.draw.below(all.length)];
};

const publishOne: Act = async (life, member) => {
  await life.publish([life.job(0, member)], member.bus.publish, {
    priority: life.draw.pick([3, 3, 0, 7]),
  });
};

const publishAndForget: Act = async (life, member) => {
  void publishOne(life, member);
};

const publishTwo: Act = async (life, member) => {
  await life.publish([life.job(0, member), life.job(0, member)], member.bus.publish);
};

const publishForAWhile: Act = async (life, member) => {
  const controller = new AbortController();
  const job = life.job(0, member);
  const published = life.publish([job], member.bus.publish, { signal: controller.signal });
  await life.stage.scheduler.point("gives up");
  controller.abort(new Error("not any more"));
  await published;
  if (Array.isArray(job.refused)) await life.publish([job], member.bus.publish); // only to those that refused it
};

const transact: Act = (life, member) =>
  life.transact(
    member,
    [life.job(0, member), life.job(0, member)].slice(life.draw.below(2)),
    life.draw.oneIn(3),
  );

const wait: Act = (life) => life.stage.scheduler.passed(life.draw.pick([1, 5, 12, 30]));

const pause: Act = async (life, member) => {
  const lane = some(life, member.bus.lanes.values());
  lane?.pause();
  await life.stage.scheduler.point("resumes");
  if (lane !== undefined) life.resume(member, lane);
};

/* Also in the middle of what slots are about to do, where the scheduler has no say: some microtasks apart. */
const changeConcurrency: Act = async (life, member) => {
  const lane = some(life, [...member.bus.lanes.values()]);
  if (lane === undefined) return;
  lane.concurrency = 1 + life.draw.below(4);
  if (life.draw.oneIn(2)) return;
  await microtasks(life.draw.below(8));
  lane.concurrency = 1 + life.draw.below(2);
};

/* A busy moment: all of it within a few microtasks, before or after the slots that it wakes have begun. */
const reopen: Act = async (life, member) => {
  const lane = some(life, member.bus.lanes.values());
  if (lane === undefined) return;
  lane.pause();
  await publishAndForget(life, member);
  await publishAndForget(life, member);
  await microtasks(life.draw.below(8));
  life.resume(member, lane);
  lane.concurrency = 2 + life.draw.below(3);
  await publishAndForget(life, member);
  await microtasks(life.draw.below(8));
  lane.concurrency = 1;
};

async function microtasks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}

const settled: Act = async (life) => {
  const receipt = life.receipts.at(-1);
  if (receipt === undefined) return;
  await receipt.settled();
  life.model.settled(receipt.id);
};

const replay: Act = async (life, { bus }) => {
  const letters = await bus.deadLetters.list();
  const letter = letters[0];
  if (letter === undefined || life.model.isClosing) return;
  const { subscription, envelope, reason } = letter;
  const isParked = reason === "parked" && envelope.key !== undefined;
  life.model.replayed(isParked ? letters.filter((each) => each.reason === "parked") : [letter]);
  if (!isParked) return void (await bus.deadLetters.replay(letter).catch(() => undefined));
  life.model.resumed(subscription, envelope.key!);
  await bus.deadLetters.resume(subscription, envelope.key!).catch(() => undefined);
};

/* Reads one event, or gives up. */
const follow: Act = async (life, member) => {
  const controller = new AbortController();
  const { signal } = controller;
  const event = life.draw.pick(EVENTS);
  const followed = life.draw.oneIn(2)
    ? member.bus.next(event, undefined, { signal })
    : member.bus.stream(event, { signal })[Symbol.asyncIterator]().next();
  void followed.then(
    () => life.stage.scheduler.note(`${event.eventName} was read`),
    () => undefined,
  );
  await life.stage.scheduler.point("follows");
  controller.abort();
};

const close: Act = async (life, member) => {
  if (!life.draw.oneIn(3)) return;
  life.model.isClosing = true;
  const closed = member.bus.close({ deadline: life.draw.pick([0, 10, 1_000]) });
  refusesWaiting(life);
  await closed;
  member.inspection.ledger.isClosed = true;
};

/* Where no handler runs, whoever waits for a place does so from outside, and hears at once that there will be none. */
function refusesWaiting(life: Life): void {
  const lanes = life.members.flatMap(({ bus }) => [...bus.lanes.values()]);
  const isEveryBusClosed = life.members.length === 1 && life.hasStarted;
  const jobs = [...life.model.jobs.values()];
  if (jobs.some(({ depth, isAnswered }) => depth > 0 && !isAnswered)) return; // asked for inside, and forgotten
  if (isEveryBusClosed && lanes.every(({ running }) => running === 0))
    for (const { name, waitingPublishes } of lanes)
      if (waitingPublishes > 0) life.stage.violate("a close refuses who waits outside", name);
}

const ACTS: readonly Act[] = [
  publishOne,
  publishOne,
  publishAndForget,
  publishAndForget,
  publishAndForget,
  publishTwo,
  publishForAWhile,
  transact,
  wait,
  pause,
  changeConcurrency,
  reopen,
  settled,
  replay,
  follow,
  close,
];

async function actor(life: Life): Promise<void> {
  for (let left = 2 + life.draw.below(9); left > 0; left--) {
    const member = life.draw.pick(life.members);
    await life.draw.pick(ACTS)(life, member);
  }
}

/** A whole life; what it comes to is compared with the model in the end. */
export async function mixedLife(stage: Stage): Promise<void> {
  const life = new Life(stage);
  await life.begin();
  await Promise.all(Array.from({ length: 1 + life.draw.below(3) }, () => actor(life)));
  for (const { bus } of life.members) await bus.start().catch(() => undefined);
  await Promise.all(life.members.map((member) => idle(life, member)));
  stage.atEnd(() => life.model.verify());
}

/* Nobody publishes any more but handlers, which are all at rest when the bus says that it is idle. */
async function idle(life: Life, { bus }: Member): Promise<void> {
  await bus.idle();
  if (life.members.length > 1) return; // the other bus may publish into this one
  for (const { name, running } of bus.lanes.values())
    if (running > 0) life.stage.violate("an idle bus runs nothing", `${name}: ${running}`);
}
