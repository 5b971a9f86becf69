/** One planted bug: a text of a machine's source, and what stands there instead. */
export interface Mutant {
  readonly name: string;
  /** The machine's file in `machines/`, without the ending. */
  readonly machine: string;
  /** Stands in the source exactly once. */
  readonly find: string;
  readonly replace: string;
}

const of = (machine: string, mutants: Readonly<Record<string, readonly [string, string]>>): Mutant[] =>
  Object.entries(mutants).map(([name, [find, replace]]) => ({ name, machine, find, replace }));

/** Bugs as people make them, in each machine of `machines/`. */
export const mutants: readonly Mutant[] = [
  ...of('circuit-breaker', {
    'trips one failure late': ['return failures >= trip.failures;', 'return failures > trip.failures;'],
    'trips only above the rate': [
      'failures / calls >= trip.failureRate',
      'failures / calls > trip.failureRate',
    ],
    'counts what is as old as the window': ['({ at }) => at > since', '({ at }) => at >= since'],
    'judges with a call too few': ['calls >= trip.callsMin', 'calls + 1 >= trip.callsMin'],
    'keeps one call too many': ['return newest(all, trip.calls);', 'return newest(all, trip.calls + 1);'],
    'keeps the oldest of a long run': [
      'const count = Math.min(left, run.count);',
      'const count = run.count;',
    ],
    'joins failures to the count of the last': [
      'count: runs.reduce((sum, { count }) => sum + count, 0) }]',
      'count: last.count }]',
    ],
    'never forgets an opening': ['assign({ runs: [], attempt: 0 })', 'assign({ runs: [] })'],
    'opens for longer than the longest': [
      'const doubledMs = Math.min(openMaxMs, openMs * 2 ** attempt);',
      'const doubledMs = openMs * 2 ** attempt;',
    ],
    'jitter goes one way only': ['(2 * random - 1)', '(2 * random)'],
    'an old probe decides': [
      "return event.type === 'probeEnded' && event.probe === probe;",
      "return event.type === 'probeEnded' && event.probe <= probe;",
    ],
    'the first release ends an isolation': [
      'context.holders.every(({ holder }) => holder === event.holder)',
      'context.holders.some(({ holder }) => holder === event.holder)',
    ],
    'a holder is held twice': [
      '[...context.holders.filter((each) => each.holder !== holder), { holder, reason }]',
      '[...context.holders, { holder, reason }]',
    ],
    'counts what failed offline': ["{ guard: isThere, actions: 'sample' }", "{ actions: 'sample' }"],
    'a probe has no deadline': [
      `after: {
                probe: [
                  { guard: isThere, target: '#circuitBreaker.circuit.open', actions: 'open' },
                  { target: 'waiting' },
                ],
              },`,
      '',
    ],
    'a probe that hears nothing offline has failed': [
      "{ guard: isThere, target: '#circuitBreaker.circuit.open', actions: 'open' }",
      "{ target: '#circuitBreaker.circuit.open', actions: 'open' }",
    ],
    'drains while the circuit is open': [
      "or([stateIn({ circuit: 'closed' }), stateIn({ circuit: 'halfOpen' })])",
      "or([stateIn({ circuit: 'closed' }), not(stateIn({ circuit: 'isolated' }))])",
    ],
    'samples in place': [
      "event.type === 'reported' ? { runs: sampled(context, event.runs) } : {},",
      "event.type === 'reported' ? { runs: ((context.runs as CallRun[]).push(...event.runs), sampled({ ...context, runs: [] }, context.runs)) } : {},",
    ],
  }),
  ...of('connectivity', {
    'believes one failure too early': [
      'context.failures + 1 >= context.offlineAfter',
      'context.failures + 2 >= context.offlineAfter',
    ],
    'believes one success too late': [
      'context.successes + 1 >= context.onlineAfter',
      'context.successes >= context.onlineAfter',
    ],
    'degraded does not end a row of failures': [
      'failures: hasFailed ? failures + 1 : 0,',
      'failures: hasFailed ? failures + 1 : isSettled ? 0 : failures,',
    ],
    'a late answer counts': [
      'context.isOpen && event.check === context.check',
      'context.isOpen && event.check <= context.check',
    ],
    'a check leaves itself open': ['    isOpen: false,\n    failures: hasFailed', '    failures: hasFailed'],
    'forgets that a check was wanted': [
      "pausing: {\n          on: { check: { actions: 'wantCheck' } },",
      'pausing: {',
    ],
    'waits the other interval': [
      '(hasFailed || isOffline ? offlineIntervalMs : intervalMs)',
      '(hasFailed || isOffline ? intervalMs : offlineIntervalMs)',
    ],
    'takes its time to believe that the network is back': ['hasFailed || isOffline', 'hasFailed'],
    'keeps an old reason': ['reason: isSettled ? null : event.reason', 'reason: event.reason'],
    'spreads by chance': ['(2 * event.random - 1)', '(2 * Math.random() - 1)'],
    'an override outlives its release': ['release: assign({ override: null })', 'release: assign({})'],
    'a second override is dropped': [
      "manual: {\n          on: { override: { actions: 'override' }, ",
      'manual: {\n          on: { ',
    ],
  }),
  ...of('host-lifecycle', {
    'a host that fails to start is not fenced': [
      "starting: { on: { started: 'running', exited: 'fencing',",
      "starting: { on: { started: 'running', exited: 'absent',",
    ],
    'starts again before it is fenced': [
      "fencing: { on: { fenced: 'absent',",
      "fencing: { on: { fenced: 'absent', start: { target: 'starting', actions: 'countGeneration' },",
    ],
    'closes at once': [
      "running: { on: { exited: 'fencing', close: 'closing' } }",
      "running: { on: { exited: 'fencing', close: 'closed' } }",
    ],
    'hangs when it closes while fencing': [
      "closing: { on: { exited: 'closed', fenced: 'closed' } }",
      "closing: { on: { exited: 'closed' } }",
    ],
    'counts only the first thread': ['context.generation + 1', 'Math.max(context.generation, 1)'],
  }),
  ...of('runtime-lifecycle', {
    'closes before it has drained': [
      "running: { on: { close: 'draining',",
      "running: { on: { close: 'closing',",
    ],
    'a failure while draining is dropped': [
      "draining: { on: { drained: 'closing', failed: 'failed' } }",
      "draining: { on: { drained: 'closing' } }",
    ],
    'goes on after a failure': [
      "opening: { on: { opened: 'running', failed: 'failed' } }",
      "opening: { on: { opened: 'running', failed: 'running' } }",
    ],
    'is never closed': ["closed: { type: 'final' }", 'closed: {}'],
  }),
  ...of('store-and-forward', {
    'the end of an old pass ends a new one': ['event.pass === context.pass', 'event.pass <= context.pass'],
    'forgets what came due during a pass': ['wait: assign({\n', 'wait: assign({\n      isWanted: false,\n'],
    'begins while degraded': [
      "and([stateIn({ network: 'degraded' }), 'executesDegraded'])",
      "stateIn({ network: 'degraded' })",
    ],
    'does not look when the network is back': [
      "{ guard: 'isOnline', target: '.online', actions: 'want' }",
      "{ guard: 'isOnline', target: '.online' }",
    ],
    'a resume looks at nothing': [
      "resume: { target: 'resting', actions: 'want' }",
      "resume: { target: 'resting' }",
    ],
    'wants for ever': [
      'pass: ({ context }) => context.pass + 1, isWanted: false',
      'pass: ({ context }) => context.pass + 1',
    ],
    'waits as long as before': [
      "event.type === 'passEnded' ? event.waitMs : context.waitMs",
      "event.type === 'passEnded' ? Math.max(event.waitMs, context.waitMs) : context.waitMs",
    ],
    'rests without a timer': ["after: { wait: { guard: not('isWanted'), actions: 'want' } },", ''],
  }),
  ...of('supervisor', {
    'tolerates one restart too many': ['recent.length >= intensity', 'recent.length > intensity'],
    'a restart counts a moment too long': ['restart > at - periodMs', 'restart >= at - periodMs'],
    'half open has a budget': ["child.state === 'half-open' || recent.length", 'recent.length'],
    'lets a child run before its time': ['event.at >= child.until', 'event.at + 1 >= child.until'],
    'a healed child keeps its past': ["({ state: 'up', restarts: [] })", "({ state: 'up' })"],
    'backs off too fast': ['minMs * 2 ** (restarts - 1)', 'minMs * 2 ** restarts'],
    'jitter exceeds the longest wait': [
      'return Math.min(maxMs, doubled * (1 + jitter * (2 * random - 1)));',
      'return doubled * (1 + jitter * (2 * random - 1));',
    ],
    'the one that died first goes too': [
      "strategy === 'rest-for-one' && at > died",
      "strategy === 'rest-for-one' && at < died",
    ],
    'a sibling waits shorter': [
      'return { ...sibling, state: waits, until: Math.max(sibling.until, until) };',
      'return { ...sibling, state: waits, until };',
    ],
    'a sibling that waits is let up': [
      "const waits = state === 'up' && isWaiting(sibling) ? sibling.state : state;",
      'const waits = state;',
    ],
    'a sibling that is tried is trusted': [
      "sibling.state === 'escalated' || sibling.state === 'half-open'",
      "sibling.state === 'escalated'",
    ],
    'a transient child comes back from a normal end': [
      "(child.restart === 'transient' && died.isNormal)",
      "(child.restart === 'transient' && !died.isNormal)",
    ],
    'stopped siblings rise again': [
      "restart === 'temporary' || state === 'stopped'",
      "restart === 'temporary'",
    ],
    'restarts are noted in place': [
      'restarts: [...recent, until], until }',
      'restarts: ((child.restarts as number[]).push(until), child.restarts), until }',
    ],
    'is failing for ever': [
      "failing: { always: { guard: 'isSomeoneTried', target: 'degraded' } }",
      'failing: {}',
    ],
  }),
];
