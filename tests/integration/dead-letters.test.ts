import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A runtime with one dead letter, of a command that kills so many threads. */
async function openWithLetter(times: number, idempotencyKey?: string) {
  const folder = temporaryFolder();
  const runtime = await openRuntime(['hostile'], { database: join(folder, 'app.db') });
  const actor = runtime.actor(hostile, 'a');
  const harmed = { type: 'harmed', harm: 'exit', mark: join(folder, 'mark'), times } as const;
  const options = { metadata: { who: 'me' }, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
  await expect(actor.send(harmed, options)).rejects.toEqual(codedError('HOLDFAST_ERR_POISON_MESSAGE'));
  return { runtime, actor, id: (await runtime.deadLetters())[0]!.deadLetterId };
}

test('a dead letter is requeued as it was, and is gone when it is answered', async () => {
  const { runtime, id } = await openWithLetter(2);

  await expect(runtime.requeueDeadLetter(id)).resolves.toMatchObject({ stream: 'hostile/a', version: 1 });

  await expect(runtime.deadLetters()).resolves.toEqual([]);
  await expect(runtime.store.getEventsAfter('hostile/a', 0)).resolves.toEqual([
    expect.objectContaining({ type: 'harmed', metadata: { who: 'me' } }),
  ]);
  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(
    codedError('HOLDFAST_ERR_DEAD_LETTER_UNKNOWN', { deadLetterId: id }),
  );
});

test('requeueing twice at once has one effect', async () => {
  const { runtime, id } = await openWithLetter(2);

  const receipts = await Promise.all([runtime.requeueDeadLetter(id), runtime.requeueDeadLetter(id)]);

  expect(receipts.map(({ version }) => version)).toEqual([1, 1]);
  expect(receipts.filter(({ repeated }) => repeated)).toHaveLength(1);
  await expect(runtime.store.stats()).resolves.toMatchObject({ events: 1, deadLetters: 0 });
});

test('a dead letter keeps its own key, under which the caller may have repeated it meanwhile', async () => {
  const { runtime, actor, id } = await openWithLetter(2, 'mine');
  const [letter] = await runtime.deadLetters();
  const { harm, mark, times } = JSON.parse(letter!.data);
  await actor.send({ type: 'harmed', harm, mark, times }, { idempotencyKey: 'mine' });

  await expect(runtime.requeueDeadLetter(id)).resolves.toMatchObject({ version: 1, repeated: true });

  await expect(runtime.store.stats()).resolves.toMatchObject({ events: 1, deadLetters: 0 });
});

test('a dead letter that kills again is one letter with newer evidence and the same key', async () => {
  const { runtime, id } = await openWithLetter(4);

  await expect(runtime.requeueDeadLetter(id)).rejects.toEqual(
    codedError('HOLDFAST_ERR_POISON_MESSAGE', { deadLetterId: id + 1 }),
  );

  await expect(runtime.deadLetters()).resolves.toEqual([
    expect.objectContaining({ deadLetterId: id + 1, idempotencyKey: `dead-letter:${id}` }),
  ]);
  await expect(runtime.requeueDeadLetter(id + 1)).resolves.toMatchObject({ version: 1 });
  await expect(runtime.deadLetters()).resolves.toEqual([]);
});

test('a dead letter is discarded once, and unknown ones are refused', async () => {
  const { runtime, id } = await openWithLetter(2);

  await runtime.discardDeadLetter(id);

  await expect(runtime.deadLetters()).resolves.toEqual([]);
  for (const unknown of [id, 99]) {
    const error = codedError('HOLDFAST_ERR_DEAD_LETTER_UNKNOWN', { deadLetterId: unknown, retryable: false });
    await expect(runtime.discardDeadLetter(unknown)).rejects.toEqual(error);
    await expect(runtime.requeueDeadLetter(unknown)).rejects.toEqual(error);
  }
  const invalid = codedError('HOLDFAST_ERR_ARGUMENT_INVALID');
  await expect(runtime.discardDeadLetter('1' as never)).rejects.toEqual(invalid);
  await expect(runtime.requeueDeadLetter(-1)).rejects.toEqual(invalid);
});
