import { expect, test } from 'vitest';
import { closedUnderway, hostDiedUnder } from '../../runtime/hosts/host-errors.ts';

const evidence = { cause: 'exit', message: 'it ended with exit code 1', stack: null, figures: {} } as const;
const command = { address: 'door/1', name: 'opened', operation: 'send' } as const;

test('the error of a command says that it may have been carried out', () => {
  expect(hostDiedUnder(command, evidence).message).toBe(
    'The host thread of door/1 died before it answered "opened": it ended with exit code 1. The command may have been ' +
      'carried out; repeat it with its idempotency key. [HOLDFAST_ERR_HOST_DIED]',
  );
  expect(closedUnderway(command).message).toContain('repeat it with its idempotency key');
});

test.each(['snapshot', 'watch'] as const)('the error of a look (%s) speaks of no command', (operation) => {
  const look = { address: 'door/1', name: '', operation };

  expect(hostDiedUnder(look, evidence).message).toBe(
    `The host thread of door/1 died before it answered "${operation}": it ended with exit code 1. Repeat the call. [HOLDFAST_ERR_HOST_DIED]`,
  );
  expect(closedUnderway(look).message).not.toContain('idempotency key');
});
