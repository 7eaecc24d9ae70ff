/** I1 to I4: what can be seen and done from outside. */
import type { Bus } from "../../../bus.js";
import type { CaseGroup } from "../case.js";
import { claim, claimSame } from "../claims.js";
import { store } from "../needs.js";
import type { Scene } from "../scene.js";

export const inspection: CaseGroup = {
  title: "Inspection",
  about: "What can be seen and done from outside.",
  cases: [
    {
      id: "I1",
      name: "counts that are right",
      about:
        "0 at first; under load, with failures, the parts add up to the routed at every look; in the end all are handled.",
      run: counts,
    },
    { id: "I2", name: "cancelling what runs", about: "An operator cancels a delivery: its signal aborts." },
    {
      id: "I3",
      name: "pages that stand still",
      about: "Listing goes on where it was, whatever happens in between.",
      needs: store,
    },
    { id: "I4", name: "a purge", about: "It empties its own group only.", needs: store },
  ],
};

async function counts(scene: Scene): Promise<void> {
  const Note = scene.notes();
  const name = scene.name("reader");
  let [looks, failures] = [0, 0];
  const handler = (): void => {
    if (++looks % 10 === 0) addsUp(bus, name);
    if (looks % 7 === 0 && failures++ < 20) throw new Error("planted");
  };
  const bus = await scene.started((on) => scene.listen(on, Note, { name, handler }));
  claimSame(addsUp(bus, name), 0, "how many are routed at first");
  await scene.write(bus, Note, { writers: 10, each: 50 });
  await scene.allRead();
  claimSame(addsUp(bus, name), 500, "how many are routed in the end");
  const { handled } = countsOf(bus, name);
  claimSame(handled, 500, "how many are handled in the end");
}

/* Answers how many are routed. */
function addsUp(bus: Bus, name: string): number {
  const { routed, ...parts } = countsOf(bus, name);
  const sum = Object.values(parts).reduce((total, part) => total + part, 0);
  claim(sum === routed, `${routed} were routed, and the parts make ${sum}: ${JSON.stringify(parts)}.`);
  return routed;
}

function countsOf(bus: Bus, name: string) {
  return bus.describe().subscriptions.find((each) => each.name === name)!.counts;
}
