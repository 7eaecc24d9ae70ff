/** A process that plays its part in a case until it is killed; started by `forked`, with the store and where it is. */
import { contractProcess } from "signalbox/testing/contract";

import { sharedBy, sharedIn } from "./shared.ts";

const [, , store, where] = process.argv;
contractProcess(store === "sqlite" ? sharedIn(where!) : sharedBy(where!));
