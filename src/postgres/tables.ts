/** All tables of one schema. */
import { Attendance } from "./attendance.js";
import { Envelopes } from "./envelopes.js";
import { Groups } from "./groups.js";
import { Inbox } from "./inbox.js";
import { Letters } from "./letters.js";
import type { Settings } from "./options.js";
import { Lines } from "./lines.js";
import { Places } from "./places.js";
import { Records } from "./records.js";
import { Rounds } from "./rounds.js";

export interface Tables {
  readonly places: Places;
  readonly envelopes: Envelopes;
  readonly groups: Groups;
  readonly inbox: Inbox;
  readonly letters: Letters;
  readonly records: Records;
  readonly rounds: Rounds;
  readonly attendance: Attendance;
}

export function tablesOf(settings: Settings): Tables {
  const { prefix, leaseMs } = settings;
  const lines = new Lines(prefix);
  const places = new Places(prefix, lines);
  const groups = new Groups(prefix);
  return {
    places,
    groups,
    envelopes: new Envelopes(settings, { places, lines }),
    inbox: new Inbox(prefix),
    letters: new Letters(prefix),
    records: new Records(prefix),
    rounds: new Rounds(settings, places),
    attendance: new Attendance(prefix, leaseMs, { places, groups }),
  };
}
