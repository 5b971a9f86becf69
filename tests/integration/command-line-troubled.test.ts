import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AggregateDefinition, createRuntime } from 'holdfast';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { createOldestLog } from '../support/oldest-log.ts';
import { programAgain } from '../support/program-again.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly } from '../support/thorough.ts';

const program = join(import.meta.dirname, '../../dist/runtime/cli/holdfast.js');
const library = new URL('../support/fixtures/library.ts', import.meta.url).pathname;
const run = programAgain(program);

let folder: string;
let database: string;

beforeEach(async () => {
  folder = temporaryFolder();
  database = join(folder, 'app.db');
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  await store.append('document/plan', [{ type: 'created', data: { title: 'Plan' } }]);
  await store.append('document/plan', [{ type: 'revised', data: { body: 'first' } }]);
});

test('what cannot be written is a failure, and a reader that has seen enough is none', async ({ skip }) => {
  skip(!existsSync('/dev/full'), 'there is no /dev/full');

  const full = spawnSync(process.execPath, [program, 'events', database], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  });
  const enough = spawn(process.execPath, [program, 'events', database, '--follow'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void enough.kill('SIGKILL'));
  const ended = once(enough, 'exit');
  await once(enough.stdout, 'data');
  enough.stdout.destroy();
  await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  await store.append('document/plan', [{ type: 'revised', data: { body: 'second' } }]);

  expect(full).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^holdfast: the output could not be written: ENOSPC/),
  });
  expect(await ended).toEqual([0, null]);
});

test('nothing is left of the copy of an older file when a reader of the output has seen enough', async () => {
  const older = join(folder, 'older.db');
  // More than fits between two processes, so that it is still being written when nobody reads any more.
  createOldestLog(older, 20_000);
  const child = spawn(process.execPath, [program, 'events', older, '--limit', '20000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });

  await once(child.stdout, 'data');
  child.stdout.destroy();

  expect(await ended).toEqual([0, null]);
  expect(said).toContain('by an older Holdfast (schema version 1); a copy of it is looked at');
  expect(readdirSync(folder).filter((name) => name.startsWith('holdfast-copy'))).toEqual([]);
});

test.skipIf(process.platform === 'win32')(
  'nothing is left of the copy of an older file when its terminal is closed, which takes no more words',
  async () => {
    const older = join(folder, 'older.db');
    createOldestLog(older, 1);
    const child = spawn(process.execPath, [program, 'events', older, '--follow'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stderr.destroy();

    child.kill('SIGHUP');

    expect(await ended).toEqual([0, null]);
    expect(readdirSync(folder).filter((name) => name.startsWith('holdfast-copy'))).toEqual([]);
  },
);

test('what is wrong with a command has its exit code also where nobody takes its words', async () => {
  const child = spawn(process.execPath, [program, 'shwo', database], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');

  child.stderr.destroy();

  expect(await ended).toEqual([2, null]);
});

test.each(['show', 'rebuild'])(
  '%s ends at once when a module that it imports does not come back',
  async (verb) => {
    const [module, mark] = [join(folder, 'loop.mjs'), join(folder, 'imported')];
    writeFileSync(
      module,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, ''); for (;;);`,
    );
    const what = verb === 'show' ? ['document/plan'] : [];
    const child = spawn(process.execPath, [program, verb, database, ...what, '--modules', module], {
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true);

    child.kill('SIGINT');

    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  },
);

// Ten seconds are what a host that is stuck is given when the command line closes.
testThoroughly(
  'an interrupt ends what waits for a dead letter that is sent again, in good order',
  async () => {
    const [module, deadly, mark] = ['machine.mjs', 'deadly', 'mark'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      module,
      `import { existsSync, writeFileSync } from 'node:fs';
     import { defineAggregate } from ${JSON.stringify(import.meta.resolve('holdfast'))};
     import { assign, createMachine } from ${JSON.stringify(import.meta.resolve('xstate'))};
     const decided = assign(() => {
       if (existsSync(${JSON.stringify(deadly)})) process.exit(3);
       writeFileSync(${JSON.stringify(mark)}, '');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });
     export const slow = defineAggregate('slow', { machine: createMachine({ on: { begun: { actions: decided } } }) });`,
    );
    writeFileSync(deadly, '');
    {
      const { slow } = (await import(pathToFileURL(module).href)) as { slow: AggregateDefinition };
      await using runtime = await createRuntime({ database, modules: [pathToFileURL(module)], hosts: 1 });
      await expect(runtime.actor(slow, 'a').send({ type: 'begun' })).rejects.toEqual(
        codedError('HOLDFAST_ERR_POISON_MESSAGE'),
      );
    }
    rmSync(deadly);
    const child = spawn(
      process.execPath,
      [program, 'dead-letters', database, 'requeue', '1', '--modules', module],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true);

    child.kill('SIGINT');

    expect(await once(child, 'close')).toEqual([130, null]);
    expect(said).toBe('holdfast: interrupted\n');
    expect(JSON.parse((await run('dead-letters', database, '--json')).out)).toMatchObject({ type: 'begun' });
  },
);

test.each([
  ['ends the process', 'process.exit(0);'],
  ['waits for what never comes', 'await new Promise(() => undefined);'],
])('a module that %s when it is imported is a failure', (_, text) => {
  const module = join(folder, 'ends.mjs');
  writeFileSync(module, text);

  for (const args of [
    ['show', database, 'document/plan'],
    ['rebuild', database],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, '--modules', module], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('holdfast: the process ended before the verb was done');
  }
});

test('a projection with two names, or in two modules, is built anew once', async () => {
  const module = join(folder, 'again.mjs');
  writeFileSync(module, `export { titles, titles as same } from ${JSON.stringify(library)};`);

  const ran = await run(
    'rebuild',
    database,
    'titles',
    'titles',
    '--modules',
    `${module},${library}`,
    '--json',
  );
  const all = await run('rebuild', database, '--modules', module, '--json');

  const once = { code: 0, out: '{"rebuilt":"titles","version":1,"events":2}\n' };
  expect([ran, all]).toMatchObject([once, once]);
});

type Line = Record<string, unknown>;

/** An export with other events, and the hash that belongs to it. */
async function exportWith(
  change: (first: Line, events: Line[]) => void,
  textOf: (event: Line) => string = JSON.stringify,
): Promise<string> {
  const path = join(folder, 'all.ndjson');
  if (!existsSync(path)) await run('export', database, path);
  const [head = '', ...rest] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const events = rest.slice(0, -1).map((line) => JSON.parse(line) as Line);
  change(events[0] as Line, events);
  const body = `${[head, ...events.map((event) => textOf(event))].join('\n')}\n`;
  const end = {
    holdfast: 'end',
    events: events.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  const changed = join(folder, 'changed.ndjson');
  writeFileSync(changed, `${body}${JSON.stringify(end)}\n`);
  return changed;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

test.each<[what: string, change: Line, why: string]>([
  ['the name of whose stream is none', { stream: 'a\u0000b' }, 'the stream has a control character'],
  ['the id of which is none', { id: 'i'.repeat(10_000) }, 'the id may have'],
  ['the type of which is no text', { type: 'a\ud800' }, 'its type has half a surrogate pair'],
  ['that has no place in its stream', { version: -5 }, 'the version must be'],
  ['of no schema version', { schemaVersion: 0 }, 'the schema version must be'],
  ['of no time', { recordedAt: Number.MAX_SAFE_INTEGER }, 'it was recorded at 9007199254740991'],
  ['whose metadata is no object', { metadata: 'x' }, 'its metadata is "x"'],
  ['whose payload cannot be read', { data: { $bigint: 'twelve' } }, 'A payload is damaged'],
  [
    'whose metadata nobody can look into',
    { metadata: { deep: nested(1_000) } },
    'its metadata is nested too deeply',
  ],
  ['whose payload cannot be written again', { data: nested(4_000) }, 'it is nested too deeply'],
  [
    'whose payload is too large',
    { data: 'x'.repeat(16 * 1024 * 1024) },
    'its payload takes 16777218 characters',
  ],
])('an import refuses an event %s, which would be in the log for good', async (_, change, why) => {
  const fresh = join(folder, 'fresh.db');

  const ran = await run('import', fresh, await exportWith((first) => Object.assign(first, change)));

  expect(ran).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining(`line 2 is no event that can be kept: ${why}`),
  });
  expect(existsSync(fresh)).toBe(false);
});

test.each(['{ "$', '{"\\u0024'])(
  'a payload that cannot be read is none either where another program has written it as %s',
  async (written) => {
    const path = await exportWith(
      (first) => Object.assign(first, { data: { $bigint: 'twelve' } }),
      (event) => JSON.stringify(event).replace('{"$', () => written),
    );

    expect(await run('import', join(folder, 'fresh.db'), path)).toMatchObject({
      code: 1,
      err: expect.stringContaining('line 2 is no event that can be kept: A payload is damaged'),
    });
  },
);

test('an import that stops says how many events are in the database', async () => {
  const fresh = join(folder, 'fresh.db');
  const path = await exportWith((_, events) => {
    for (const stream of ['a', 'b'])
      events.push({ ...events[0], id: `${stream}-1`, stream, version: stream === 'a' ? 1 : 7 });
  });

  const { code, err } = await run('import', fresh, path);

  expect(code).toBe(1);
  expect(err).toMatch(
    /^holdfast: the first 3 of 4 events are in .*fresh\.db, perhaps some more\.\nholdfast: The import of .* has stopped: b .*_VERSION_CONFLICT\]\n$/,
  );
});

test('an import says of a pipe that it is none to import from, and makes no database of an empty file', () => {
  const empty = join(folder, 'empty.db');
  writeFileSync(empty, '');

  const { status, stderr } = spawnSync(process.execPath, [program, 'import', empty, '/dev/stdin'], {
    input: '{"holdfast":"events","format":1}\n',
    encoding: 'utf8',
  });

  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/it is a pipe or a device|cannot be read/),
  });
  expect(statSync(empty).size).toBe(0);
});
