/** The SQL of places, written once per prefix: the same text finds its prepared statement without being read again. */

export const READY = 0;
export const RETRY = 1;
export const OUT = 2;
export const BEHIND = 3;
export const LATER = 4;

const COLUMNS = "(envelope, group_id, state, key, priority, due_at, owner, failures, deliveries, history)";
const HELD = "WHERE envelope = ?1 AND group_id = ?2 AND owner = ?3 AND deliveries = ?4";

export interface PlaceSql {
  readonly fanOut: string;
  readonly add: string;
  readonly hasReady: string;
  readonly ready: string;
  readonly readyLowest: string;
  readonly takeOut: string;
  readonly end: string;
  readonly goOn: string;
  readonly giveBack: string;
  readonly retry: string;
  readonly nextDue: string;
}

export function placeSql(p: string): PlaceSql {
  return { ...placing(p), ...taking(p), ...settling(p) };
}

/* Of several with one key that come at once, the statement sees none in the table: all but the first stand behind. */
function placing(p: string): Pick<PlaceSql, "fanOut" | "add"> {
  const isLater = "ifnull(e.due_at > ?1, 0)";
  const isLined = `EXISTS (SELECT 1 FROM ${p}deliveries o WHERE o.group_id = g.id AND o.key = e.key AND o.state <> ${LATER})`;
  const turn = `row_number() OVER (PARTITION BY g.id, e.key, ${isLater} ORDER BY e.seq)`;
  const insert = `INSERT INTO ${p}deliveries ${COLUMNS}
    SELECT e.seq, g.id, CASE WHEN ${isLater} THEN ${LATER}
      WHEN g.is_ordered AND e.key IS NOT NULL AND (${isLined} OR ${turn} > 1) THEN ${BEHIND} ELSE ${READY} END,
      CASE WHEN g.is_ordered THEN e.key END, e.priority, CASE WHEN ${isLater} THEN e.due_at END, NULL, 0, 0, '[]'
    FROM ${p}envelopes e`;
  return {
    fanOut: `${insert} JOIN ${p}bindings b ON b.event = e.name JOIN ${p}groups g ON g.id = b.group_id
      WHERE e.seq BETWEEN ?2 AND ?3`,
    add: `${insert} JOIN ${p}groups g WHERE e.seq = ?2 AND g.id = ?3`,
  };
}

/* The index of what is ready is in this order. */
function taking(p: string): Pick<PlaceSql, "hasReady" | "ready" | "readyLowest" | "takeOut" | "nextDue"> {
  const ready = (more: string): string =>
    `SELECT d.envelope, d.group_id, d.key AS line, d.failures, d.deliveries, d.history, e.id, e.name, e.key, e.priority,
      e.due_at, e.expires_at, e.headers, e.body FROM ${p}deliveries d LEFT JOIN ${p}envelopes e ON e.seq = d.envelope
      WHERE d.group_id = ?1 AND d.state = ${READY} ${more} ORDER BY d.priority DESC, d.envelope LIMIT ?2`;
  const lowest = `(SELECT min(priority) FROM ${p}deliveries WHERE group_id = ?1 AND state = ${READY})`;
  return {
    hasReady: `SELECT 1 FROM ${p}deliveries WHERE group_id = ? AND state = ${READY} LIMIT 1`,
    ready: ready(""),
    readyLowest: ready(`AND d.priority = ${lowest}`),
    takeOut: `UPDATE ${p}deliveries SET state = ${OUT}, owner = ?1, deliveries = deliveries + 1
      WHERE group_id = ?2 AND envelope IN (SELECT value FROM json_each(?3))`,
    nextDue: `SELECT min(due_at) AS at FROM ${p}deliveries WHERE due_at IS NOT NULL`,
  };
}

function settling(p: string): Pick<PlaceSql, "end" | "goOn" | "giveBack" | "retry"> {
  return {
    end: `DELETE FROM ${p}deliveries ${HELD}`,
    goOn: `UPDATE ${p}deliveries SET state = ${READY} WHERE group_id = ?1 AND envelope = (SELECT envelope
      FROM ${p}deliveries WHERE group_id = ?1 AND key = ?2 AND state = ${BEHIND} ORDER BY envelope LIMIT 1)`,
    giveBack: `UPDATE ${p}deliveries SET state = ${READY}, owner = NULL ${HELD}`,
    retry: `UPDATE ${p}deliveries SET state = ?5, owner = NULL, due_at = ?6, failures = failures + 1, history = ?7 ${HELD}`,
  };
}
