import { expect, test } from 'vitest';
import { HostBoard } from '../../runtime/protocol/host-board.ts';
import { limits } from '../../runtime/protocol/limits.ts';

test('what the host notes is read from the same memory after it is gone', () => {
  const host = new HostBoard();
  const main = new HostBoard(host.memory);

  host.working(7);
  host.appending(7);
  host.working(8);
  host.workingFor('order/größe-1');

  expect(main.workingOn).toBe(8);
  expect([7, 8].map((id) => main.mayBeDurable(id))).toEqual([true, false]);
  expect(main.workingForAddress).toBe('order/größe-1');
  host.refused(7);
  host.workingFor('');
  expect(main.mayBeDurable(7)).toBe(false);
  expect(main.workingForAddress).toBe('');
});

test('what comes from within an actor is not taken for the request whose mark is at 0', () => {
  const board = new HostBoard();

  board.appending(0);

  expect(board.mayBeDurable(2 * limits.hostInFlightMax)).toBe(false);
});

test('the longest address fits', () => {
  const board = new HostBoard();
  const address = `kind/${'ä'.repeat(limits.nameLengthMax - 5)}`;

  board.workingFor(address);
  board.appending(1);

  expect(board.workingForAddress).toBe(address);
});
