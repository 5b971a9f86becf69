import { bulkhead, fallback, pipeline, retry, timeout, wrap } from 'holdfast/resilience';
import { expectTypeOf, test } from 'vitest';

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
