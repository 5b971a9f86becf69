import { expect, test } from 'vitest';
import {
  createActor,
  createMachine,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { initialSnapshot, step } from '../../actors/steps/bare-machine.ts';
import {
  type ActorLogic,
  isActorRef,
  isEffectful,
  isMachine,
  type LiveActor,
  observingMicrosteps,
} from '../../actors/xstate-adapter.ts';

const live = (actor: unknown): LiveActor => actor as LiveActor;

test('all events between actors, and to them, go through the relay of their system', () => {
  const child = createMachine({ on: { ping: {} } });
  const parent = setup({ actors: { child } }).createMachine({
    invoke: { id: 'c', src: 'child' },
    on: { go: { actions: ({ system, self }) => system.get('nobody') ?? self } },
  });
  const actor = createActor(parent).start();
  const relayed: string[] = [];
  const { system } = live(actor);
  const relay = system._relay;
  system._relay = (source, target, event) => {
    relayed.push(event.type);
    relay(source, target, event);
  };

  actor.send({ type: 'go' });
  actor.getSnapshot().children['c']?.send({ type: 'ping' });

  expect(relayed).toEqual(['go', 'ping']);
});

test('all timers go through the scheduler of the system, which is looked up at each use', () => {
  const actor = createActor(
    createMachine({
      on: { go: { target: '.b' } },
      initial: 'a',
      states: { a: {}, b: { after: { 5: 'a' } } },
    }),
  );
  const scheduled: unknown[] = [];
  live(actor).system.scheduler = {
    schedule: (_source, _target, event, delay, id) => scheduled.push({ type: event.type, delay, id }),
    cancel: () => undefined,
    cancelAll: () => undefined,
  };

  actor.start().send({ type: 'go' });

  expect(scheduled).toEqual([
    { type: 'xstate.after.5.(machine).b', delay: 5, id: 'xstate.after.5.(machine).b' },
  ]);
});

test('an actor is announced before it has a state, and the executor of its scope is looked up at each action', () => {
  const seen: string[] = [];
  const machine = createMachine({ entry: () => seen.push('ran') });

  const actor = createActor(machine, {
    inspect: (event: { readonly type: string; readonly actorRef: object }) => {
      if (event.type !== '@xstate.actor') return;
      expect(event.actorRef).toMatchObject({ _snapshot: undefined });
      live(event.actorRef)._actorScope.actionExecutor = ({ type }) => seen.push(`asked for ${type}`);
    },
  } as never).start();

  expect(actor.getSnapshot().status).toBe('active');
  expect(seen).toEqual([expect.stringMatching(/^asked for /)]);
});

test('each microstep tells its transitions, as they stand in the chart, and the state it leads to', () => {
  const machine = createMachine({
    initial: 'a',
    states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: {} },
  });
  const seen: string[] = [];
  const from = initialSnapshot(machine, undefined);

  const { accepted } = observingMicrosteps(
    ({ transitions, snapshot }) => {
      const own = transitions.filter((each) =>
        [...each.source.transitions.values(), each.source.always].flat().includes(each),
      );
      seen.push(`${own.map(({ source }) => source.key).join()} -> ${String(snapshot.value)}`);
    },
    () => step(machine, from, { type: 'go' }),
  );
  step(machine, from, { type: 'go' });

  expect(accepted).toBe(true);
  expect(seen).toEqual(['a -> b', 'b -> c']);
});

test('effectful logic is told from machines and reducers by its start', () => {
  const logics: [ActorLogic, boolean][] = [
    [fromPromise(async () => 1) as never, true],
    [fromCallback(() => undefined) as never, true],
    [fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never) as never, true],
    [fromTransition((n: number) => n, 0) as never, false],
    [createMachine({}) as never, false],
  ];

  expect(logics.map(([logic]) => isEffectful(logic))).toEqual(logics.map(([, is]) => is));
  expect(isMachine(createMachine({}))).toBe(true);
});

test('actors are named, registered and unregistered through their system, and only those that run', () => {
  const child = createMachine({ initial: 'a', states: { a: { on: { end: 'b' } }, b: { type: 'final' } } });
  const parent = setup({ actors: { child } }).createMachine({
    on: {
      spawn: { actions: [spawnChild('child', { id: 'kept' })] },
      pass: { actions: [spawnChild('child', { id: 'passing' }), stopChild('passing')] },
    },
  });
  const actor = createActor(parent).start();
  const seen: string[] = [];
  const { system } = live(actor);
  const { _register: register, _unregister: unregister } = system;
  system._bookId = () => 'named';
  system._register = (name, it) => {
    seen.push(`${it.id} is registered as ${name}`);
    return register(name, it);
  };
  system._unregister = (it) => {
    seen.push(`${it.id} is unregistered`);
    unregister(it);
  };

  actor.send({ type: 'spawn' });
  actor.send({ type: 'pass' });
  (actor.getSnapshot().children as Record<string, { send(event: object): void }>)['kept']?.send({
    type: 'end',
  });

  expect(seen).toEqual(['kept is registered as named', 'passing is unregistered', 'kept is unregistered']);
});

test('a reference to an actor is told from other objects', () => {
  expect(isActorRef(createActor(createMachine({})))).toBe(true);
  expect(isActorRef({ xstate$$type: 1, id: 'a' })).toBe(false);
  expect(isActorRef([])).toBe(false);
});

test('the snapshot of an actor is what it has as `_snapshot`', () => {
  const actor = createActor(createMachine({ on: { go: {} } })) as unknown as { _snapshot: unknown };
  const other = { status: 'active' };

  actor._snapshot = other;

  expect(live(actor).getSnapshot()).toBe(other);
});
