import { channel } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { createContainer, defineContainer, given, lazy } from '../../runtime/container/index.ts';
import { errorOf } from '../support/error-of.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

/** Notes what is disposed. */
class Resource {
  readonly name: string;
  readonly #log: string[];

  constructor(name: string, log: string[]) {
    this.name = name;
    this.#log = log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await settled();
    this.#log.push(this.name);
  }
}

test('makes everything that is lazy at once, each after what it names, and tells how far it is', async () => {
  const order: string[] = [];
  const progress: unknown[] = [];
  const make = (name: string) => async () => {
    order.push(`${name} begins`);
    await settled();
    order.push(`${name} ends`);
    return name;
  };
  const services = defineContainer()
    .eager('config', make('config'))
    .lazy('a', make('a'))
    .lazy('b', ['a', 'config'], make('b'))
    .lazy('c', make('c'));
  const app = await createContainer(services);
  await app.get('c');
  order.length = 0;

  await app.warmUp({ onProgress: (each) => progress.push(each) });

  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(progress).toEqual([
    { done: 1, total: 2, name: 'a' },
    { done: 2, total: 2, name: 'b' },
  ]);
  expect(app.report().map(({ name, startedBy }) => [name, startedBy])).toEqual([
    ['config', 'creation'],
    ['a', 'warm-up'],
    ['b', 'warm-up'],
    ['c', 'get'],
  ]);
  await app.warmUp();
});

test('begins no more at a time than it is told', async () => {
  let [atOnce, most] = [0, 0];
  const make = async () => {
    most = Math.max(most, ++atOnce);
    await settled();
    atOnce--;
  };
  const app = await createContainer({
    a: lazy(make),
    b: lazy(make),
    c: lazy(make),
    d: lazy(make),
    e: lazy(make),
  });

  await app.warmUp({ concurrency: 2 });

  expect(most).toBe(2);
  expect(app.report().every(({ status }) => status === 'ready')).toBe(true);
});

test('waits for all, tells every failure of a warm-up, and tries nothing twice', async () => {
  const broken = new Error('broken');
  let tries = 0;
  const services = defineContainer()
    .lazy('bad', async (): Promise<number> => {
      tries++;
      throw broken;
    })
    .lazy('on bad', ['bad'], () => 1)
    .lazy('far', ['on bad'], () => 2)
    .lazy('slow', async () => {
      await settled();
      return 'slow';
    });
  const app = await createContainer(services);
  const names: string[] = [];

  const error = await errorOf(app.warmUp({ onProgress: ({ name }) => names.push(name) }));

  const failure = (...path: string[]) => ({
    path,
    error: expect.objectContaining({ code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED', path, cause: broken }),
  });
  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED' });
  expect((error as unknown as { failures: unknown }).failures).toEqual([
    failure('bad'),
    failure('on bad', 'bad'),
    failure('far', 'on bad', 'bad'),
  ]);
  expect(tries).toBe(1);
  expect(names.toSorted()).toEqual(['bad', 'far', 'on bad', 'slow']);
  expect(app.peek('slow')).toBe('slow');
});

test('ends a warm-up by its signal, and lets go on what was begun', async () => {
  const stop = new AbortController();
  let begun = 0;
  const make = async () => {
    begun++;
    await settled();
    return begun;
  };
  const app = await createContainer({ a: lazy(make), b: lazy(make) });

  const told: string[] = [];
  const onProgress = ({ name }: { name: string }) => void told.push(name);
  const warming = errorOf(app.warmUp({ concurrency: 1, signal: stop.signal, onProgress }));
  stop.abort(new Error('enough'));

  expect((await warming).message).toBe('enough');
  expect(await app.get('a')).toBe(1);
  await settled();
  expect([begun, app.status('b'), told]).toEqual([1, 'idle', []]);
  expect((await errorOf(app.warmUp({ signal: stop.signal }))).message).toBe('enough');
  expect(await errorOf(app.warmUp({ concurrency: 0 }))).toMatchObject({
    code: 'HOLDFAST_ERR_OPTION_INVALID',
  });
});

test('goes on with a warm-up whose listener throws, and tells that in the end', async () => {
  const app = await createContainer({ a: lazy(() => 1), b: lazy(async () => 2) });

  const warming = app.warmUp({
    onProgress: () => {
      throw new Error('no window');
    },
  });

  expect((await errorOf(warming)).message).toBe('no window');
  expect(app.peek('b')).toBe(2);
});

test('a factory that warms its own container up is told that it waits for itself', async () => {
  const held: { app?: { warmUp(): Promise<void> } } = {};
  const app = await createContainer({ a: lazy(async () => held.app?.warmUp()), b: lazy(() => 2) });
  held.app = app;

  const error = await errorOf(app.get('a'));
  expect(error).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED',
    cause: { code: 'HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED', failures: [{ error: { path: ['a', 'a'] } }] },
  });
  expect(app.peek('b')).toBe(2);
});

test('disposes what it made in the reverse order of its completion, and nothing else', async () => {
  const log: string[] = [];
  const theirs = new Resource('theirs', log);
  const services = defineContainer()
    .value('theirs', theirs)
    .lazy('slow', async () => {
      await settled();
      return new Resource('slow', log);
    })
    .lazy('quick', () => new Resource('quick', log))
    .lazy('own', async () => 'own', { dispose: (value) => log.push(`${value} way`) })
    .lazy('never', () => new Resource('never', log))
    .lazy('plain', () => ({ [Symbol.dispose]: () => log.push('plain') }))
    .lazy('alias', ['slow'], ({ slow }) => slow)
    .lazy('handed on', ({ theirs: kept }) => kept);
  const app = await createContainer(services);
  await Promise.all([
    app.get('slow'),
    app.get('quick'),
    app.get('own'),
    app.get('plain'),
    app.get('handed on'),
  ]);
  await app.get('alias');

  await app[Symbol.asyncDispose]();

  expect(log).toEqual(['slow', 'own way', 'plain', 'quick']);
  await app.close();
  expect(log).toHaveLength(4);
  const closed = { code: 'HOLDFAST_ERR_CLOSED' };
  expect(await errorOf(app.get('quick'))).toMatchObject(closed);
  expect(await errorOf(app.warmUp())).toMatchObject(closed);
  expect(() => app.peek('theirs')).toThrow(expect.objectContaining(closed));
  expect(() => app.scope()).toThrow(expect.objectContaining(closed));
  expect(app.status('quick')).toBe('ready');
});

test('lets a dispose read what is there, by the parameter that its factory has kept', async () => {
  const log: unknown[] = [];
  const services = defineContainer()
    .value('region', 'eu')
    .eager('config', async () => 'config')
    .lazy('late', () => 'late')
    .lazy('kept', (deps) => deps, {
      dispose: async (deps) => log.push(deps.region, deps.config, await errorOf(deps.late)),
    });
  const app = await createContainer(services);
  await app.get('kept');

  await app.close();

  expect(log).toEqual(['eu', 'config', expect.objectContaining({ code: 'HOLDFAST_ERR_CLOSED' })]);
});

test('disposes all, also if some fail or never end, and tells of each', async () => {
  const clock = new VirtualTime();
  const log: string[] = [];
  const services = defineContainer()
    .lazy('first', () => new Resource('first', log))
    .lazy('throws', () => 1, {
      dispose: () => {
        throw new Error('busy');
      },
    })
    .lazy('hangs', () => 2, { dispose: () => new Promise(() => undefined) })
    .lazy('last', () => new Resource('last', log));
  const app = await createContainer(services, { clock, closeTimeoutMs: 50 });
  for (const name of ['first', 'throws', 'hangs', 'last'] as const) await app.get(name);

  const closing = errorOf(app.close());
  // Until the one that hangs has its turn.
  await settled();
  await settled();
  await clock.pass(50);

  expect(await closing).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED',
    failures: [
      { path: ['hangs'], error: { code: 'HOLDFAST_ERR_TIMEOUT' } },
      { path: ['throws'], error: { message: 'busy' } },
    ],
  });
  expect(log).toEqual(['last', 'first']);
});

test('tells factories under way that it closes, waits for them, and disposes what they still make', async () => {
  const log: string[] = [];
  const services = defineContainer()
    .lazy('heedless', async () => {
      await settled();
      await settled();
      return new Resource('heedless', log);
    })
    .lazy(
      'heeding',
      (_deps, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    )
    .lazy('waiting', ['heedless'], () => new Resource('waiting', log));
  const app = await createContainer(services);
  const waiting = [app.get('heedless'), app.get('heeding'), app.get('waiting')].map(errorOf);

  await app.close();

  for (const error of await Promise.all(waiting))
    expect(error).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });
  expect(log).toEqual(['heedless']);
});

test('does not wait for ever for a factory that never ends, and disposes what comes later', async () => {
  const clock = new VirtualTime();
  const log: string[] = [];
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);
  channel('holdfast:container:dispose-failed').subscribe(listen);
  onTestFinished(() => void channel('holdfast:container:dispose-failed').unsubscribe(listen));
  let end: (value: string) => void = () => undefined;
  const services = defineContainer().lazy(
    'endless',
    () =>
      new Promise<string>((resolve) => {
        end = resolve;
      }),
    {
      dispose: (value) => {
        log.push(value);
        throw new Error('busy');
      },
    },
  );
  const app = await createContainer(services, { clock });
  const waiting = errorOf(app.get('endless'));

  const closing = errorOf(app.close());
  await clock.pass(10_000);
  expect(await closing).toMatchObject({
    failures: [{ path: ['endless'], error: { code: 'HOLDFAST_ERR_TIMEOUT' } }],
  });
  expect(await waiting).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });

  end('late');
  await settled();
  expect(log).toEqual(['late']);
  expect(published).toEqual([{ name: 'endless', error: expect.objectContaining({ message: 'busy' }) }]);
});

test('has nothing made anew, and closes nothing, while what came too late is being disposed', async () => {
  const clock = new VirtualTime();
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const begun = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const services = defineContainer()
    .lazy('database', () => new Resource('database', log))
    .lazy(
      'index',
      ['database'],
      async () => {
        log.push('begins');
        await begun();
        return 'index';
      },
      {
        initTimeoutMs: 100,
        dispose: async (name) => {
          await begun();
          log.push(name);
        },
      },
    );
  const app = await createContainer(services, { clock });
  for (let attempt = 0; attempt < 2; attempt++) {
    const late = errorOf(app.get('index'));
    await clock.pass(100);
    expect(await late).toMatchObject({ code: 'HOLDFAST_ERR_CONTAINER_INIT_FAILED' });
    if (attempt === 0) ends.shift()?.();
    await settled();
  }
  expect(log).toEqual(['begins']);

  const next = errorOf(app.get('index'));
  ends.shift()?.();
  await settled();
  expect(log).toEqual(['begins', 'index', 'begins']);
  await clock.pass(100);
  await next;
  ends.shift()?.();
  await settled();
  const closed = app.close();
  await settled();
  expect(log).toEqual(['begins', 'index', 'begins']);
  ends.shift()?.();
  await closed;

  expect(log).toEqual(['begins', 'index', 'begins', 'index', 'database']);
});

test('disposes what comes out of a pool each time that it comes', async () => {
  const log: string[] = [];
  const pooled = new Resource('connection', log);
  const app = await createContainer(defineContainer().scoped('connection', () => pooled));

  for (const expected of [1, 2, 3]) {
    const scope = app.scope();
    await scope.get('connection');
    await scope.close();
    expect(log).toHaveLength(expected);
  }

  await app.close();
  expect(log).toHaveLength(3);
});

test('a factory or a dispose that closes its own container does not wait for itself', async () => {
  const held: { app?: AsyncDisposable } = {};
  const close = async () => held.app?.[Symbol.asyncDispose]();
  const services = defineContainer()
    .lazy('closing', close)
    .lazy('closed', () => 1, { dispose: close });
  const app = await createContainer(services);
  held.app = app;
  await app.get('closed');

  expect(await errorOf(app.get('closing'))).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });
  await app.close();
  expect(app.status('closed')).toBe('ready');
});

const windows = (log: string[]) =>
  defineContainer()
    .lazy('database', () => new Resource('database', log))
    .scoped('user', given<{ readonly name: string }>())
    .scoped('draft', ['user', 'database'], ({ user }) => new Resource(`draft of ${user.name}`, log))
    .scoped('view', async ({ draft }) => new Resource(`view of ${(await draft).name}`, log));

test('what is made within a factory closes its container without waiting for that factory', async () => {
  const held: { app?: AsyncDisposable } = {};
  const services = defineContainer().lazy('outer', async () => {
    const within = await createContainer({ inner: lazy(async () => held.app?.[Symbol.asyncDispose]()) });
    await within.get('inner');
  });
  const app = await createContainer(services, { closeTimeoutMs: 20 });
  held.app = app;

  expect(await errorOf(app.get('outer'))).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });
  await app.close();
});

test('each scope makes its own, shares what lives longer, and disposes its own alone', async () => {
  const log: string[] = [];
  const app = await createContainer(windows(log));
  const [first, second] = [app.scope({ user: { name: 'Ada' } }), app.scope({ user: { name: 'Grace' } })];

  expect((await first.get('view')).name).toBe('view of draft of Ada');
  expect((await second.get('draft')).name).toBe('draft of Grace');
  expect(await first.get('draft')).toBe(await first.get('draft'));
  expect(await first.get('database')).toBe(await second.get('database'));
  expect([first.has('draft'), app.has('draft')]).toEqual([true, false]);
  expect(first.report().map(({ name, status }) => [name, status])).toEqual([
    ['user', 'ready'],
    ['draft', 'ready'],
    ['view', 'ready'],
  ]);

  await first.close();
  expect(log).toEqual(['view of draft of Ada', 'draft of Ada']);
  expect(await errorOf(first.get('database'))).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });

  await app.close();
  expect(log.slice(2)).toEqual(['draft of Grace', 'database']);
  expect(await errorOf(second.get('draft'))).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });
});

test('a scope within a scope has what was given, and makes the rest for itself', async () => {
  const app = await createContainer(windows([]));
  const session = app.scope({ user: { name: 'Ada' } });
  const window = session.scope();

  expect(await window.get('user')).toBe(await session.get('user'));
  expect(await window.get('draft')).not.toBe(await session.get('draft'));
  await window.warmUp();
  expect(window.report().every(({ status }) => status === 'ready')).toBe(true);
  await app.close();
});

test('disposes what it has made also if that is given to a scope, and then not before its own time', async () => {
  let disposals = 0;
  const services = defineContainer()
    .lazy('anybody', () => ({ [Symbol.dispose]: () => disposals++ }))
    .scoped('user', given<Disposable>());
  const app = await createContainer(services);
  const window = app.scope({ user: await app.get('anybody') });
  await window.get('user');

  await window.close();
  expect(disposals).toBe(0);
  await app.close();
  expect(disposals).toBe(1);
});

test('refuses what would outlive a scope, what is not given, and what is not scoped', async () => {
  const app = await createContainer(windows([]));
  const leak = { code: 'HOLDFAST_ERR_CONTAINER_SCOPE' };

  expect(await errorOf(app.scope().get('draft'))).toMatchObject({ ...leak, path: ['user'] });
  expect(await errorOf(app.get('draft' as never))).toMatchObject({ ...leak, path: ['draft'] });
  expect(() => app.scope({ database: 5 } as never)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' }),
  );
  expect(() => app.scope({ usr: 5 } as never)).toThrow(
    expect.objectContaining({ code: 'HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN' }),
  );

  const named = windows([]).lazy('all', ['draft' as never], () => 1);
  expect(await errorOf(createContainer(named))).toMatchObject({ ...leak, path: ['all', 'draft'] });
  const asking = windows([]).lazy('all', async (deps) => (deps as unknown as { draft: unknown }).draft);
  expect(await errorOf((await createContainer(asking)).get('all'))).toMatchObject({
    ...leak,
    path: ['all', 'draft'],
  });
  const held: { scope?: { get(name: 'draft'): Promise<Resource> } } = {};
  const reaching = await createContainer(windows([]).lazy('all', async () => held.scope?.get('draft')));
  held.scope = reaching.scope({ user: { name: 'Ada' } });
  await held.scope.get('draft');
  expect(await errorOf(reaching.get('all'))).toMatchObject({ ...leak, path: ['all', 'draft'] });
});

test('finds what waits for itself across a scope and its container', async () => {
  const held: { ask?: () => Promise<unknown> } = {};
  const services = defineContainer()
    .lazy('shared', async () => held.ask?.())
    .scoped('own', async ({ shared }) => shared);
  const app = await createContainer(services);
  const scope = app.scope();
  const other = await createContainer({ there: lazy(async () => scope.get('own')) });
  held.ask = () => other.get('there');

  expect(await errorOf(scope.get('own'))).toMatchObject({
    code: 'HOLDFAST_ERR_CONTAINER_CYCLE',
    path: ['there', 'own', 'shared', 'there'],
  });
});
