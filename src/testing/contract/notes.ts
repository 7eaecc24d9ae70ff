/** The events of the cases: notes with an id, under names that no other case has. */
import type { AnyEvent, EventClass } from "../../event/event.js";
import { Event } from "../../index.js";

export interface NoteData {
  /** `<writer>-<number>`, for the census. */
  readonly id: string;
  /** Order is kept per key, where the class of the note says so. */
  readonly key?: string;
  readonly body?: string;
}

export type Note = Readonly<NoteData> & AnyEvent<string, NoteData>;

export interface NoteClass extends EventClass<Note> {
  new (data: NoteData): Note;
}

/** A class of notes of this event name. */
export function noteClass(name: string, isKeyed: boolean): NoteClass {
  const key = (note: object): string | undefined => (note as NoteData).key;
  const base = isKeyed ? Event(name, { key })<NoteData> : Event(name)<NoteData>;
  return class Noted extends base {};
}
