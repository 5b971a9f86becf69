import { expect, test } from 'vitest';
import { createContainer, defineContainer, eager, lazy } from '../../runtime/container/index.ts';
import { errorOf } from '../support/error-of.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const failed = (path: readonly string[], cause: unknown) =>
  expect.objectContaining({ code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED', path, cause });

test('makes eager values at once, one after the other, and lazy ones when they are asked for', async () => {
  const made: string[] = [];
  const app = await createContainer({
    config: eager(async () => {
      await settled();
      made.push('config');
      return { model: 'small' };
    }),
    table: eager(['config'], ({ config }: { config: { model: string } }) => {
      made.push('table');
      return [config.model];
    }),
    embeddings: lazy(async ({ config }: { config: { model: string } }) => {
      made.push('embeddings');
      return `embeddings of ${config.model}`;
    }),
    region: 'eu',
  });
  expect(made).toEqual(['config', 'table']);
  expect([app.status('config'), app.status('embeddings')]).toEqual(['ready', 'idle']);
  expect([app.peek('table'), app.peek('embeddings'), app.peek('region')]).toEqual([
    ['small'],
    undefined,
    'eu',
  ]);

  const both = [app.get('embeddings'), app.get('embeddings')];
  expect(app.status('embeddings')).toBe('initialising');
  expect(await Promise.all(both)).toEqual(['embeddings of small', 'embeddings of small']);
  expect(made).toEqual(['config', 'table', 'embeddings']);
  expect(app.peek('embeddings')).toBe('embeddings of small');
});

test('hands named dependencies over as values, and is asked for lazy ones as promises', async () => {
  const services = defineContainer()
    .value('region', 'eu')
    .lazy('number', async () => 5)
    .lazy('named', ['number', 'region'], (deps) => deps)
    .lazy('asked', async (deps) => [deps.region, deps.number instanceof Promise, await deps.number]);
  const app = await createContainer(services);

  expect({ ...(await app.get('named')) }).toEqual({ number: 5, region: 'eu' });
  expect(await app.get('asked')).toEqual(['eu', true, 5]);
});

test('takes a function that is no binding for a value, since services may be functions', async () => {
  const log = () => 'logged';
  const app = await createContainer({ log });

  expect(app.peek('log')).toBe(log);
});

test('rejects everybody who waits with the path of what failed, and has the next one try again', async () => {
  const broken = new Error('no such file');
  const errors: unknown[] = [broken, broken];
  const services = defineContainer()
    .lazy('database', async () => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return 'open';
    })
    .lazy('index', ['database'], ({ database }) => `index in ${database}`)
    .lazy('search', async ({ index }) => `search by ${await index}`);
  const app = await createContainer(services);

  const [search, index] = await Promise.all([errorOf(app.get('search')), errorOf(app.get('index'))]);
  expect(search).toEqual(failed(['search', 'index', 'database'], broken));
  expect(search.message).toContain('"search -> index -> database" could not be made: no such file.');
  expect(index).toEqual(failed(['index', 'database'], broken));
  expect(app.status('search')).toBe('failed');
  expect(await errorOf(app.get('database'))).toEqual(failed(['database'], broken));

  expect(await app.get('search')).toBe('search by index in open');
});

test('tries nothing again that has failed for the same question, so that no two have each other tried for ever', async () => {
  let tries = 0;
  const services = defineContainer()
    .lazy('bad', async (): Promise<number> => {
      tries++;
      throw new Error('bad');
    })
    .lazy('late', async (deps) => {
      await settled();
      return deps.bad;
    })
    .lazy('all', async ({ bad, late }) => Promise.all([late.catch(() => bad), bad]));
  const app = await createContainer(services);

  await errorOf(app.get('all'));
  await settled();
  expect(tries).toBe(1);
  expect(await errorOf(app.get('late'))).toMatchObject({ path: ['late', 'bad'] });
  expect(tries).toBe(2);
  await errorOf(app.get('bad'));
  expect(tries).toBe(3);
});

test('tells what a factory throws at once, also what is no error', async () => {
  const services = defineContainer().lazy('odd', (): number => {
    throw 'odd';
  });
  const app = await createContainer(services);

  expect(await errorOf(app.get('odd'))).toEqual(failed(['odd'], 'odd'));
});

test.each([
  ['by their parameter', (next: string) => lazy(async (deps: Record<string, unknown>) => deps[next])],
  ['by the variable that holds the container', (next: string) => lazy(async () => held.get(next))],
  [
    'by that variable, late',
    (next: string) =>
      lazy(async () => {
        await settled();
        return held.get(next);
      }),
  ],
])('finds what waits for itself when factories ask %s', async (_how, asking) => {
  held = (await createContainer({
    a: asking('b'),
    b: asking('c'),
    c: asking('a'),
    me: asking('me'),
  } as never)) as never;

  const errors = await Promise.all(['a', 'b', 'c', 'me'].map((name) => errorOf(held.get(name))));

  for (const error of errors.slice(0, 3)) {
    expect(error).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_CYCLE' });
    const { path } = error as unknown as { path: string[] };
    expect(['a -> b -> c -> a', 'b -> c -> a -> b', 'c -> a -> b -> c']).toContain(path.join(' -> '));
    expect(error.message).toContain(path.join(' -> '));
  }
  expect(errors[3]).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_CYCLE', path: ['me', 'me'] });
});
let held: { get(name: string): Promise<unknown> };

test('finds what waits for itself by what another has kept, and by a container that it makes itself', async () => {
  const services = defineContainer()
    .lazy('finder', (deps) => async () => (deps as unknown as { user: Promise<string> }).user)
    .lazy('user', ['finder'], async ({ finder }): Promise<string> => finder());
  expect(await errorOf((await createContainer(services)).get('user'))).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_CYCLE',
    path: ['user', 'user'],
  });

  held = (await createContainer({
    outer: lazy(async () => createContainer({ inner: eager(async () => held.get('outer')) })),
  } as never)) as never;
  expect(await errorOf(held.get('outer'))).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_CYCLE',
    path: ['inner', 'outer', 'inner'],
  });
});

test('lets those be asked for later that would wait for one another at once', async () => {
  const services = defineContainer({
    mailer: lazy((deps: { queue: Promise<{ name: string }> }) => ({
      name: 'mailer',
      queue: async () => (await deps.queue).name,
    })),
    queue: lazy(['mailer'], ({ mailer }: { mailer: { name: string } }) => ({
      name: `queue of ${mailer.name}`,
    })),
  });
  const app = await createContainer(services);

  const mailer = await app.get('mailer');
  expect(await mailer.queue()).toBe('queue of mailer');
});

test('knows before it makes anything that named dependencies wait for one another, or are not there', async () => {
  let made = 0;
  const make = () => ++made;
  const cycle = {
    first: eager(make),
    a: lazy(['b'], make as never),
    b: lazy(['c'], make as never),
    c: lazy(['b'], make as never),
  };
  expect(await errorOf(createContainer(cycle as never))).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_CYCLE',
    path: ['b', 'c', 'b'],
  });
  expect(
    await errorOf(createContainer({ database: lazy(make), a: lazy(['databse'], make as never) } as never)),
  ).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN',
    path: ['a', 'databse'],
    message: expect.stringContaining('Did you mean "database"?'),
  });
  expect(made).toBe(0);
});

const hostile: [string, () => unknown][] = [
  ['has no text', () => Object.create(null)],
  ['is a revoked proxy', () => revokedProxy()],
  ['has a message that is none', () => Object.assign(new Error('x'), { message: { en: 'no' } })],
  ['has a message that throws', () => Object.defineProperty(new Error('x'), 'message', { get: throwing })],
];

test.each(hostile)(
  'tells all who wait also of a factory or a dispose that throws what %s',
  async (_, thrown) => {
    const rejecting = async (): Promise<number> => {
      throw thrown();
    };
    const blueprint = defineContainer()
      .lazy('inner', rejecting)
      .lazy('outer', ['inner'], ({ inner }) => inner)
      .lazy('made', () => 1, {
        dispose: () => {
          throw thrown();
        },
      });
    const app = await createContainer(blueprint);
    await app.get('made');

    expect(await errorOf(app.get('outer'))).toMatchObject({
      code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED',
      path: ['outer', 'inner'],
    });
    expect(await errorOf(app.warmUp())).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED' });
    expect(await errorOf(app.close())).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED' });
    expect(await errorOf(createContainer({ early: eager(rejecting) }))).toMatchObject({
      code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED',
    });
  },
);

function throwing(): never {
  throw new Error('not for you');
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test('refuses to be spread by a factory, which would find nothing there', async () => {
  const blueprint = defineContainer()
    .value('locale', 'en')
    .value('zone', 'UTC')
    .lazy('rest', ({ locale, ...others }) => [locale, others]);
  const app = await createContainer(blueprint);

  expect(await errorOf(app.get('rest'))).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED',
    message: expect.stringContaining('read each of what it needs by its name'),
    cause: expect.objectContaining({ code: 'HOLDFAST_ERR_ARGUMENT_INVALID' }),
  });
});

test('says what is likely meant by a name that is not bound, whoever asks for it', async () => {
  const app = await createContainer({
    database: 'open',
    index: lazy(async (deps: object) => (deps as { databse: string }).databse),
  } as never);
  const any = app as unknown as {
    get(name: string): Promise<unknown>;
    peek(name: string): unknown;
    has(name: string): boolean;
  };
  const unknown = {
    code: 'HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN',
    message: expect.stringContaining('"database"'),
  };

  expect(await errorOf(any.get('databas'))).toMatchObject({ ...unknown, path: ['databas'] });
  expect(await errorOf(any.get('index'))).toMatchObject({ ...unknown, path: ['index', 'databse'] });
  expect(() => any.peek('databas')).toThrow(expect.objectContaining(unknown));
  expect([any.has('database'), any.has('databas'), any.has('toString')]).toEqual([true, false, false]);
  expect(await errorOf(any.get('toString'))).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN',
  });
});

test('refuses to read an eager value that is not there yet, and reads one that can be made at once', async () => {
  const early = (deps: { late: number }) => deps.late + 1;
  expect(await (await createContainer({ early: eager(early), late: eager(() => 1) })).get('early')).toBe(2);

  const refused = errorOf(createContainer({ early: eager(early), late: eager(async () => 1) }));
  expect(await refused).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_NOT_READY', path: ['early', 'late'] });
});

test('disposes what was made when an eager value fails, and says which', async () => {
  const disposed: string[] = [];
  const broken = new Error('broken');
  const services = defineContainer()
    .eager('first', () => 'first', { dispose: (value) => disposed.push(value) })
    .eager('second', async () => 'second', { dispose: (value) => disposed.push(value) })
    .lazy('cause', async (): Promise<string> => Promise.reject(broken))
    .eager('third', ['cause'], ({ cause }) => cause);

  expect(await errorOf(createContainer(services))).toEqual(failed(['third', 'cause'], broken));
  expect(disposed).toEqual(['second', 'first']);
});

test('ends the creation and its waiting by a signal', async () => {
  const disposed: string[] = [];
  const signals: AbortSignal[] = [];
  const services = defineContainer()
    .eager('first', () => 'first', { dispose: (value) => disposed.push(value) })
    .eager('slow', (_deps, { signal }) => {
      signals.push(signal);
      return new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
  const creation = new AbortController();
  const creating = errorOf(createContainer(services, { signal: creation.signal }));
  creation.abort(new Error('enough'));

  expect((await creating).message).toBe('enough');
  expect(signals[0]?.aborted).toBe(true);
  expect(disposed).toEqual(['first']);

  let open: (value: string) => void = () => undefined;
  const app = await createContainer({
    slow: lazy(
      () =>
        new Promise<string>((resolve) => {
          open = resolve;
        }),
    ),
  });
  const waiting = new AbortController();
  const got = errorOf(app.get('slow', { signal: waiting.signal }));
  waiting.abort(new Error('no longer'));
  expect((await got).message).toBe('no longer');
  expect((await errorOf(app.get('slow', { signal: waiting.signal }))).message).toBe('no longer');
  open('there');
  expect(await app.get('slow')).toBe('there');
});

test('gives up a factory that takes too long, and never has it run twice at a time', async () => {
  const clock = new VirtualTime();
  const disposed: string[] = [];
  const signals: AbortSignal[] = [];
  const ends: ((value: string) => void)[] = [];
  const services = defineContainer().lazy(
    'slow',
    (_deps, { signal }) => {
      signals.push(signal);
      return new Promise<string>((resolve) => ends.push(resolve));
    },
    { initTimeoutMs: 100, dispose: (value) => disposed.push(value) },
  );
  const app = await createContainer(services, { clock });
  const timedOut = failed(['slow'], expect.objectContaining({ code: 'HOLDFAST_ERR_TIMEOUT' }));

  const first = errorOf(app.get('slow'));
  await clock.pass(100);
  expect(await first).toEqual(timedOut);
  expect(signals[0]?.aborted).toBe(true);

  const second = errorOf(app.get('slow'));
  await clock.pass(100);
  expect(await second).toEqual(timedOut);
  expect(signals).toHaveLength(1);

  const third = app.get('slow');
  ends[0]?.('late');
  await settled();
  expect(disposed).toEqual(['late']);
  expect(signals).toHaveLength(2);
  ends[1]?.('in time');
  expect(await third).toBe('in time');
  expect(clock.pending).toBe(0);
});

test('counts the time of a factory without that of what it names', async () => {
  const clock = new VirtualTime();
  const after = (ms: number, value: string) =>
    new Promise<string>((resolve) => clock.after(ms, () => resolve(value)));
  const services = defineContainer()
    .lazy('database', () => after(80, 'database'))
    .lazy('index', ['database'], () => after(80, 'index'))
    .lazy('search', async ({ index }) => after(10, `search by ${await index}`));
  const app = await createContainer(services, { clock, initTimeoutMs: 100 });
  const index = app.get('index');
  await clock.pass(160);
  expect(await index).toBe('index');

  const search = app.get('search');
  await clock.pass(10);
  expect(await search).toBe('search by index');
  expect(app.report()).toMatchObject([
    {
      name: 'database',
      status: 'ready',
      startedBy: 'binding',
      asker: 'index',
      startedAtMs: 0,
      ownMs: 80,
      waitingMs: 0,
    },
    { name: 'index', startedBy: 'get', asker: null, startedAtMs: 0, ownMs: 80, waitingMs: 80, attempts: 1 },
    { name: 'search', startedBy: 'get', startedAtMs: 160, ownMs: 10, waitingMs: 0 },
  ]);
});

test('refuses what is no binding, no name and no option', async () => {
  const invalid = expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' });
  expect(() => lazy(5 as never)).toThrow(invalid);
  expect(() => lazy([5] as never, () => 5)).toThrow(invalid);
  expect(() => eager(() => 5, { dispos: () => 5 } as never)).toThrow(/did you mean "dispose"/);
  expect(() => eager(() => 5, { dispose: 5 } as never)).toThrow(invalid);
  expect(() => eager(() => 5, { initTimeoutMs: 0 })).toThrow(invalid);
  expect(() => defineContainer([] as never)).toThrow(invalid);
  expect(() => defineContainer().value('' as never, 5)).toThrow(invalid);
  const twice = defineContainer()
    .value('a', 5)
    .value('a' as never, 6);
  expect(await errorOf(createContainer(twice))).toEqual(invalid);
  expect(await errorOf(createContainer({}, { initTimeout: 5 } as never))).toEqual(invalid);
  expect(await errorOf((await createContainer({ a: 5 })).get('a', { signal: 5 } as never))).toEqual(invalid);
});

test.each([
  [
    'are named',
    (need: string) => lazy([need] as never, ((deps: Record<string, number>) => deps[need]! + 1) as never),
  ],
  [
    'are asked for',
    (need: string) => lazy((async (deps: Record<string, number>) => (await deps[need]!) + 1) as never),
  ],
])('makes thousands that wait for one another when they %s', async (_how, next) => {
  const bindings: Record<string, unknown> = { n0: 0 };
  for (let index = 1; index < 3_000; index++) bindings[`n${index}`] = next(`n${index - 1}`);
  const app = (await createContainer(bindings)) as unknown as { get(name: string): Promise<unknown> };

  expect(await app.get('n2999')).toBe(2_999);
});

test('has no trouble with names that objects have', async () => {
  const names = ['__proto__', 'constructor', 'then', 'toJSON', 'hasOwnProperty'];
  const bindings = names.reduce(
    (before, name) => before.lazy(name as never, () => name) as never,
    defineContainer(),
  );
  const services = bindings.lazy(
    'all' as never,
    names as never,
    (deps: object) => Object.entries(deps) as never,
  );
  const app = (await createContainer(services)) as unknown as { get(name: string): Promise<unknown> };

  expect(await app.get('all')).toEqual(names.map((name) => [name, name]));

  // Not taken for a promise by whoever hands it over.
  const callable = defineContainer()
    .value('then', () => 'called')
    .lazy('late', settled)
    .lazy('all', ['late', 'then'], ({ then }) => then());
  expect(await (await createContainer(callable)).get('all')).toBe('called');
});

test('leaves a blueprint as it was when another is made from it', async () => {
  const services = defineContainer()
    .value('region', 'eu')
    .lazy('number', () => 5);
  const [more, other] = [services.lazy('a', () => 1), services.value('a', 2)];
  const fake = services.with({ number: 6, region: 'us' });

  expect(await (await createContainer(more)).get('a')).toBe(1);
  expect(await (await createContainer(other)).get('a')).toBe(2);
  expect([
    await (await createContainer(fake)).get('number'),
    await (await createContainer(services)).get('number'),
  ]).toEqual([6, 5]);
  expect((await createContainer(fake)).peek('region')).toBe('us');
  expect(() => services.with({ numbr: 5 } as never)).toThrow(/Did you mean "number"/);
});

test('keeps a binding as lazy as it was when something else replaces it, so that whoever asks is not surprised', async () => {
  const services = defineContainer()
    .lazy('database', async () => 'real')
    .lazy('index', async ({ database }) => [database instanceof Promise, await database] as const);
  let made = 0;
  const lazily = services.with({
    database: lazy(() => {
      made++;
      return 'made';
    }),
  });

  expect(await (await createContainer(services.with({ database: 'fake' }))).get('index')).toEqual([
    true,
    'fake',
  ]);
  const app = await createContainer(lazily);
  expect(made).toBe(0);
  expect(await app.get('index')).toEqual([true, 'made']);
});

test('makes what replaces a plain value with the container, before whoever reads it', async () => {
  const services = defineContainer()
    .value('region', 'eu')
    .eager('config', ({ region }) => `config of ${region}`);
  const slow = services.with({
    region: eager(async () => {
      await settled();
      return 'us';
    }),
  });
  const app = await createContainer(slow);

  expect([app.peek('region'), app.peek('config')]).toEqual(['us', 'config of us']);
  expect((await createContainer(slow.with({ region: 'uk' }))).peek('config')).toBe('config of uk');
});
