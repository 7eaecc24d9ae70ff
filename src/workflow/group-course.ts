/** One run of a group: members start as others end, the ledger says when all have, and then comes what is last. */
import { GroupFailedError, TaskCancelledError } from "../errors.js";
import type { AnyTask, Work } from "../event/event.js";
import type { Ending, Started, Whole } from "../task/work.js";
import { Ledger } from "./ledger.js";
import type { Course } from "./workflow.js";

export interface GroupFacts {
  readonly members: readonly Work[];
  readonly required: "all" | "any" | number;
  readonly concurrency: number;
  readonly last: AnyTask | undefined;
}

export class GroupCourse implements Course {
  readonly #facts: GroupFacts;
  readonly #whole: Whole;
  readonly #ledger: Ledger;
  /* Members that have started and not ended, with their handles once those are there. */
  readonly #underway = new Map<number, Started | undefined>();
  #next = 0;
  #isStopped: boolean = false;
  #isBusy = false;
  #phase: "members" | "last" | "over" = "members";

  constructor(facts: GroupFacts, whole: Whole) {
    this.#facts = facts;
    this.#whole = whole;
    this.#ledger = new Ledger(facts.members.length);
  }

  begin(): void {
    this.#goOn();
  }

  cancel(): void {
    this.#stop(this.#whole.cancelReason ?? "its group was cancelled");
    this.#goOn();
  }

  /* Members may end while they start: the loop goes on then, instead of calling itself. */
  #goOn(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { members, concurrency } = this.#facts;
    while (!this.#isStopped && this.#next < members.length && this.#underway.size < concurrency)
      this.#start(this.#next++);
    this.#isBusy = false;
    if (this.#phase === "members" && this.#ledger.isComplete) this.#membersEnded();
  }

  #start(index: number): void {
    this.#underway.set(index, undefined);
    const started = this.#whole.start(this.#facts.members[index]!, index, (ending) =>
      this.#ended(index, ending),
    );
    if (started === undefined || !this.#underway.has(index)) return;
    this.#underway.set(index, started);
    started.accepted?.catch(() => undefined); // what refuses it is how it ends
    if (this.#isStopped) started.revoke("the group was stopped");
  }

  #ended(index: number, ending: Ending): void {
    this.#underway.delete(index);
    this.#ledger.settle(index, ending);
    this.#whole.report(this.#ledger.ended, this.#ledger.size);
    if (!this.#ledger.canGive(this.#required))
      this.#stop("its group can not have the results that it requires");
    this.#goOn();
  }

  /* What has not started never does; what runs gets its signal. */
  #stop(reason: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const error = new TaskCancelledError("group", reason);
    for (let index = this.#next; index < this.#ledger.size; index++)
      this.#ledger.settle(index, { state: "cancelled", error });
    for (const started of this.#underway.values()) started?.revoke(reason);
  }

  get #required(): number {
    const { required, members } = this.#facts;
    if (required === "all") return members.length;
    return required === "any" ? 1 : required;
  }

  #membersEnded(): void {
    this.#phase = "last";
    const { last } = this.#facts;
    if (last === undefined) return this.#end(undefined);
    this.#whole.start(last, "last", (ending) => this.#end(ending))?.accepted?.catch(() => undefined);
  }

  #end(last: Ending | undefined): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    const ledger = this.#ledger;
    const required = this.#required;
    const isMet = ledger.canGive(required); // complete by now: what can be given is there
    if (!isMet && this.#whole.cancelReason !== undefined) return this.#whole.endCancelled();
    if (!isMet)
      return this.#whole.end("failed", new GroupFailedError(required, ledger.settled, ledger.failure));
    if (last !== undefined && last.state !== "done") return this.#whole.end("failed", last.error);
    this.#whole.end("done", this.#facts.required === "all" ? ledger.values : [...ledger.settled]);
  }
}
