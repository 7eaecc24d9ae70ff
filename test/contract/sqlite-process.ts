/** A process that plays its part in a case on SQLite until it is killed; started by `fork`, with the folder. */
import { contractProcess } from "signalbox/testing/contract";
import { sharedIn } from "./sqlite-subject.js";

contractProcess(sharedIn(process.argv[2]!));
