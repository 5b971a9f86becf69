import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Recipient, TimerChange } from '../../runtime/protocol/timer.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { ConsequenceWriter } from '../../runtime/sqlite/log/consequence-writer.ts';

function openWriter() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-consequences-'));
  const database = openForWriting({ path: join(folder, 'events.db'), lockTimeoutMs: 0 });
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  return { database, writer: new ConsequenceWriter(database, { now: () => 0 }, 'run') };
}

const set = (name: string, actor: string, to: Recipient): TimerChange => ({
  change: 'set',
  actor,
  name,
  to,
  type: 'due',
  data: '{}',
  schemaVersion: null,
  delayMs: 10,
  policy: 'deadline',
});

test('an actor that has stopped takes with it what it set and what was to come to it, and nothing else', () => {
  const { database, writer } = openWriter();
  const write = (stream: string, timers: readonly TimerChange[]): void =>
    writer.write(stream, { consumed: null, timers, messages: [], hasWork: null, deadLetter: null });
  write('order/1', [
    set('of the child', '["child"]', { actor: '' }),
    set('for the child', '', { actor: '["child"]' }),
    set('for another child', '', { actor: '["other"]' }),
    set('of the root', '', { actor: '' }),
    set('for an address', '', { address: 'order/2' }),
  ]);
  write('order/2', [set('of another actor', '', { actor: '["child"]' })]);

  write('order/1', [{ change: 'cancel-all', actor: '["child"]' }]);

  expect(database.prepare<string>('select name from timers order by name').pluck().all()).toEqual([
    'for an address',
    'for another child',
    'of another actor',
    'of the root',
  ]);
});
