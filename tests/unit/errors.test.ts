import { expect, test } from 'vitest';
import { errorCodes, type HoldfastErrorCode } from '../../runtime/errors/codes.ts';
import { HoldfastError, holdfastError, isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { invariant } from '../../runtime/errors/invariant.ts';
import { nearestName } from '../../runtime/errors/nearest-name.ts';
import { fromWireError, toWireError } from '../../runtime/errors/wire-error.ts';

const codes = Object.keys(errorCodes) as HoldfastErrorCode[];
const conflict = holdfastError('HOLDFAST_ERR_VERSION_CONFLICT', 'Too late.', {
  stream: 's',
  expected: 1,
  actual: 2,
});

test('an error ends its message with its code and says whether a retry may help', () => {
  expect(conflict.message).toBe('Too late. [HOLDFAST_ERR_VERSION_CONFLICT]');
  expect(conflict).toMatchObject({ name: 'HoldfastError', retryable: false, expected: 1, actual: 2 });
  expect(new HoldfastError('HOLDFAST_ERR_STORAGE_FULL', 'Full.').retryable).toBe(true);
});

test.each(codes)('%s says in a sentence when it occurs', (code) => {
  expect(errorCodes[code].when).toMatch(/^[A-Z].+\.$/);
});

test('an error of any code crosses threads with its code, message, details and cause', () => {
  for (const code of codes) {
    const cause = Object.assign(new TypeError('underneath'), { code: 'SQLITE_FULL' });
    const error = new HoldfastError(
      code,
      'Something happened.',
      { stream: 's', list: [1], at: new Date(1) },
      cause,
    );

    const arrived = fromWireError(structuredClone(toWireError(error)));

    expect(arrived).toMatchObject({ code, message: error.message, retryable: error.retryable });
    expect(arrived).toMatchObject({ stream: 's', list: [1], at: new Date(1), stack: error.stack });
    expect(arrived.cause).toMatchObject({ name: 'TypeError', message: 'underneath', code: 'SQLITE_FULL' });
    expect(isHoldfastError(arrived, code)).toBe(true);
  }
});

test('an error crosses threads twice as it crosses once', () => {
  const once = toWireError(conflict);

  expect(toWireError(fromWireError(once))).toEqual(once);
});

test('an error of somebody else keeps its name and code', () => {
  const error = Object.assign(new RangeError('out of range'), { code: 'ERR_X' });

  const arrived = fromWireError(structuredClone(toWireError(error)));

  expect(arrived).toMatchObject({ name: 'RangeError', message: 'out of range', code: 'ERR_X' });
  expect(isHoldfastError(arrived)).toBe(false);
});

test('what throws when it is looked at crosses threads as something', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile = Object.defineProperty(new Error('look'), 'stack', {
    get() {
      throw new Error('no');
    },
  });

  expect(isHoldfastError(proxy)).toBe(false);
  for (const thrown of [proxy, hostile, new Error('outer', { cause: hostile })])
    expect(fromWireError(structuredClone(toWireError(thrown)))).toBeInstanceOf(Error);
});

test.each([
  ['a function for a message', { message: () => 'said' }],
  ['a function for a stack', { stack: () => 'where' }],
])('an error with %s crosses threads as an error', (_name, strange) => {
  const error = Object.assign(new Error('underneath'), strange);

  for (const thrown of [error, new Error('outer', { cause: error })]) {
    const arrived = fromWireError(structuredClone(toWireError(thrown)));

    expect([typeof arrived.name, typeof arrived.message, typeof arrived.stack]).toEqual(
      Array(3).fill('string'),
    );
  }
});

test('details that cannot be cloned are left out and do not keep the error', () => {
  const error = new HoldfastError('HOLDFAST_ERR_CLOSED', 'Closed.', { callback: () => 1 });

  const arrived = fromWireError(structuredClone(toWireError(error)));

  expect(arrived).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED', message: error.message });
  expect(arrived).not.toHaveProperty('callback');
});

test('a long or endless chain of causes is cut', () => {
  const endless = new Error('again');
  endless.cause = endless;

  let depth = 0;
  for (let wire = toWireError(endless).cause; wire !== undefined; wire = wire.cause) depth++;

  expect(depth).toBe(5);
});

test.each([
  ['a string', 'no', 'a value that is no error was thrown: no'],
  ['an object', { a: 1 }, 'a value that is no error was thrown: {"a":1}'],
  ['undefined', undefined, 'a value that is no error was thrown: undefined'],
  ['a bigint', 1n, 'a value that is no error was thrown: bigint'],
])('%s that was thrown arrives as an error that shows it', (_what, thrown, message) => {
  expect(fromWireError(toWireError(thrown)).message).toBe(message);
});

test('an error is recognised across copies of the package, and a look-alike is not', () => {
  const fromAnotherCopy = new Error('x');
  Object.defineProperty(fromAnotherCopy, Symbol.for('holdfast.error'), { value: true });
  Object.assign(fromAnotherCopy, { code: 'HOLDFAST_ERR_CLOSED' });

  expect(isHoldfastError(fromAnotherCopy, 'HOLDFAST_ERR_CLOSED')).toBe(true);
  expect(isHoldfastError(fromAnotherCopy, 'HOLDFAST_ERR_TIMEOUT')).toBe(false);
  for (const other of [undefined, null, 'x', {}, new Error('x'), { code: 'HOLDFAST_ERR_CLOSED' }]) {
    expect(isHoldfastError(other)).toBe(false);
  }
});

test('an invariant that does not hold is reported as a defect of Holdfast', () => {
  expect(() => invariant(false, 'one is two')).toThrow(
    expect.objectContaining({
      code: 'HOLDFAST_ERR_INVARIANT',
      message: expect.stringContaining('one is two'),
    }),
  );
  expect(() => invariant(1, 'never')).not.toThrow();
});

test.each([
  ['expectedVerison', 'expectedVersion'],
  ['EXPECTEDVERSION', 'expectedVersion'],
  ['idempotencykey', 'idempotencyKey'],
  ['lmit', 'limit'],
  ['x', undefined],
  ['', undefined],
  ['expected', undefined],
])('the nearest name to "%s" is %s', (wrong, near) => {
  expect(nearestName(wrong, ['expectedVersion', 'idempotencyKey', 'limit'])).toBe(near);
});

test.each([
  ['5', undefined],
  ['AB', undefined],
  ['go', 'GO'],
  ['GOO', 'GO'],
  ['UO', 'UP'],
  ['PYA', 'PAY'],
])('of short names, the nearest to "%s" is %s', (wrong, near) => {
  expect(nearestName(wrong, ['UP', 'GO', 'PAY'])).toBe(near);
});
