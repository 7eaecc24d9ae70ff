/** Writes the worker's bundle into a folder, and answers where it is. */
export function worker(folder: string): Promise<string>;
/** The same for another program of the tests. */
export function bundled(program: string, folder: string): Promise<string>;
