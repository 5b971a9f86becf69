// Compares a model with a runtime for longer than anybody waits: it is killed meanwhile.
import { propertyTest, runtimeSut } from 'holdfast/testing';
import { meter } from '../fixtures/meter.ts';

const sut = runtimeSut({ modules: [new URL('../fixtures/meter.ts', import.meta.url)] });
await propertyTest(meter, {
  events: { SET: [{ by: 1 }] },
  oracles: [],
  numRuns: 1_000_000,
  maxSteps: 2,
  sut,
  onProgress: ({ done }) => process.stdout.write(`${done}\n`),
});
