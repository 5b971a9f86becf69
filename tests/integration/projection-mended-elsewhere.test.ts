import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyProjectionDefinition, createRuntime, type Runtime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A runtime on the file with a projection of one name, whose handler does this first. */
async function openWith(folder: string, name: string, first: string) {
  const module = join(folder, `${name}.mjs`);
  writeFileSync(
    module,
    `import { defineProjection } from ${JSON.stringify(import.meta.resolve('holdfast'))};
     export const notes = defineProjection('notes', {
       version: 1,
       tables: 'create table notes (position integer, type text) strict',
       on: { '*': ({ position, type }, sql) => { ${first} return sql\`insert into notes values (\${position}, \${type})\`; } },
     });`,
  );
  const { notes } = (await import(pathToFileURL(module).href)) as { notes: AnyProjectionDefinition };
  const runtime = await createRuntime({ database: join(folder, 'app.db'), modules: [pathToFileURL(module)] });
  onTestFinished(() => runtime.close());
  const read = (after: number) =>
    runtime.query(notes, 'select position, type from notes order by 1', [], { after });
  return { runtime, notes, read };
}

const append = async ({ store }: Runtime, type: string): Promise<number> =>
  (await store.append('s', [{ type }])).position;

test.each([
  ['is served', true],
  ['was never built', false],
])(
  'a projection that %s and stopped goes on once another process has built past the event',
  async (_, isServed) => {
    const folder = temporaryFolder();
    const old = await openWith(folder, 'old', `if (type === 'bad') throw new Error('a bug');`);
    const failed = codedError('HOLDFAST_ERR_PROJECTION_FAILED');
    const first = await append(old.runtime, 'good');
    if (isServed) await old.read(first);
    await expect(old.read(await append(old.runtime, 'bad'))).rejects.toThrow(failed);

    const mended = await openWith(folder, 'mended', '');
    for await (const _ of mended.runtime.rebuild(mended.notes));
    await expect.poll(() => old.read(0)).toHaveLength(2);
    const last = await append(old.runtime, 'good');

    expect(await old.read(last)).toEqual([
      { position: 1, type: 'good' },
      { position: 2, type: 'bad' },
      { position: 3, type: 'good' },
    ]);
    expect(await old.runtime.health()).toMatchObject({
      status: 'healthy',
      projections: [{ state: 'current', position: 3, failure: null }],
    });
  },
);
