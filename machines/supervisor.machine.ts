import { assign, setup } from 'xstate';

/** When a child is restarted: always, only after an abnormal end, or never. The words are those of OTP. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** Who is restarted with a child: nobody, all the others, or those that were started after it. */
export type SupervisionStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/** What a supervisor knows of a child before it starts, as data. The order of specs is the order of starts. */
export interface ChildSpec {
  readonly id: string;
  readonly restart: RestartType;
}

/** How long a child waits between restarts, in milliseconds. */
export interface BackOff {
  readonly minMs: number;
  readonly maxMs: number;
  /** Share by which a wait is made longer or shorter at random: 0.2 is up to 20 %. From 0 to 1. */
  readonly jitter: number;
}

/** What a supervisor is told when it is made. */
export interface SupervisorInput {
  readonly strategy: SupervisionStrategy;
  /** So many restarts of a child within the period are tolerated; one more escalates. */
  readonly intensity: number;
  readonly periodMs: number;
  readonly backoff: BackOff;
  readonly children: readonly ChildSpec[];
}

/**
 * `up`: may run. `backing-off`: may run again from `until` on. `escalated`: has died too often, and gets one try at
 * `until`. `half-open`: that try; the next death escalates again. `stopped`: is not restarted.
 */
export type ChildState = 'up' | 'backing-off' | 'escalated' | 'half-open' | 'stopped';

/** What a supervisor knows of a child. */
export interface SupervisedChild extends ChildSpec {
  readonly state: ChildState;
  /** When it was restarted within the period, oldest first: the sliding window of the intensity. */
  readonly restarts: readonly number[];
  /** From when on it may run, by the clock of the events. */
  readonly until: number;
}

/** What happens to children. `at` is milliseconds by any one clock that never goes back. */
export type SupervisorEvent =
  /** A child ended. `random` is from 0 up to 1, for the jitter. */
  | {
      readonly type: 'died';
      readonly child: string;
      readonly at: number;
      readonly isNormal: boolean;
      readonly random: number;
    }
  /** Time has come to a child's `until`. */
  | { readonly type: 'due'; readonly child: string; readonly at: number }
  /** A child has done work: what was tried half open is taken for healthy. */
  | { readonly type: 'served'; readonly child: string }
  | { readonly type: 'close' };

/** What a supervisor is made of. */
export interface SupervisorContext extends SupervisorInput {
  readonly children: readonly SupervisedChild[];
}

type Died = Extract<SupervisorEvent, { type: 'died' }>;

/**
 * Decides what becomes of children that die: restart, back off and until when, or escalate. It starts and ends nothing
 * itself, and has neither clock nor chance: both come with the events, so that it can be replayed and searched.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> healthy
 *   healthy --> degraded: a child backs off or has escalated
 *   degraded --> healthy: every child is up or stopped
 *   degraded --> failing: every child has escalated
 *   failing --> degraded: one of them is tried again
 *   healthy --> closed: close
 *   degraded --> closed: close
 *   failing --> closed: close
 * ```
 *
 * A child for itself:
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> up
 *   up --> up: died, for the first time within the period
 *   up --> backing_off: died again
 *   backing_off --> up: due
 *   up --> escalated: died more than intensity times within the period
 *   escalated --> half_open: due
 *   half_open --> up: served
 *   half_open --> escalated: died, or waits with a sibling
 *   up --> stopped: ended and is not to be restarted
 * ```
 *
 * Invariants: within any period a child is restarted at most `intensity` times, tries after an escalation aside, of
 * which there is one for each `maxMs`; no wait is longer than `maxMs`; the first restart after a quiet period is
 * immediate; a child that is not `up` or `half-open` never runs; `closed` is final. After Armstrong, "Making reliable
 * distributed systems in the presence of software errors" (2003), chapter 5, and OTP's `supervisor`; the half-open
 * state is that of circuit breakers.
 */
export const supervisorMachine = setup({
  types: {} as { context: SupervisorContext; events: SupervisorEvent; input: SupervisorInput },
  guards: {
    /** What has been given up or stopped does not run, so it cannot die. */
    mayDie: ({ context, event }) => {
      const child = event.type === 'died' ? childOf(context, event.child) : undefined;
      return child !== undefined && child.state !== 'escalated' && child.state !== 'stopped';
    },
    isDue: ({ context, event }) => {
      if (event.type !== 'due') return false;
      const child = childOf(context, event.child);
      return child !== undefined && isWaiting(child) && event.at >= child.until;
    },
    isTried: ({ context, event }) =>
      event.type === 'served' && childOf(context, event.child)?.state === 'half-open',
    isEveryoneUp: ({ context }) => isEveryoneUp(context),
    isSomeoneDown: ({ context }) => !isEveryoneUp(context),
    hasEveryoneEscalated: ({ context }) => hasEveryoneEscalated(context),
    isSomeoneTried: ({ context }) => !hasEveryoneEscalated(context),
  },
  actions: {
    decide: assign(({ context, event }) => (event.type === 'died' ? decide(context, event) : {})),
    readmit: assign(({ context, event }) => {
      if (event.type !== 'due') return {};
      return changed(context, event.child, ({ state }) => ({
        state: state === 'escalated' ? 'half-open' : 'up',
      }));
    }),
    markHealthy: assign(({ context, event }) =>
      event.type === 'served' ? changed(context, event.child, () => ({ state: 'up', restarts: [] })) : {},
    ),
  },
}).createMachine({
  id: 'supervisor',
  context: ({ input }) => ({
    ...input,
    children: input.children.map((spec) => ({ ...spec, state: 'up', restarts: [], until: 0 })),
  }),
  initial: 'supervising',
  states: {
    supervising: {
      initial: 'healthy',
      on: {
        died: { guard: 'mayDie', actions: 'decide' },
        due: { guard: 'isDue', actions: 'readmit' },
        served: { guard: 'isTried', actions: 'markHealthy' },
        close: 'closed',
      },
      states: {
        healthy: { always: { guard: 'isSomeoneDown', target: 'degraded' } },
        degraded: {
          always: [
            { guard: 'isEveryoneUp', target: 'healthy' },
            { guard: 'hasEveryoneEscalated', target: 'failing' },
          ],
        },
        failing: { always: { guard: 'isSomeoneTried', target: 'degraded' } },
      },
    },
    closed: { type: 'final' },
  },
});

function decide(context: SupervisorContext, died: Died): Partial<SupervisorContext> {
  const index = context.children.findIndex(({ id }) => id === died.child);
  const child = context.children[index];
  if (child === undefined) return {};
  if (child.restart === 'temporary' || (child.restart === 'transient' && died.isNormal)) {
    return changed(context, child.id, () => ({ state: 'stopped' }));
  }
  const next = afterDeath(context, child, died);
  const children = context.children.map((other, at): SupervisedChild => {
    if (at === index) return { ...other, ...next };
    return isAffected(context.strategy, at, index, other) ? withSibling(other, next) : other;
  });
  return { children };
}

/** What becomes of a child that has died and is to be restarted. */
function afterDeath(
  { intensity, periodMs, backoff }: SupervisorContext,
  child: SupervisedChild,
  { at, random }: Died,
): Pick<SupervisedChild, 'state' | 'restarts' | 'until'> {
  const recent = child.restarts.filter((restart) => restart > at - periodMs);
  // What is tried half open has no budget left, however long ago it was spent.
  if (child.state === 'half-open' || recent.length >= intensity) {
    return { state: 'escalated', restarts: recent, until: at + backoff.maxMs };
  }
  const waitMs = recent.length === 0 ? 0 : backOffMs(backoff, recent.length, random);
  const until = at + waitMs;
  return { state: waitMs === 0 ? 'up' : 'backing-off', restarts: [...recent, until], until };
}

/** Doubles with every restart within the period: `minMs` before the second, up to `maxMs`. */
function backOffMs({ minMs, maxMs, jitter }: BackOff, restarts: number, random: number): number {
  const doubled = Math.min(maxMs, minMs * 2 ** (restarts - 1));
  return Math.min(maxMs, doubled * (1 + jitter * (2 * random - 1)));
}

function isAffected(
  strategy: SupervisionStrategy,
  at: number,
  died: number,
  { restart, state }: SupervisedChild,
): boolean {
  if (restart === 'temporary' || state === 'stopped') return false;
  return strategy === 'one-for-all' || (strategy === 'rest-for-one' && at > died);
}

/**
 * A sibling shares what was decided, and waits for the longer of both waits. Its own budget is not touched, and one that
 * has escalated still has to show that it is well: a try that was cut short is made again.
 */
function withSibling(
  sibling: SupervisedChild,
  { state, until }: Pick<SupervisedChild, 'state' | 'until'>,
): SupervisedChild {
  if (sibling.state === 'escalated' || sibling.state === 'half-open') {
    const tried = state === 'up' ? sibling.state : 'escalated';
    return { ...sibling, state: tried, until: Math.max(sibling.until, until) };
  }
  const waits = state === 'up' && isWaiting(sibling) ? sibling.state : state;
  return { ...sibling, state: waits, until: Math.max(sibling.until, until) };
}

function isWaiting({ state }: SupervisedChild): boolean {
  return state === 'backing-off' || state === 'escalated';
}

function isEveryoneUp({ children }: SupervisorContext): boolean {
  return children.every(({ state }) => state === 'up' || state === 'stopped');
}

function hasEveryoneEscalated({ children }: SupervisorContext): boolean {
  return children.every(({ state }) => state === 'escalated');
}

function childOf({ children }: SupervisorContext, id: string): SupervisedChild | undefined {
  return children.find((child) => child.id === id);
}

function changed(
  { children }: SupervisorContext,
  id: string,
  change: (child: SupervisedChild) => Partial<SupervisedChild>,
): Pick<SupervisorContext, 'children'> {
  return { children: children.map((child) => (child.id === id ? { ...child, ...change(child) } : child)) };
}
