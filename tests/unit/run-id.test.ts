import { expect, test } from 'vitest';
import { createRunId, simulateEventIds } from '../../runtime/protocol/event-id.ts';

test('each run has an id of its own, also where time and chance stand still', () => {
  const ids = Array.from({ length: 1_000 }, () => createRunId());

  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[0-9.e-]{12,120}$/.test(id))).toBe(true);
});

test('a simulation says what its runs are called', () => {
  const restore = simulateEventIds(() => 'simulated');
  try {
    expect(createRunId()).toBe('simulated');
  } finally {
    restore();
  }
});
