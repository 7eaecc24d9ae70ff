// What happens in each experiment: worlds are run, numbers and the lines of a plot come back.
import { deadLetter } from "../../dist/index.js";
import { Job, mean, percentile, World } from "./world.mjs";

const round = (number, digits = 0) => Number(number.toFixed(digits));
const seconds = (ms) => round(ms / 1_000, 2);

/** Publishes, and tells how long each delivery of a subscription has waited. */
function watched(bus, group = ({ subscription }) => subscription) {
  const waits = {};
  bus.notices.on("delivery.done", (notice) => (waits[group(notice)] ??= []).push(notice.waited));
  return waits;
}

/** 200 events within a second, at a lane that is otherwise half as busy as one slot can be. */
export async function burst() {
  const lines = [];
  const numbers = {};
  for (const slots of [1, 4, 16]) {
    const world = new World(3);
    const bus = world.bus({ lanes: { l: { concurrency: slots } } });
    bus.on(Job, { name: "work", lane: "l" }, (_, delivery) => delivery.sleep(100));
    await bus.start();
    const waits = watched(bus);
    const points = [];
    world.arrivals({ from: 0, to: 60_000, perSecond: 5 }, () => void bus.publish(new Job({})));
    world.arrivals({ from: 5_000, to: 6_000, perSecond: 200 }, () => void bus.publish(new Job({})));
    let calmAt;
    world.every(250, 60_000, (at) => {
      const { waiting } = bus.lanes.get("l");
      points.push([at / 1_000, waiting]);
      if (at > 6_000 && waiting === 0) calmAt ??= at - 5_000;
    });
    await world.run(60_000);
    lines.push({ name: `${slots} ${slots === 1 ? "slot" : "slots"}`, points });
    numbers[slots] = {
      longestWaitS: seconds(Math.max(...waits.work)),
      emptyAfterS: seconds(calmAt ?? 60_000),
    };
  }
  return { lines, numbers };
}

/** Mean wait at a share of busy slots: arrivals and service times by chance. */
export async function utilisation() {
  const lines = [];
  const numbers = {};
  for (const slots of [1, 4]) {
    const points = [];
    for (const share of [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]) {
      const world = new World(2);
      const bus = world.bus({ lanes: { l: { concurrency: slots } } });
      bus.on(Job, { name: "work", lane: "l" }, (_, delivery) => delivery.sleep(world.exponential(100)));
      await bus.start();
      const waits = watched(bus);
      const perSecond = (share * slots * 1_000) / 100;
      const until = (20_000 / perSecond) * 1_000;
      world.arrivals({ from: 0, to: until, perSecond }, () => void bus.publish(new Job({})));
      await world.run(until + 60_000);
      const wait = mean(waits.work);
      points.push([share * 100, round(wait)]);
      numbers[`${slots} at ${share * 100} %`] = round(wait);
    }
    lines.push({ name: `${slots} ${slots === 1 ? "slot" : "slots"}`, points });
  }
  return { lines, numbers };
}

/** Three subscriptions; at 10 s one of them begins to take 5 s a piece. Once in one lane, once in lanes of their own. */
export async function slowSubscriber() {
  const lines = [];
  const numbers = {};
  for (const isShared of [true, false]) {
    const world = new World(5);
    const bus = world.bus({ lanes: { l: { concurrency: 6 } } });
    const lane = isShared ? "l" : { concurrency: 2 };
    const waits = [];
    for (const name of ["receipt", "search", "report"])
      bus.on(Job, { name, lane }, (_, delivery) =>
        delivery.sleep(name === "report" && world.now >= 10_000 && world.now < 30_000 ? 5_000 : 50),
      );
    await bus.start();
    bus.notices.on("delivery.done", ({ subscription, waited, at }) => {
      if (subscription === "receipt")
        waits.push([(at.getTime() - Date.UTC(2026, 0, 1)) / 1_000, waited / 1_000]);
    });
    world.arrivals({ from: 0, to: 60_000, perSecond: 10 }, () => void bus.publish(new Job({})));
    await world.run(180_000);
    const label = isShared ? "one lane for all" : "a lane each";
    lines.push({ name: label, points: bySecond(waits) });
    numbers[label] = { longestWaitS: round(Math.max(...waits.map(([, wait]) => wait)), 2) };
  }
  return { lines, numbers };
}

function bySecond(points) {
  const most = new Map();
  for (const [at, value] of points)
    most.set(Math.floor(at), Math.max(most.get(Math.floor(at)) ?? 0, round(value, 3)));
  return [...most].toSorted(([a], [b]) => a - b);
}

/** One key of ten fails each time. With retries outside the slot and order per key; and with a handler that tries again by itself. */
export async function poisonKey() {
  const lines = [];
  const numbers = {};
  const kinds = {
    "order per key, retry by the lane": {
      concurrency: 2,
      retry: { attempts: 5, delay: "2s", backoff: "fixed", jitter: false },
    },
    "tries again inside the handler": { concurrency: 2, isStubborn: true },
  };
  for (const [name, { concurrency, retry = 1, isStubborn = false }] of Object.entries(kinds)) {
    const world = new World(5);
    const bus = world.bus({ lanes: { l: { concurrency } } });
    let others = 0;
    bus.on(Job, { name: "work", lane: "l", retry }, async ({ key }, delivery) => {
      for (let attempt = 1; ; attempt++) {
        await delivery.sleep(50);
        if (key !== "k0") return void others++;
        if (!isStubborn) throw new Error("poison");
        if (attempt === 5) return deadLetter("poison");
        await delivery.sleep(2_000);
      }
    });
    await bus.start();
    let index = 0;
    const points = [];
    world.arrivals({ from: 0, to: 30_000, perSecond: 10 }, () => {
      const key = `k${index++ % 10}`;
      void bus.publish(new Job({ key }), isStubborn ? {} : { key });
    });
    world.every(500, 60_000, (at) => points.push([at / 1_000, others]));
    await world.run(60_000);
    lines.push({ name, points });
    numbers[name] = { othersHandledAt30s: points.find(([at]) => at === 30)[1] };
  }
  return { lines, numbers };
}

/** A greedy tenant publishes 600 at once, a modest one two a second. */
export async function tenants() {
  const kinds = {
    "no keys": { lane: { concurrency: 4 } },
    "the tenant is the key": { lane: { concurrency: 4 }, isKeyed: true },
    "and its rate is 10 a second": {
      lane: { concurrency: 4, rate: { limit: 10, interval: "1s", by: "key" } },
      isKeyed: true,
    },
  };
  const bars = [];
  const numbers = {};
  for (const [name, { lane, isKeyed = false }] of Object.entries(kinds)) {
    const world = new World(5);
    const bus = world.bus({ lanes: { l: lane } });
    const waits = { greedy: [], modest: [] };
    bus.on(Job, { name: "work", lane: "l" }, (_, delivery) => delivery.sleep(20));
    await bus.start();
    const publish = async (tenant) => {
      const began = world.now;
      const receipt = await bus.publish(new Job({ tenant }), isKeyed ? { key: tenant } : {});
      await receipt.settled();
      waits[tenant].push(world.now - began - 20);
    };
    world.at(1_000, () => {
      for (let each = 0; each < 600; each++) void publish("greedy");
    });
    world.arrivals({ from: 1_000, to: 15_000, perSecond: 2 }, () => void publish("modest"));
    await world.run(120_000);
    bars.push({
      name,
      values: [seconds(percentile(waits.modest, 0.95)), seconds(percentile(waits.greedy, 0.95))],
    });
    numbers[name] = {
      modestP95S: seconds(percentile(waits.modest, 0.95)),
      greedyP95S: seconds(percentile(waits.greedy, 0.95)),
    };
  }
  return { bars, groups: ["modest tenant", "greedy tenant"], numbers };
}

/** 30 urgent a second where 20 can be handled, and two a second that are not urgent. */
export async function starvation() {
  const lines = [];
  const numbers = {};
  const kinds = {
    "strict priorities (a model, not Signalbox)": undefined,
    "one lane, priorities": { lanes: { l: { concurrency: 4 } }, low: "l" },
    "a lane of its own for the rest": {
      lanes: { l: { concurrency: 3 }, rest: { concurrency: 1 } },
      low: "rest",
    },
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const world = new World(9);
    const points = [];
    let handled = 0;
    if (kind === undefined) strictModel(world, () => handled++);
    else {
      const bus = world.bus({ lanes: kind.lanes });
      const handler = (_, delivery) => delivery.sleep(200);
      bus.on(Job, { name: "urgent", lane: "l", when: ({ urgent }) => urgent }, handler);
      bus.on(Job, { name: "rest", lane: kind.low, when: ({ urgent }) => !urgent }, handler);
      bus.notices.on("delivery.done", ({ subscription }) => (handled += subscription === "rest" ? 1 : 0));
      await bus.start();
      world.arrivals(
        { from: 0, to: 60_000, perSecond: 30 },
        () => void bus.publish(new Job({ urgent: true }), { priority: 7 }),
      );
      world.arrivals(
        { from: 0, to: 60_000, perSecond: 2 },
        () => void bus.publish(new Job({ urgent: false }), { priority: 0 }),
      );
    }
    world.every(1_000, 60_000, (at) => points.push([at / 1_000, handled]));
    await world.run(60_000);
    lines.push({ name, points });
    numbers[name] = { lowHandledIn60s: handled };
  }
  return { lines, numbers };
}

/* Four slots that always take the most urgent. */
function strictModel(world, lowHandled) {
  const waiting = { high: 0, low: 0 };
  let free = 4;
  const start = () => {
    while (free > 0 && waiting.high + waiting.low > 0) {
      const kind = waiting.high > 0 ? "high" : "low";
      waiting[kind]--;
      free--;
      world.at(world.now + 200, () => {
        free++;
        if (kind === "low") lowHandled();
        start();
      });
    }
  };
  const arrive = (kind) => () => (waiting[kind]++, start());
  world.arrivals({ from: 0, to: 60_000, perSecond: 30 }, arrive("high"));
  world.arrivals({ from: 0, to: 60_000, perSecond: 2 }, arrive("low"));
}

/** 20 events a second, then 160, then 20 again, 100 ms each. */
export async function autoscaling() {
  const numbers = {};
  const lines = [];
  const kinds = { "4 slots": 4, "1 to 32 slots for 250 ms": { min: 1, max: 32, target: "250ms" } };
  for (const [name, concurrency] of Object.entries(kinds)) {
    const world = new World(5);
    const bus = world.bus({ lanes: { l: { concurrency } } });
    bus.on(Job, { name: "work", lane: "l" }, (_, delivery) => delivery.sleep(100));
    await bus.start();
    const waits = watched(bus);
    const slots = [];
    const waiting = [];
    for (const [from, to, perSecond] of [
      [0, 10_000, 20],
      [10_000, 25_000, 160],
      [25_000, 60_000, 20],
    ])
      world.arrivals({ from, to, perSecond }, () => void bus.publish(new Job({})));
    world.every(250, 60_000, (at) => {
      slots.push([at / 1_000, bus.lanes.get("l").concurrency]);
      waiting.push([at / 1_000, bus.lanes.get("l").waiting]);
    });
    await world.run(90_000);
    const isScaled = typeof concurrency === "object";
    if (isScaled) lines.push({ name: "its slots", points: slots }, { name: "waiting", points: waiting });
    numbers[name] = {
      p99WaitS: seconds(percentile(waits.work, 0.99)),
      slotsOnAverage: round(mean(slots.map(([, count]) => count)), 1),
      slotsAtMost: Math.max(...slots.map(([, count]) => count)),
    };
  }
  return { lines, numbers };
}

/** Twice as much as can be handled, at a lane of 50 places: which priorities are handled. */
export async function overload() {
  const bars = [];
  const numbers = {};
  for (const overflow of ["dropNewest", "shed"]) {
    const world = new World(5);
    const bus = world.bus({ lanes: { l: { concurrency: 2, capacity: 50, overflow } } });
    bus.on(Job, { name: "work", lane: "l" }, (_, delivery) => delivery.sleep(100));
    const asked = { 1: 0, 3: 0, 5: 0 };
    const handled = { 1: 0, 3: 0, 5: 0 };
    await bus.start();
    world.arrivals({ from: 0, to: 60_000, perSecond: 40 }, async () => {
      const priority = [1, 3, 5][Math.floor(world.random() * 3)];
      asked[priority]++;
      const receipt = await bus.publish(new Job({}), { priority });
      const { done } = await receipt.settled();
      handled[priority] += done;
    });
    await world.run(90_000);
    const shares = [1, 3, 5].map((priority) => round((100 * handled[priority]) / asked[priority]));
    bars.push({ name: overflow, values: shares });
    numbers[overflow] = { "handled %, by priority 1, 3, 5": shares };
  }
  return { bars, groups: ["priority 1", "priority 3", "priority 5"], numbers };
}
