// Counts what happens in each repository.

export type Activity = "pushes" | "stars" | "forks" | "watchers" | "issues" | "pull requests" | "releases";

export class Statistics {
  readonly #repositories = new Map<string, Map<Activity, number>>();

  count(repository: string, activity: Activity, by: number): void {
    const counts = this.#repositories.get(repository) ?? new Map<Activity, number>();
    this.#repositories.set(repository, counts);
    counts.set(activity, (counts.get(activity) ?? 0) + by);
  }

  /** The repository with the most activity, in words. */
  busiest(): string {
    const total = (counts: Map<Activity, number>) =>
      [...counts.values()].reduce((sum, count) => sum + count, 0);
    const [first] = [...this.#repositories].sort(([, a], [, b]) => total(b) - total(a));
    if (!first) return "none";
    return `${first[0]} (${[...first[1]].map(([activity, count]) => `${count} ${activity}`).join(", ")})`;
  }
}
