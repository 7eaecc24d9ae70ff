/** What the logs of all processes say together: what was accepted, lost, recovered, handled twice, out of order. */
import { readFileSync } from "node:fs";

/** One line of a log, and whose it was. */
function linesOf(file) {
  const whole = readFileSync(file, "utf8").split("\n").slice(0, -1); // what a kill has cut was never said
  return whole.map((line) => {
    const [what, id, at, deliveries] = line.split(" ");
    return { what, id, at: Number(at), deliveries: Number(deliveries), file };
  });
}

/** Sorts the ids as Jepsen's checker of queues does; `kills` are `{ log, at, held }` of consumers. */
export function verdictOf(logs, kills) {
  const lines = logs.flatMap(linesOf);
  const idsOf = (what) => lines.filter((line) => line.what === what).map(({ id }) => id);
  const [written, accepted] = [new Set(idsOf("w")), new Set(idsOf("a"))];
  const done = countsOf(idsOf("d"));
  const handled = [...done.keys()];
  const begun = lines.filter(({ what }) => what === "b").toSorted((a, b) => a.at - b.at);
  return {
    accepted: accepted.size,
    ok: handled.filter((id) => accepted.has(id)).length,
    lost: [...accepted].filter((id) => !done.has(id)).length,
    recovered: handled.filter((id) => written.has(id) && !accepted.has(id)).length,
    unexpected: handled.filter((id) => !written.has(id)).length,
    duplicates: [...done.values()].reduce((sum, times) => sum + times - 1, 0),
    leasesLost: idsOf("l").length,
    orderViolations: violationsOf(begun),
    redeliveryMsMax: redeliveryOf(begun, kills),
  };
}

function countsOf(ids) {
  const counts = new Map();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/* Of a key nothing begins before all that came earlier is over, so that the numbers never go back. */
function violationsOf(begun) {
  const last = new Map();
  let violations = 0;
  for (const { id } of begun) {
    const [key, number] = [id.slice(0, id.lastIndexOf("-")), Number(id.slice(id.lastIndexOf("-") + 1))];
    if (number < (last.get(key) ?? 0)) violations++;
    last.set(key, number);
  }
  return violations;
}

/* From the kill of a consumer until what it had begins elsewhere; where another had it and was killed, from then on. */
function redeliveryOf(begun, kills) {
  let most = 0;
  for (const { log, at, held } of kills)
    for (const id of held) {
      const again = begun.find((each) => each.id === id && each.file !== log && each.at > at);
      const isHeldLater = (kill) => kill.at > at && kill.at < again.at && kill.held.includes(id);
      if (again !== undefined && !kills.some(isHeldLater)) most = Math.max(most, again.at - at);
    }
  return Math.round(most);
}
