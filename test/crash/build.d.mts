/** Writes the worker's bundle into a folder, and answers where it is. */
export function worker(folder: string): Promise<string>;
