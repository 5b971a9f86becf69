import { expect, test } from 'vitest';
import { OperationClaims } from '../../runtime/sqlite/operations/operation-claim.ts';
import { OperationEnqueue } from '../../runtime/sqlite/operations/operation-enqueue.ts';
import { OperationLook } from '../../runtime/sqlite/operations/operation-look.ts';
import { OperationRows } from '../../runtime/sqlite/operations/operation-rows.ts';
import { OperationSettlement } from '../../runtime/sqlite/operations/operation-settle.ts';
import { openTable } from '../support/sqlite-operation-subjects.ts';
import { plansOf } from '../support/statement-plans.ts';

test('no statement of a queue looks through a table, or sorts what it finds', () => {
  const { database } = openTable();

  const plans = plansOf(database, (seen) => {
    const rows = new OperationRows(seen);
    return [
      new OperationEnqueue(seen, rows),
      new OperationClaims(seen, rows),
      new OperationSettlement(seen, rows),
      new OperationLook(seen),
    ];
  });

  expect(plans.length).toBeGreaterThan(40);
  // The index of what is in hand holds little, whatever waits.
  const isSlow = (step: string) => /SCAN|TEMP B-TREE/.test(step) && !step.endsWith('INDEX operations_taken');
  const slow = plans.filter(([, steps]) => steps.some(isSlow));
  expect(slow).toEqual([]);
});

test('a claim finds what it may take by the index that holds nothing else', () => {
  const { database } = openTable();

  const plans = plansOf(database, (seen) => new OperationClaims(seen, new OperationRows(seen)));
  const indexOf = (part: string) =>
    plans
      .filter(([sql]) => sql.includes(part))
      .map(([, steps]) => /\bINDEX (\w+) \(.*\)/.exec(steps.join('\n'))?.[0]);

  expect(indexOf('order by priority desc')).toEqual([
    'INDEX operations_now (queue=? AND name=?)',
    'INDEX operations_now (queue=? AND name=? AND priority>?)',
  ]);
  expect(indexOf("set turn = 'now'")).toEqual([
    'INDEX operations_later (queue=? AND name=? AND is_scheduled=? AND due_at<?)',
  ]);
  expect(indexOf('set due_at = due_at')).toEqual([
    'INDEX operations_waiting (queue=? AND name=? AND waits_from>?)',
  ]);
  expect(indexOf('expires_at <= ?')).toEqual(['INDEX operations_expiring (queue=? AND expires_at<?)']);
});
