/**
 * Faults planted in the engine, each of which the simulator must find: a piece of a source that stands there once, and
 * what stands there instead. Where a piece has moved, the command says so; renew it here.
 */

/** @type {readonly { name: string, file: string, find: string, put: string }[]} */
export const planted = [
  // ── Slots and wake-ups ──────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "lost wake-up of what becomes ready behind others",
    file: "src/lane/line.ts",
    find: "this.#rings.push(queued);\n    this.#onReady();",
    put: "this.#rings.push(queued);\n    if (this.#rings.length === 1) this.#onReady();",
  },
  {
    name: "lost wake-up at a resume",
    file: "src/lane/lane.ts",
    find: 'this.#wiring.notify("lane.resumed", this);\n    this.#slots.wakeAll();',
    put: 'this.#wiring.notify("lane.resumed", this);',
  },
  {
    name: "a slot leaks where the lane holds it back",
    file: "src/lane/slots.ts",
    find: "this.#count--;\n    this.#busy.delete(slot);",
    put: "this.#busy.delete(slot);",
  },
  {
    name: "a slot that lingers counts",
    file: "src/lane/slots.ts",
    find: "this.#count--;\n    const woken =",
    put: "const woken =",
  },
  {
    name: "a woken slot is counted twice",
    file: "src/lane/slots.ts",
    find: "this.#count++;",
    put: "this.#count += this.#lingering.length > 0 ? 2 : 1;",
  },
  {
    name: "a lowered concurrency is not heard of",
    file: "src/lane/slots.ts",
    find: "if (this.#count > this.#queue.concurrency) return false;\n",
    put: "",
  },
  {
    name: "a pause lets one more start",
    file: "src/lane/brake.ts",
    find: "if (this.isPaused || this.#refill",
    put: "if (this.#refill",
  },
  // ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "capacity off by one",
    file: "src/lane/places.ts",
    find: "if (this.held < this.#capacity && this.#waiting === 0) return true;",
    put: "if (this.held <= this.#capacity && this.#waiting === 0) return true;",
  },
  {
    name: "waitingMax off by one",
    file: "src/lane/admitting-lane.ts",
    find: "this.places.waitingUnowed + waitsToBe < this.limits.waitingMax",
    put: "this.places.waitingUnowed + waitsToBe <= this.limits.waitingMax",
  },
  {
    name: "a retry gives its place up",
    file: "src/lane/lane.ts",
    find: "this.claim();\n    this.#gathering?.running.delete(queued);",
    put: "this.#gathering?.running.delete(queued);",
  },
  {
    name: "a free place is given to nobody who waits",
    file: "src/lane/places.ts",
    find: "if (this.#waiting > 0) this.#grant();",
    put: "if (this.#waiting > 1) this.#grant();",
  },
  {
    name: "a cancelled publish keeps its turn",
    file: "src/dispatch/waiting.ts",
    find: "ticket.route.lane.stopWaiting(waiter);",
    put: "void [ticket, waiter];",
  },
  {
    name: "a transaction that fails keeps its places",
    file: "src/dispatch/transaction.ts",
    find: 'if (plan.decisions[index] === "place") ticket.route.lane.release();',
    put: "",
  },
  {
    name: "a refused publish keeps the places that it had claimed",
    file: "src/dispatch/planner.ts",
    find: 'if (plan.decisions[index] === "place") ticket.route.lane.release();',
    put: "",
  },
  {
    name: "an edge of the graph of waits is left",
    file: "src/dispatch/waiting.ts",
    find: "wait?.end?.();",
    put: "",
  },
  {
    name: "a circle of lanes is not seen",
    file: "src/runtime/wait-for.ts",
    find: "if (node === from) return",
    put: "if (node === from && edges.size > 9) return",
  },
  // ── Order ───────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "a retry lets its key go on",
    file: "src/lane/line.ts",
    find: 'queued.standing = "retrying";',
    put: 'queued.standing = "retrying";\n    const passed = queued.key === undefined ? undefined : leaveKey(queued, queued.key);\n    if (passed !== undefined) this.#push(passed as T);',
  },
  {
    name: "the rest of a key is forgotten",
    file: "src/lane/keys.ts",
    find: "else queue.head = next;\n  return next;",
    put: "else queue.head = next;\n  return undefined;",
  },
  {
    name: "what supersedes stands behind what it has superseded",
    file: "src/lane/keys.ts",
    find: "queue.last = newcomer;",
    put: "",
  },
  {
    name: "the lowest priority starves",
    file: "src/lane/rings.ts",
    find: "++this.#turn % LOWEST_TURN === 0",
    put: "++this.#turn % LOWEST_TURN === LOWEST_TURN",
  },
  {
    name: "what was held is released the other way round",
    file: "src/dispatch/publisher.ts",
    find: "for (const planned of this.#held) {",
    put: "for (const planned of this.#held.toReversed()) {",
  },
  // ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "a late result settles once more",
    file: "src/dispatch/dispatcher.ts",
    find: 'if (ticket.standing === "running") this.#settlement.end',
    put: 'if (ticket.standing !== "apart") this.#settlement.end',
  },
  {
    name: "one attempt too many",
    file: "src/dispatch/settlement.ts",
    find: "if (ticket.failures >= route.retry.attempts)",
    put: "if (ticket.failures > route.retry.attempts)",
  },
  {
    name: "a key that fails is not parked",
    file: "src/dispatch/settlement.ts",
    find: "route.parked.add(ticket.key);",
    put: "void route.parked;",
  },
  {
    name: "a tree is closed twice by what is done",
    file: "src/dispatch/publication.ts",
    find: "else this.tree.done();",
    put: "else (this.tree.done(), this.tree.closed());",
  },
  {
    name: "a tree waits for what was withdrawn",
    file: "src/dispatch/placement.ts",
    find: 'delivered");\n    ticket.tree.closed();',
    put: 'delivered");',
  },
  {
    name: "close does not wait for what runs",
    file: "src/dispatch/closing.ts",
    find: "if (!lane.isEmpty) return;",
    put: "",
  },
  {
    name: "close lets publishes from outside wait on",
    file: "src/dispatch/closing.ts",
    find: "placement.giveUpOutside(new BusClosedError());",
    put: "",
  },
  {
    name: "a stream keeps what it has read when nobody reads on",
    file: "src/dispatch/stream.ts",
    find: "this.#finish?.();\n    for (const asked",
    put: "for (const asked",
  },
  {
    name: "a bus is idle while its handlers run",
    file: "src/lane/lane.ts",
    find: "if (this.running > this.excused) return false;",
    put: "",
  },
  // ── Memory, rate, breaker ───────────────────────────────────────────────────────────────────────────────────────
  {
    name: "what was handled is forgotten too early",
    file: "src/dispatch/settlement.ts",
    find: "route.inbox?.keep(ticket.inboxKey, ticket, this.#now());",
    put: "route.inbox?.free(ticket.inboxKey, ticket);",
  },
  {
    name: "what has failed is never forgotten",
    file: "src/dispatch/settlement.ts",
    find: "ticket.route.inbox?.free(ticket.inboxKey, ticket);",
    put: "void ticket.route.inbox;",
  },
  {
    name: "a token of the rate leaks",
    file: "src/lane/rate.ts",
    find: "this.#tokens -= 1;",
    put: "this.#tokens -= 1.5;",
  },
  {
    name: "a lane is faster than its rate",
    file: "src/lane/rate.ts",
    find: "this.#tokens -= 1;",
    put: "this.#tokens -= 0.5;",
  },
  {
    name: "a breaker never closes",
    file: "src/lane/breaker.ts",
    find: 'this.#state = "closed";\n    return "goes on";',
    put: 'return "goes on";',
  },
  {
    name: "a breaker probes with all",
    file: "src/lane/breaker.ts",
    find: 'if (this.#state === "probing") this.#state = "probed";',
    put: "",
  },
  // ── Context ─────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    name: "handlers run in the context of whoever drains the lane",
    file: "src/runtime/context.ts",
    find: "return scope.runInAsyncScope(entered, undefined, frame, start, subject) as T;",
    put: "void scope;\n    return frames.run(frame, () => start(subject));",
  },
  {
    name: "a slot inherits the context of whoever published",
    file: "src/lane/slots.ts",
    find: "withoutContext(() => void this.#queue.add(() => this.#drain(slot)));",
    put: "void this.#queue.add(() => this.#drain(slot));",
  },
];
