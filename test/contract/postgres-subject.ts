/** PostgreSQL as a subject of the contract: a schema for each case, on one pool, as an application lends it. */
import { postgres } from "signalbox/postgres";
import type { ContractFeatures, OpenTransaction, Place, TransportFactory } from "signalbox/testing/contract";

import { dropSchemas, poolOn } from "../support/postgres-schemas.ts";

/* What the cases need: events that are kept for groups that come later. */
const OPTIONS = { keepEvents: "1h", lease: "1s", poll: "200ms" } as const;
const schemas = new Set<string>();
let pool: ReturnType<typeof poolOn> | undefined;

function sharedPool() {
  pool ??= poolOn(60);
  return pool;
}

function schemaOf({ id }: Pick<Place, "id">): string {
  const schema = `t${process.pid}_${id.replaceAll("-", "_")}`.slice(0, 32);
  schemas.add(schema);
  return schema;
}

async function begin(): Promise<OpenTransaction> {
  const client = await sharedPool().connect();
  await client.query("BEGIN");
  const end = (how: string) => async (): Promise<void> => {
    await client.query(how);
    client.release();
  };
  return { transaction: client, commit: end("COMMIT"), rollBack: end("ROLLBACK") };
}

/** Under real time. */
export const create: TransportFactory = (place) =>
  postgres({ pool: sharedPool(), schema: schemaOf(place), ...OPTIONS }).runOn(place.runtime.host);
export const features: ContractFeatures = {
  ...postgres(OPTIONS).features,
  flood: 20_000,
  guardMs: 60_000,
  begin,
};

/** Drops what the cases have made on the server, and lets go of it. */
export async function leaveServer(): Promise<void> {
  if (pool === undefined) return;
  await pool.end();
  pool = undefined;
  await dropSchemas(...schemas);
  schemas.clear();
}
