/**
 * A PostgreSQL server for a whole run of tests, where none answers and its programs are here. Says its port, or an empty
 * line where it makes none, and goes when its input ends.
 */
import { once } from "node:events";
import { missing } from "./postgres-schemas.ts";
import { postgresServer, whyNoPostgres } from "./postgres-server.ts";

if ((await missing()) === undefined || whyNoPostgres() !== undefined) console.log();
else {
  const server = await postgresServer();
  console.log(server.port);
  await once(process.stdin.resume(), "end");
  await server.remove();
}
