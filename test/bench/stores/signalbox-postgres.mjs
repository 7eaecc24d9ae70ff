// Signalbox on a PostgreSQL server, with connections of its own.
import { postgres } from "../../../dist/postgres/index.js";
import { countOf, hasServer, url } from "./server.mjs";
import { openBus, openClaims } from "./signalbox-store.mjs";

export const name = "signalbox";
export const canOpen = hasServer;

const transportOn = (schema) => postgres({ url, schema });

export function open({ schema }, work) {
  const unsettled = () => countOf(`SELECT count(*) FROM ${schema}.deliveries`);
  return openBus({ transport: () => transportOn(schema), unsettled }, work);
}

export const claims = ({ schema }) => openClaims(transportOn(schema));
