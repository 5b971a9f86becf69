import { type TestAPI, test } from 'vitest';

/** Whether what takes long is tested to its full extent: `npm run test:thorough`. */
export const isThorough: boolean = process.env['HOLDFAST_TESTS'] === 'thorough';

/** How often something is tried: usually, and when there is time. */
export function times(usual: number, thorough: number): number {
  return isThorough ? thorough : usual;
}

/** A test that is left out unless there is time, and then says why. */
export const testThoroughly: TestAPI = test.extend<{ time: undefined }>({
  time: [
    async ({ skip }, use) => {
      skip(!isThorough, 'takes long: npm run test:thorough');
      await use(undefined);
    },
    { auto: true },
  ],
}) as unknown as TestAPI;
