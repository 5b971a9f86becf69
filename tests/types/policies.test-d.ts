import { expectTypeOf, test } from 'vitest';
import { bulkhead } from '../../runtime/resilience/policies/bulkhead.ts';
import { fallback } from '../../runtime/resilience/policies/fallback.ts';
import { pipeline } from '../../runtime/resilience/policies/pipeline.ts';
import { retry } from '../../runtime/resilience/policies/retry.ts';
import { timeout } from '../../runtime/resilience/policies/timeout.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';

test('a policy resolves with what its function does', () => {
  expectTypeOf(retry().execute(() => 5)).resolves.toEqualTypeOf<number>();
  expectTypeOf(retry().execute(async () => 5)).resolves.toEqualTypeOf<number>();
  expectTypeOf(wrap(timeout(5), retry()).execute(async () => 'a')).resolves.toEqualTypeOf<string>();
  expectTypeOf(pipeline({ retry: {} }).execute(() => 5)).resolves.toEqualTypeOf<number>();
  expectTypeOf(
    pipeline({ bulkhead: bulkhead({ concurrency: 1 }) }).execute(() => 5),
  ).resolves.toEqualTypeOf<number>();
});

test('a fallback adds what it resolves with, alone, wrapped and in a pipeline', () => {
  const count = async (): Promise<number> => 5;
  expectTypeOf(fallback(null).execute(count)).resolves.toEqualTypeOf<number | null>();
  expectTypeOf(fallback(() => null).execute(count)).resolves.toEqualTypeOf<number | null>();
  expectTypeOf(fallback(async () => null).execute(count)).resolves.toEqualTypeOf<number | null>();
  expectTypeOf(wrap(fallback(null), retry()).execute(count)).resolves.toEqualTypeOf<number | null>();
  expectTypeOf(pipeline({ fallback: null }).execute(count)).resolves.toEqualTypeOf<number | null>();
  expectTypeOf(pipeline({ fallback: async () => null }).execute(count)).resolves.toEqualTypeOf<
    number | null
  >();
  expectTypeOf(pipeline({ fallback: fallback(null) }).execute(count)).resolves.toEqualTypeOf<number | null>();
});
