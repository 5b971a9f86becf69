import fc from 'fast-check';
import { type AnyStateMachine, assign, createMachine, raise } from 'xstate';

/** What the machines remember: numbers, and values that plain JSON would lose. */
export interface Remembered {
  readonly n: number;
  readonly sum: bigint;
  readonly last: unknown;
  readonly seen: ReadonlySet<string>;
  readonly trail: readonly string[];
}

/** An event that the machines know, or nearly know. */
export interface MachineEvent {
  readonly type: string;
  readonly data: { readonly by: number };
}

/** What the custom actions of the machines do: they say that they were carried out. */
export interface Effects {
  perform(name: string): void;
}

type Guard = { readonly modulus: number; readonly rest: number; readonly of: 'context' | 'event' };

type Act =
  | { readonly kind: 'count'; readonly by: number }
  | { readonly kind: 'addEvent' }
  | { readonly kind: 'remember' }
  | { readonly kind: 'effect' }
  | { readonly kind: 'raise'; readonly type: string }
  | { readonly kind: 'throwAt'; readonly n: number };

type Transition = {
  readonly on: string;
  /** Chooses any state of the machine. */
  readonly target: number | null;
  readonly guard: Guard | null;
  readonly acts: readonly Act[];
  readonly reenter: boolean;
};

/** A transition to a later sibling, so that machines come to rest. */
type Forward = { readonly step: number; readonly guard: Guard | null; readonly acts: readonly Act[] };

/** A state before it has a name. */
type Node = {
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'shallow' | 'deep';
  readonly children: readonly Node[];
  readonly entry: readonly Act[];
  readonly exit: readonly Act[];
  readonly transitions: readonly Transition[];
  readonly always: Forward | null;
  readonly raised: Forward | null;
  readonly done: Forward | null;
};

const anyGuard: fc.Arbitrary<Guard | null> = fc.option(
  fc.record({
    modulus: fc.integer({ min: 2, max: 4 }),
    rest: fc.integer({ min: 0, max: 3 }),
    of: fc.constantFrom('context', 'event'),
  }),
  { freq: 2 },
);

const quietAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 1, max: 5 }) }),
  fc.constant<Act>({ kind: 'addEvent' }),
  fc.constant<Act>({ kind: 'remember' }),
  fc.constant<Act>({ kind: 'effect' }),
);

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: quietAct },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Act>({ kind: 'raise', type: 'raised1' }, { kind: 'raise', type: 'raised2' }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Act>({ kind: 'throwAt', n: 7 }, { kind: 'throwAt', n: 11 }) },
);

const quietActs = fc.array(quietAct, { maxLength: 2 });
const anyActs = fc.array(anyAct, { maxLength: 3 });

const eventTypes = ['a', 'b', 'c', 'd'] as const;

const anyTransition: fc.Arbitrary<Transition> = fc.record({
  on: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...eventTypes) },
    { weight: 1, arbitrary: fc.constant('*') },
  ),
  target: fc.option(fc.nat(), { freq: 3 }),
  guard: anyGuard,
  acts: anyActs,
  reenter: fc.boolean(),
});

const anyForward: fc.Arbitrary<Forward | null> = fc.option(
  fc.record({ step: fc.integer({ min: 1, max: 3 }), guard: anyGuard, acts: quietActs }),
  { freq: 2 },
);

const shared = {
  entry: quietActs,
  exit: quietActs,
  transitions: fc.array(anyTransition, { minLength: 1, maxLength: 4 }),
  always: anyForward,
  raised: anyForward,
  done: anyForward,
};

const leaf: fc.Arbitrary<Node> = fc.record({
  kind: fc.constant('atomic' as const),
  children: fc.constant([]),
  ...shared,
});

const ending: fc.Arbitrary<Node> = fc.record({
  kind: fc.constantFrom('final' as const, 'shallow' as const, 'deep' as const),
  children: fc.constant([]),
  ...shared,
});

const { node: anyNode } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'states' },
    { weight: 3, arbitrary: leaf },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('compound' as const),
        children: fc
          .tuple(fc.array(tie('node'), { minLength: 1, maxLength: 3 }), fc.array(ending, { maxLength: 2 }))
          .map((parts) => parts.flat()),
        ...shared,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('parallel' as const),
        children: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
        ...shared,
      }),
    },
  ),
}));

const anyRoot = fc.record({
  kind: fc.constantFrom('compound' as const, 'compound' as const, 'parallel' as const),
  children: fc.array(anyNode, { minLength: 2, maxLength: 4 }),
  canEnd: fc.boolean(),
  ...shared,
});

/** A machine with its effects, which are nobody's until they are set. */
export interface ArbitraryMachine {
  readonly machine: AnyStateMachine;
  /** Who is told of the custom actions that are carried out. */
  readonly effects: { current: Effects };
  /** The configuration, for a counterexample to be read. */
  toString(): string;
}

/**
 * Machines with nested, parallel, final and history states, guards on context and event, assigns at entry, exit and
 * on transitions, eventless transitions, raised events, and now and then an assign that throws. They always come to
 * rest: what happens without an event only ever goes to later siblings.
 */
export const arbitraryMachine: fc.Arbitrary<ArbitraryMachine> = anyRoot.map(({ canEnd, ...root }) => {
  const end: Node = { ...(root.children[0] as Node), kind: 'final', children: [], transitions: [] };
  const children = canEnd && root.kind === 'compound' ? [...root.children, end] : root.children;
  const effects = { current: { perform: () => undefined } as Effects };
  const whole = { ...root, always: null, children };
  const config = new Configurator(whole, effects).config();
  const machine = createMachine(config as never) as AnyStateMachine;
  return { machine, effects, toString: () => describe(whole) };
});

/** Events of these machines; some are known to no state. */
export const arbitraryEvent: fc.Arbitrary<MachineEvent> = fc.record({
  type: fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...eventTypes) },
    { weight: 1, arbitrary: fc.constantFrom('raised1', 'unknown') },
  ),
  data: fc.record({ by: fc.integer({ min: 0, max: 9 }) }),
});

type Named = {
  readonly node: Node;
  readonly id: string;
  readonly parent: Named | undefined;
  readonly index: number;
};

/** Turns nodes into the configuration of a machine. */
class Configurator {
  readonly #effects: { current: Effects };
  readonly #root: Named;
  readonly #all: Named[] = [];

  constructor(root: Node, effects: { current: Effects }) {
    this.#effects = effects;
    this.#root = { node: root, id: 'm', parent: undefined, index: 0 };
    this.#name(this.#root);
  }

  config(): object {
    const context: Remembered = { n: 0, sum: 0n, last: undefined, seen: new Set(), trail: [] };
    return { ...this.#state(this.#root), context };
  }

  #name(named: Named): void {
    for (const [index, node] of named.node.children.entries()) {
      const child: Named = { node, id: `${named.id}-${index}`, parent: named, index };
      this.#all.push(child);
      this.#name(child);
    }
  }

  #state(named: Named): object {
    const { node, id } = named;
    if (node.kind === 'shallow' || node.kind === 'deep') return { id, type: 'history', history: node.kind };
    const acts = { entry: this.#acts(id, 'entry', node.entry), exit: this.#acts(id, 'exit', node.exit) };
    if (node.kind === 'final') return { id, type: 'final', entry: acts.entry };
    const children = this.#all.filter(({ parent }) => parent === named);
    const first = children.find(({ node: { kind } }) => kind !== 'shallow' && kind !== 'deep');
    return {
      id,
      ...acts,
      ...(node.kind === 'parallel' ? { type: 'parallel' } : {}),
      ...(node.kind === 'compound' ? { initial: key(first as Named) } : {}),
      ...(children.length > 0
        ? { states: Object.fromEntries(children.map((child) => [key(child), this.#state(child)])) }
        : {}),
      on: this.#on(named),
      always: this.#forward(named, node.always, 'always'),
      onDone: node.kind === 'atomic' ? undefined : this.#forward(named, node.done, 'done'),
    };
  }

  #on(named: Named): Record<string, object[]> {
    const { node, id } = named;
    const on: Record<string, object[]> = {};
    for (const { on: type, target, guard, acts, reenter } of node.transitions) {
      // A wildcard takes raised and done events too, also at the start: going somewhere or raising in answer may never
      // end, and throwing would keep the machine from starting.
      const isWild = type === '*';
      const to = target === null || isWild ? undefined : this.#all[target % this.#all.length];
      on[type] ??= [];
      on[type].push({
        ...(to === undefined ? {} : { target: `#${to.id}`, reenter }),
        ...guarded(guard),
        actions: this.#acts(id, type, isWild ? acts.filter(isQuiet) : acts),
      });
    }
    if (node.raised !== null) {
      const stay = [{ ...guarded(node.raised.guard), actions: this.#acts(id, 'raised1', node.raised.acts) }];
      on['raised1'] = this.#forward(named, node.raised, 'raised1') ?? stay;
    }
    return on;
  }

  /** To a later sibling under a parent of which one child is active; otherwise nowhere. */
  #forward({ parent, index, id }: Named, forward: Forward | null, name: string): object[] | undefined {
    if (forward === null || parent === undefined || parent.node.kind !== 'compound') return undefined;
    const siblings = this.#all.filter((other) => other.parent === parent && other.index > index);
    const later = siblings.filter(({ node: { kind } }) => kind !== 'shallow' && kind !== 'deep');
    const target = later[Math.min(forward.step, later.length) - 1];
    if (target === undefined) return undefined;
    const acts = this.#acts(id, name, forward.acts);
    return [{ target: `#${target.id}`, ...guarded(forward.guard), actions: acts }];
  }

  #acts(id: string, where: string, acts: readonly Act[]): unknown[] {
    return acts.map((act) => this.#action(`${id}.${where}.${act.kind}`, act));
  }

  #action(name: string, act: Act): unknown {
    switch (act.kind) {
      case 'count':
        return change(name, (context) => ({ n: (context.n + act.by) % 97 }));
      case 'addEvent':
        return change(name, (context, event) => ({ sum: context.sum * 3n + BigInt(byOf(event)) }));
      case 'remember':
        return change(name, (_context, event) => ({ last: { type: event.type, by: byOf(event) } }));
      case 'throwAt':
        return change(name, (context) => {
          if (context.n % 13 === act.n) throw new Error(`${name} throws at ${context.n}`);
          return {};
        });
      case 'raise':
        return raise({ type: act.type } as never);
      case 'effect':
        return () => this.#effects.current.perform(name);
    }
  }
}

type SeenEvent = { readonly type: string; readonly data?: { readonly by: number } };

/** An assign that also leaves its name, so that the order of actions shows. */
function change(name: string, to: (context: Remembered, event: SeenEvent) => Partial<Remembered>): unknown {
  return assign((({ context, event }: { context: Remembered; event: SeenEvent }) => ({
    seen: new Set([...context.seen, name]),
    trail: [...context.trail, name].slice(-6),
    ...to(context, event),
  })) as never);
}

const isQuiet = ({ kind }: Act): boolean => kind !== 'raise' && kind !== 'throwAt';

function guarded(guard: Guard | null): object {
  if (guard === null) return {};
  const { modulus, rest, of } = guard;
  return {
    guard: ({ context, event }: { context: Remembered; event: SeenEvent }) =>
      (of === 'context' ? context.n : byOf(event)) % modulus === rest % modulus,
  };
}

function byOf(event: SeenEvent): number {
  return event.data?.by ?? 0;
}

function key({ index }: Named): string {
  return `s${index}`;
}

function describe(node: Node): string {
  const { kind, children, ...rest } = node;
  return `${kind}${JSON.stringify(rest)}[${children.map(describe).join(', ')}]`;
}
