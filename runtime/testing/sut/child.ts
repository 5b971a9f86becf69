// The process that a runtime under test runs in. It does as its parent says, and ends with it.
import { rmSync } from 'node:fs';
import { toWireError } from '../../errors/wire-error.ts';
import type { ChildAnswer, ChildCalls, ChildOptions, ChildRequest } from './child-protocol.ts';
import { RuntimeUnderTest } from './runtime-under-test.ts';

let runtime: RuntimeUnderTest | undefined;
let folder: string | undefined;

async function open(options: ChildOptions): Promise<void> {
  folder = options.folder;
  runtime = await RuntimeUnderTest.open(options);
}

async function answer({ id, call, args }: ChildRequest): Promise<ChildAnswer> {
  try {
    if (call === 'open') await open(args[0] as ChildOptions);
    else return { id, result: await asked(call)(...args) };
    return { id };
  } catch (error) {
    return { id, failed: toWireError(error) };
  }
}

function asked(call: Exclude<keyof ChildCalls, 'open'>): (...args: unknown[]) => Promise<unknown> {
  const target = runtime as RuntimeUnderTest;
  return (target[call] as (...args: unknown[]) => Promise<unknown>).bind(target);
}

process.on('message', (request: ChildRequest) => {
  void answer(request).then((told) => process.connected && process.send?.(told));
});

process.on('disconnect', () => {
  const left = folder;
  // The parent has ended without a word: nobody else would take the file away. Only once the database is closed, which
  // happens before as the process exits: Windows removes no file that is open.
  if (left !== undefined) process.once('exit', () => rmSync(left, { recursive: true, force: true }));
  process.exit();
});
