import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { expect, test } from 'vitest';
import { document } from '../support/fixtures/document.ts';
import { fixture } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the first example runs as it is written', async () => {
  await using runtime = await createRuntime({
    database: join(temporaryFolder(), 'app.db'),
    modules: [fixture('document')],
  });

  const plan = runtime.actor(document, 'plan');
  const receipt = await plan.send({ type: 'created', title: 'Plan' });
  const eventId = expect.any(String);
  expect(receipt).toEqual({ stream: 'document/plan', version: 1, position: 1, eventId, state: 'draft' });

  await plan.send({ type: 'published' });
  await expect(plan.send({ type: 'created', title: 'again' })).rejects.toThrow(
    'document/plan is "published" and does not accept "created"; it accepts nothing. [HOLDFAST_ERR_EVENT_REJECTED]',
  );

  const abort = new AbortController();
  const rendered: unknown[] = [];
  for await (const change of plan.changes({ signal: abort.signal })) {
    rendered.push([change.state, change.context]);
    abort.abort();
  }
  expect(rendered).toEqual([['published', { title: 'Plan', body: '' }]]);
});

test('await using closes the runtime', async () => {
  let left: Awaited<ReturnType<typeof createRuntime>>;
  {
    await using runtime = await createRuntime({
      database: join(temporaryFolder(), 'app.db'),
      modules: [fixture('document')],
    });
    await runtime.actor(document, 'plan').send({ type: 'created', title: 'Plan' });
    expect(runtime.state).toBe('running');
    left = runtime;
  }

  expect(left.state).toBe('closed');
});
