import type {
  RehearsalProblem,
  RehearsalProblemName,
  RehearsalReport,
  RehearsedKind,
} from '../protocol/rehearsal.ts';

const problemsMax = 1_000;
const alikeMax = 20;

type Counts = Partial<Record<RehearsalProblemName, number>>;
type KindTally = { streams: number; events: number; counts: Counts };

/** Adds up what is found: every problem is counted, and the first of each sort are listed. */
export class Tally {
  readonly #kinds = new Map<string, KindTally>();
  readonly #counts: Counts = {};
  readonly #problems: RehearsalProblem[] = [];
  /** Listed problems of the same name, kind and type. */
  readonly #alike = new Map<string, number>();

  /** Notes that a kind exists, and streams of it that were replayed. */
  replayed(kind: string, streams: number, events: number): void {
    const tally = this.#of(kind);
    tally.streams += streams;
    tally.events += events;
  }

  knows(kind: string): boolean {
    return this.#kinds.has(kind);
  }

  found(problem: RehearsalProblem): void {
    this.#count(problem.kind, problem.problem, 1);
    this.#list(problem);
  }

  /** Adds what another tally has found. */
  add({ kinds, problems }: Pick<RehearsalReport, 'kinds' | 'problems'>): void {
    for (const { kind, streams, events, counts } of kinds) {
      this.replayed(kind, streams, events);
      for (const [name, count] of Object.entries(counts))
        this.#count(kind, name as RehearsalProblemName, count);
    }
    for (const problem of problems) this.#list(problem);
  }

  report(): RehearsalReport {
    const kinds: RehearsedKind[] = [...this.#kinds].map(([kind, tally]) => ({ kind, ...tally }));
    kinds.sort((a, b) => (a.kind < b.kind ? -1 : 1));
    return {
      ok: Object.keys(this.#counts).length === 0,
      streams: kinds.reduce((sum, { streams }) => sum + streams, 0),
      events: kinds.reduce((sum, { events }) => sum + events, 0),
      counts: this.#counts,
      kinds: kinds.filter(({ kind }) => kind !== ''),
      problems: this.#problems,
    };
  }

  #of(kind: string): KindTally {
    let tally = this.#kinds.get(kind);
    if (tally === undefined) {
      tally = { streams: 0, events: 0, counts: {} };
      this.#kinds.set(kind, tally);
    }
    return tally;
  }

  #count(kind: string, name: RehearsalProblemName, count: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + count;
    const { counts } = this.#of(kind);
    counts[name] = (counts[name] ?? 0) + count;
  }

  #list(problem: RehearsalProblem): void {
    const sort = `${problem.problem}\n${problem.kind}\n${problem.type}`;
    const alike = (this.#alike.get(sort) ?? 0) + 1;
    const isOnce = problem.problem === 'unknown-kind';
    if (alike > (isOnce ? 1 : alikeMax) || this.#problems.length >= problemsMax) return;
    this.#alike.set(sort, alike);
    this.#problems.push(problem);
  }
}
