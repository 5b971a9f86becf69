import fc from 'fast-check';
import { eager, lazy, scoped } from '../../runtime/container/binding.ts';
import { createContainer } from '../../runtime/container/create-container.ts';

type Kind = 'eager' | 'lazy' | 'scoped';

/** A binding of a random container: what it depends on, how it asks for that, and what its factory does each time. */
export interface Part {
  readonly kind: Kind;
  /** Indexes of others, or its own. */
  readonly needs: readonly number[];
  /** By name; one after the other by its parameter; all at once; by the variable that holds the container; by another. */
  readonly asks: 'named' | 'in turn' | 'at once' | 'outside' | 'kept';
  readonly ticks: readonly [before: number, after: number];
  /** For each attempt, then success. */
  readonly fails: readonly ('throws' | 'rejects' | 'succeeds')[];
  readonly isSync: boolean;
  readonly disposes: 'well' | 'badly' | 'slowly';
}

/** Something that is done to a random container. */
export type Step =
  | { readonly type: 'get'; readonly part: number; readonly in: number }
  | { readonly type: 'open' | 'warm up' | 'close scope' | 'close'; readonly in: number }
  | { readonly type: 'wait'; readonly ticks: number };

/** What has been made, once for each success of a factory. */
export class Thing {
  readonly name: string;
  disposals = 0;

  constructor(name: string) {
    this.name = name;
  }
}

interface Where {
  get(name: string): Promise<unknown>;
  warmUp(): Promise<void>;
  close(): Promise<void>;
  scope(): Where;
}

export const nameOf = (index: number): string => `part${index}`;

export function ticks(count: number): Promise<void> {
  return count === 0 ? Promise.resolve() : Promise.resolve().then(() => ticks(count - 1));
}

/** Graphs of up to `max` parts, with cycles, leaks and failures as often as asked for. */
export function arbitraryParts(max: number, mayFail: boolean): fc.Arbitrary<Part[]> {
  const index = fc.nat(max - 1);
  const part = fc.record<Part>({
    kind: fc.constantFrom<Kind>('lazy', 'lazy', 'lazy', 'scoped', ...(mayFail ? [] : (['eager'] as const))),
    needs: fc.uniqueArray(index, { maxLength: 3 }),
    asks: fc.constantFrom<Part['asks']>('named', 'in turn', 'in turn', 'at once', 'outside', 'kept'),
    ticks: fc.tuple(fc.nat(3), fc.nat(3)),
    fails: mayFail
      ? fc.array(fc.constantFrom('throws' as const, 'rejects' as const, 'succeeds' as const), {
          maxLength: 3,
        })
      : fc.constant([]),
    isSync: fc.boolean(),
    disposes: fc.constantFrom(
      'well' as const,
      'well' as const,
      'slowly' as const,
      ...(mayFail ? (['badly'] as const) : []),
    ),
  });
  const some = fc.array(part, { minLength: 1, maxLength: max });
  const isOrdered = fc.boolean();
  // Half of the graphs have no cycles: dependencies come before what depends on them.
  return fc.tuple(some, isOrdered).map(([parts, ordered]) =>
    parts.map((each, at) => {
      const needs = each.needs.filter(
        (need) => need < (ordered || each.kind === 'eager' ? at : parts.length),
      );
      // An eager one need not be there yet for those that are made with it: they name it.
      const isEarly = each.kind === 'eager' || needs.some((need) => parts[need]!.kind === 'eager');
      return { ...each, needs, asks: isEarly ? 'named' : each.asks };
    }),
  );
}

export function arbitrarySteps(max: number, mayClose: boolean): fc.Arbitrary<Step[]> {
  const where = fc.nat(3);
  const closing = mayClose ? (['close scope', 'close scope', 'close'] as const) : [];
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ type: fc.constant('get' as const), part: fc.nat(max - 1), in: where }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ type: fc.constant('wait' as const), ticks: fc.integer({ min: 1, max: 5 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constantFrom('open' as const, 'warm up' as const, ...closing),
          in: where,
        }),
      },
    ),
    { maxLength: 14 },
  );
}

/** A container of random parts, which notes what its factories do. */
export class RandomContainer {
  readonly parts: readonly Part[];
  /** In the order in which they were completed. */
  readonly made: Thing[] = [];
  readonly disposed: Thing[] = [];
  /** What factories have thrown, by the name of the part. */
  readonly thrown = new Map<unknown, string>();
  readonly attempts: number[];
  mostAtOnce = 0;
  readonly #running = new Map<string, number>();
  #root: Where | undefined;
  /** Made at once, it asks for what those want that call it. */
  #keeper: ((name: string) => unknown) | undefined;

  constructor(parts: readonly Part[]) {
    this.parts = parts;
    this.attempts = parts.map(() => 0);
  }

  get root(): Where {
    return this.#root!;
  }

  async open(): Promise<void> {
    const bind = { eager, lazy, scoped } as unknown as Record<Kind, (...args: readonly unknown[]) => unknown>;
    const bindings = this.parts.map((part, index) => {
      const factory = this.#factoryOf(part, index);
      const dispose = (thing: Thing) => this.#dispose(part, thing);
      const needs = part.asks === 'named' ? [part.needs.map(nameOf)] : [];
      return [nameOf(index), bind[part.kind](...needs, factory, { dispose })];
    });
    const keeper = lazy((deps: Record<string, unknown>) => (name: string) => deps[name]);
    this.#root = (await createContainer({ ...(Object.fromEntries(bindings) as object), keeper }, {
      closeTimeoutMs: 500,
    } as never)) as unknown as Where;
    this.#keeper = (await this.#root.get('keeper')) as (name: string) => unknown;
  }

  #factoryOf(part: Part, index: number): (deps: Record<string, unknown>) => unknown {
    const name = nameOf(index);
    return (deps) => {
      const outcome = part.fails[this.attempts[index]!++] ?? 'succeeds';
      // Each scope has one of its own, and no two of them need wait for one another.
      const running = (this.#running.get(name) ?? 0) + 1;
      this.#running.set(name, running);
      if (part.kind !== 'scoped') this.mostAtOnce = Math.max(this.mostAtOnce, running);
      const end = () => this.#running.set(name, this.#running.get(name)! - 1);
      const fail = () => {
        const error = new Error(`${name} is out of order`);
        this.thrown.set(error, name);
        end();
        throw error;
      };
      if (outcome === 'throws') fail();
      const complete = (): Thing => {
        const thing = new Thing(name);
        end();
        return thing;
      };
      if (part.isSync && outcome === 'succeeds' && (part.asks === 'named' || part.needs.length === 0)) {
        const thing = complete();
        this.made.push(thing);
        return thing;
      }
      return this.#later(part, deps, end).then(() => {
        if (outcome === 'rejects') fail();
        const thing = complete();
        // Just before the container hears of it.
        queueMicrotask(() => this.made.push(thing));
        return thing;
      });
    };
  }

  async #later(part: Part, deps: Record<string, unknown>, end: () => void): Promise<void> {
    await ticks(part.ticks[0]);
    try {
      const ask = async (need: number) => {
        // While it is being made, nobody has it.
        const isThere = this.#keeper !== undefined && this.parts[need]!.kind !== 'scoped';
        if (part.asks === 'outside' && isThere) return this.root.get(nameOf(need));
        if (part.asks === 'kept' && isThere) return this.#keeper?.(nameOf(need));
        return deps[nameOf(need)];
      };
      if (part.asks === 'at once') await Promise.all(part.needs.map(ask));
      else for (const need of part.needs) await ask(need);
    } catch (error) {
      end();
      throw error;
    }
    await ticks(part.ticks[1]);
  }

  async #dispose({ disposes }: Part, thing: Thing): Promise<void> {
    thing.disposals++;
    this.disposed.push(thing);
    if (disposes === 'badly') throw new Error(`${thing.name} stays`);
    if (disposes === 'slowly') await ticks(3);
  }
}

/** What a reference model says of the dependencies of parts. */
export class Graph {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** All that a part needs, and itself. */
  reachable(from: number): Set<number> {
    const seen = new Set([from]);
    for (const each of seen) for (const need of this.#parts[each]!.needs) seen.add(need);
    return seen;
  }

  isCyclic(from: number): boolean {
    return [...this.reachable(from)].some((each) =>
      this.#parts[each]!.needs.some((need) => this.reachable(need).has(each)),
    );
  }

  /** Whether something needs what does not live as long. */
  isLeaking(from: number): boolean {
    const isScoped = (index: number) => this.#parts[index]!.kind === 'scoped';
    return [...this.reachable(from)].some(
      (each) => !isScoped(each) && this.#parts[each]!.needs.some(isScoped),
    );
  }

  /** What is known before anything is made: from dependencies that are named. */
  get isRefused(): boolean {
    const named = this.#parts.map((part) => (part.asks === 'named' ? part : { ...part, needs: [] }));
    const graph = new Graph(named);
    return named.some((_, index) => graph.isCyclic(index) || graph.isLeaking(index));
  }
}
