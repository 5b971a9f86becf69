import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyProjectionDefinition, createRuntime } from 'holdfast';
import { beforeEach, expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
let count = 0;

beforeEach(() => {
  folder = temporaryFolder();
});

/** What the next release of an application, with one projection, finds in the file. */
async function release(name: string, rest: string, sql = 'select n from kept'): Promise<unknown> {
  const module = join(folder, `release-${++count}.mjs`);
  writeFileSync(
    module,
    `import { defineProjection } from ${JSON.stringify(import.meta.resolve('holdfast'))};
     export const it = defineProjection(${JSON.stringify(name)}, ${rest});`,
  );
  const { it } = (await import(pathToFileURL(module).href)) as { it: AnyProjectionDefinition };
  await using runtime = await createRuntime({
    database: join(folder, 'app.db'),
    modules: [module].map((path) => pathToFileURL(path)),
  });
  const { position } = await runtime.store.append('notes', [{ type: 'noted' }]);
  return await runtime.query(it, sql, [], { after: position });
}

const table = `{
  version: 1,
  tables: 'create table kept (n integer) strict',
  on: { noted: ({ position }, sql) => sql\`insert into kept values (\${position})\` },
}`;

test('a renamed projection is a new one, and has the tables of the old one once that keeps nothing', async () => {
  const tables = "select count(*) as tables from sqlite_schema where name = 'kept'";
  await release('before', table);

  await expect(release('after', table)).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_INVALID', {
      message: expect.stringContaining('give its tables other names'),
    }),
  );
  const gone = await release('before', '{ version: 2, initial: () => 0, on: { none: (n) => n } }', tables);
  const after = await release('after', table);

  expect(gone).toEqual([{ tables: 0 }]);
  expect(after).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
});
