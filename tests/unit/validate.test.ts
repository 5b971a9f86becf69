import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { validate } from '../../actors/definitions/validate.ts';
import { isValid } from '../../runtime/testing/model/payload-source.ts';
import { codedError } from '../support/coded-error.ts';

// Zod answers with a promise where the code of a schema throws.
const throwing = z.number().transform(() => {
  throw new TypeError('no such unit');
});

test('a schema that throws or answers later is refused, and what it rejects with ends no process', async () => {
  const onRejection = vi.fn();
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));

  expect(() => validate(throwing as never, 5, 'ADD')).toThrow(codedError('HOLDFAST_ERR_PAYLOAD_INVALID'));
  expect(isValid(throwing as never, 5)).toBe(false);

  await setImmediate();
  expect(onRejection).not.toHaveBeenCalled();
});
