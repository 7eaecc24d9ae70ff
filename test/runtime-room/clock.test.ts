import { describe, expect, it } from "vitest";
import { Clock, Event, On, Subscriber } from "../../src/index.js";
import { tsyringe } from "../../src/tsyringe/index.js";
import { Timers } from "../../src/runtime/timers.js";
import { countListeners } from "../support/listeners.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";
import { container } from "tsyringe";

function setup() {
  const time = new VirtualTime();
  const timers = new Timers(time.runtime);
  return { time, timers, clock: new Clock({ runtime: time.runtime, timers }) };
}

describe("the clock", () => {
  it("tells the time of its runtime", async () => {
    const { time, clock } = setup();
    expect(clock.now()).toEqual(new Date(Date.UTC(2026, 0, 1)));
    await time.advance(1_500);
    expect(clock.now()).toEqual(new Date(Date.UTC(2026, 0, 1) + 1_500));
  });

  it("sleeps until the time has passed, and no longer", async () => {
    const { time, timers, clock } = setup();
    let woke = 0;
    void clock.sleep("2s").then(() => woke++);
    await time.advance(1_999);
    expect(woke).toBe(0);
    await time.advance(1);
    expect([woke, timers.size]).toEqual([1, 0]);
  });

  it("rejects with the reason of an abort, and leaves neither timer nor listener", async () => {
    const { time, timers, clock } = setup();
    const controller = new AbortController();
    const counted = countListeners(controller.signal);
    for (let n = 0; n < 100; n++) {
      const slept = clock.sleep(10, { signal: controller.signal });
      await time.advance(10);
      await slept;
    }
    expect([counted(), timers.size]).toEqual([0, 0]);
    const slept = clock.sleep("1h", { signal: controller.signal });
    expect([counted(), timers.size]).toEqual([1, 1]);
    controller.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
    expect(timers.size).toBe(0);
    await expect(clock.sleep(1, { signal: controller.signal })).rejects.toThrow("enough");
    expect(timers.size).toBe(0);
  });

  it("refuses what is no duration", () => {
    const { clock } = setup();
    expect(() => clock.sleep("soon" as never)).toThrow(TypeError);
  });

  it("is injected as the clock of the bus", async () => {
    class Asked extends Event("clock.asked")<{}> {}
    const times: Date[] = [];
    @Subscriber({ inject: [Clock] })
    class Reader {
      readonly clock: Clock;
      constructor(clock: Clock) {
        this.clock = clock;
      }
      @On(Asked)
      async read(): Promise<void> {
        await this.clock.sleep("1m");
        times.push(this.clock.now());
      }
    }
    const { bus, time } = virtualBus({
      container: tsyringe(container.createChildContainer()),
      subscribers: [Reader],
    });
    await bus.start();
    await bus.publish(new Asked({}));
    await time.advance(60_000);
    expect(times).toEqual([new Date(Date.UTC(2026, 0, 1) + 60_000)]);
  });
});
