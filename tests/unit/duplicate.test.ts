import { expect, test } from 'vitest';
import type { AppendRequest } from '../../runtime/protocol/append.ts';
import { repeatedByIds } from '../../runtime/protocol/duplicate.ts';

test('an event id that is taken says where it is, and not where it was to be used', () => {
  const event = { id: 'my-1', type: 'noted', data: '{}', metadata: null };
  const request = { stream: 'zz', events: [event] } as unknown as AppendRequest;
  const there = { stream: 'a', version: 3, position: 7, type: 'noted', data: '{}', metadata: null };

  const conflict = repeatedByIds(request, [there]);

  expect(conflict).toMatchObject({ code: 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', stream: 'zz', key: 'my-1' });
  expect((conflict as Error).message).toContain('The event id "my-1" is that of version 3 of a,');
});
