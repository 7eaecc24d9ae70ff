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

/** Sorts the ids as Jepsen's checker of queues does; `kills` are `{ log, at, held }` of consumers, outages `{ from, to }`. */
export function verdictOf(logs, { kills, outages }) {
  const lines = logs.flatMap(linesOf);
  const idsOf = (what) => lines.filter((line) => line.what === what).map(({ id }) => id);
  const [written, accepted] = [new Set(idsOf("w")), new Set(idsOf("a"))];
  const done = countsOf(idsOf("d"));
  const handled = [...done.keys()];
  const begun = lines.filter(({ what }) => what === "b").toSorted((a, b) => a.at - b.at);
  return {
    accepted: accepted.size,
    lost: [...accepted].filter((id) => !done.has(id)).length,
    unexpected: handled.filter((id) => !written.has(id)).length,
    duplicates: [...done.values()].reduce((sum, times) => sum + times - 1, 0),
    orderViolations: violationsOf(begun),
    redeliveryMsMax: redeliveryOf(begun, kills, outages),
    ok: handled.filter((id) => accepted.has(id)).length,
    recovered: handled.filter((id) => written.has(id) && !accepted.has(id)).length,
    refused: idsOf("r").length,
    leasesLost: idsOf("l").length,
  };
}

/** What of a report must not be, in sentences. */
export function faultsOf(report) {
  const { lost, unexpected, orderViolations, died, duplicates, inFlightAtKill } = report;
  const { redeliveryMsMax, redeliveryMsBound } = report;
  const faults = [
    [lost > 0, `${lost} accepted events were never handled.`],
    [unexpected > 0, `${unexpected} events were handled that nobody had published.`],
    [orderViolations > 0, `${orderViolations} events began before an earlier one of their key.`],
    [died > 0, `${died} processes ended that nobody had killed.`],
    [
      duplicates > inFlightAtKill,
      `${duplicates} were handled twice, and ${inFlightAtKill} were in flight at kills.`,
    ],
    [
      redeliveryMsMax > redeliveryMsBound,
      `A redelivery took ${redeliveryMsMax} ms, more than ${redeliveryMsBound}.`,
    ],
  ];
  return faults.filter(([isSo]) => isSo).map(([, says]) => says);
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

/*
 * From the kill of a consumer until what it had begins elsewhere; where another had it and was killed, from then on. While
 * the server is down nothing can begin, so that such a time does not count.
 */
function redeliveryOf(begun, kills, outages) {
  let most = 0;
  for (const { log, at, held } of kills)
    for (const id of held) {
      const again = begun.find((each) => each.id === id && each.file !== log && each.at > at);
      const isHeldLater = (kill) => kill.at > at && kill.at < again.at && kill.held.includes(id);
      if (again === undefined || kills.some(isHeldLater)) continue;
      most = Math.max(most, again.at - at - downWithin(outages, at, again.at));
    }
  return Math.round(most);
}

function downWithin(outages, since, until) {
  const parts = outages.map(({ from, to }) => Math.min(to, until) - Math.max(from, since));
  return parts.filter((ms) => ms > 0).reduce((sum, ms) => sum + ms, 0);
}
