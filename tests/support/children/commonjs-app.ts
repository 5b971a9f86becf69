// An application that is bundled into one file of CommonJS, which is also the worker file and the module of its
// definitions. There, `import.meta.url` is nothing. Usage: node app.cjs DATABASE.
import { pathToFileURL } from 'node:url';
import { createRuntime, type HoldfastError } from 'holdfast';
import { defineModel, runtimeSut } from 'holdfast/testing';
import { isHoldfastThread } from 'holdfast/worker';
import { notebook } from '../fixtures/notebook.ts';

export { notebook };

async function main(file: string, database: string): Promise<void> {
  const runtime = await createRuntime({ database, modules: [pathToFileURL(file)], workerUrl: file });
  const { version } = await runtime.actor(notebook, 'n').send({ type: 'noted', id: 'a' });
  console.log('sent', version);
  const { ok, problems } = await runtime.rehearse();
  console.log('rehearsed', ok, problems.map(({ message }) => message).join());
  await runtime.close();
  const sut = runtimeSut({ modules: [pathToFileURL(file)] });
  const begun = sut.begin({ id: 'n', model: defineModel(notebook, {}), given: undefined, nowMs: 0 });
  await begun.catch((error: unknown) => console.log((error as HoldfastError).code));
}

const [, file = '', database = ''] = process.argv;
if (!isHoldfastThread) void main(file, database);
