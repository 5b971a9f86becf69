import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import {
  arbitraryParts,
  arbitrarySteps,
  Graph,
  nameOf,
  RandomContainer,
  type Step,
  type Thing,
  ticks,
} from '../support/random-container.ts';
import { times } from '../support/thorough.ts';

const partsMax = 8;

/** A question to a container, with its answer once that is there. */
interface Question {
  readonly part: number;
  readonly where: unknown;
  readonly isRoot: boolean;
  answer?: PromiseSettledResult<unknown>;
}

/** Takes the steps; resolves when nothing moves any more, with what was asked and with how each scope was closed. */
async function run(container: RandomContainer, steps: readonly Step[]) {
  const places = [container.root];
  const questions: Question[] = [];
  const closed = new Set<unknown>();
  const parents = new Map<unknown, unknown>();
  /** With a scope, those within it are closed. */
  const isClosed = (where: unknown): boolean =>
    where !== undefined && (closed.has(where) || isClosed(parents.get(where)));
  const others: Promise<unknown>[] = [];
  let pending = 0;
  const follow = <T>(
    promise: Promise<T>,
    settled: (result: PromiseSettledResult<T>) => void = () => undefined,
  ) => {
    pending++;
    const settle = (result: PromiseSettledResult<T>) => {
      pending--;
      settled(result);
    };
    promise.then(
      (value) => settle({ status: 'fulfilled', value }),
      (reason) => settle({ status: 'rejected', reason }),
    );
    others.push(promise.catch(() => undefined));
  };
  for (const step of steps) {
    if (step.type === 'wait') {
      await ticks(step.ticks);
      continue;
    }
    const where = places[step.in % places.length]!;
    if (step.type === 'get') {
      const question: Question = {
        part: step.part % container.parts.length,
        where,
        isRoot: where === container.root,
      };
      questions.push(question);
      follow(where.get(nameOf(question.part)), (answer) => {
        question.answer = answer;
      });
    } else if (step.type === 'warm up') follow(where.warmUp());
    else if (step.type === 'open') {
      if (isClosed(where)) continue;
      const scope = where.scope();
      parents.set(scope, where);
      places.push(scope);
    } else if (step.type === 'close' || where !== container.root) {
      const closing = step.type === 'close' ? container.root : where;
      closed.add(closing);
      follow(closing.close());
    }
  }
  await new Promise(setImmediate);
  return { questions, closed, places, pending: () => pending };
}

const names = (things: readonly Thing[]): string[] => things.map(({ name }) => name);

test('what can be made is made once and shared, and what waits for itself is refused: nobody waits for ever', async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryParts(partsMax, false),
      arbitrarySteps(partsMax, false),
      async (parts, steps) => {
        const graph = new Graph(parts);
        const container = new RandomContainer(parts);
        const opened = await container.open().then(
          () => 'opened',
          (error) => error.code,
        );
        if (graph.isRefused) {
          expect(['HOLDFAST_ERR_CONTAINER_CYCLE', 'HOLDFAST_ERR_CONTAINER_SCOPE']).toContain(opened);
          expect(container.made).toEqual([]);
          return;
        }
        const isEagerBad = (index: number) => graph.isCyclic(index) || graph.isLeaking(index);
        if (parts.some(({ kind }, index) => kind === 'eager' && isEagerBad(index))) {
          expect(opened).not.toBe('opened');
          expect(container.disposed).toEqual(container.made.toReversed());
          return;
        }
        expect(opened).toBe('opened');

        const { questions, pending } = await run(container, steps);

        expect(pending()).toBe(0);
        const shared = new Map<string, unknown>();
        for (const { part, where, isRoot, answer } of questions) {
          const isScoped = parts[part]!.kind === 'scoped';
          const isCyclic = graph.isCyclic(part);
          const isLeaking = graph.isLeaking(part) || (isScoped && isRoot);
          expect(answer?.status).toBe(isCyclic || isLeaking ? 'rejected' : 'fulfilled');
          if (answer?.status === 'rejected') {
            const { code } = answer.reason;
            expect([
              ...(isCyclic ? ['HOLDFAST_ERR_CONTAINER_CYCLE'] : []),
              ...(isLeaking ? ['HOLDFAST_ERR_CONTAINER_SCOPE'] : []),
            ]).toContain(code);
            if (code === 'HOLDFAST_ERR_CONTAINER_CYCLE') expectCycle(parts, answer.reason.path);
          } else {
            const key = `${nameOf(part)} ${isScoped ? places(where) : ''}`;
            const known = shared.get(key) ?? answer?.value;
            shared.set(key, known);
            expect(answer?.value).toBe(known);
            expect(names([answer?.value as Thing])).toEqual([nameOf(part)]);
          }
        }
        expect(container.mostAtOnce).toBeLessThanOrEqual(1);
        const singletons = names(container.made).filter((name) => parts[indexOf(name)]!.kind !== 'scoped');
        expect(new Set(singletons).size).toBe(singletons.length);

        await container.root.close();
        expect(container.disposed).toEqual(container.made.toReversed());
      },
    ),
    { numRuns: times(400, 20_000) },
  );

  function places(where: unknown): number {
    const known = ids.get(where as object) ?? ids.size;
    ids.set(where as object, known);
    return known;
  }
});
const ids = new Map<object, number>();
const indexOf = (name: string): number => Number(name.slice('part'.length));

function expectCycle(parts: RandomContainer['parts'], path: readonly string[]): void {
  expect(path.length).toBeGreaterThanOrEqual(2);
  expect(path[0]).toBe(path.at(-1));
  for (const [index, name] of path.slice(0, -1).entries()) {
    expect(parts[indexOf(name)]!.needs.map(nameOf)).toContain(path[index + 1]);
  }
}

test('whatever fails or is closed when, each is told why, each thing is disposed once, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryParts(partsMax, true), arbitrarySteps(partsMax, true), async (parts, steps) => {
      const container = new RandomContainer(parts);
      if (new Graph(parts).isRefused) return;
      await container.open();

      const { questions, closed, pending } = await run(container, steps);

      expect(pending()).toBe(0);
      expect(container.mostAtOnce).toBeLessThanOrEqual(1);
      for (const { part, where, answer } of questions) {
        if (answer?.status !== 'rejected') continue;
        const { code, path, cause } = answer.reason;
        if (code === 'HOLDFAST_ERR_CLOSED') {
          expect(closed.has(where) || closed.has(container.root) || closed.size > 0).toBe(true);
        } else if (isHoldfastError(answer.reason, 'HOLDFAST_ERR_CONTAINER_INIT_FAILED')) {
          expect(path[0]).toBe(nameOf(part));
          if (!isHoldfastError(cause, 'HOLDFAST_ERR_CLOSED'))
            expect(container.thrown.get(cause)).toBe(path.at(-1));
        } else expect(['HOLDFAST_ERR_CONTAINER_CYCLE', 'HOLDFAST_ERR_CONTAINER_SCOPE']).toContain(code);
      }

      const last = await container.root.close().then(
        () => [],
        (error) => error.failures as readonly { readonly path: readonly string[] }[],
      );
      expect(container.made.every(({ disposals }) => disposals === 1)).toBe(true);
      expect(container.disposed).toHaveLength(container.made.length);
      if (closed.size === 0) {
        expect(container.disposed).toEqual(container.made.toReversed());
        const bad = names(container.disposed).filter((name) => parts[indexOf(name)]!.disposes === 'badly');
        expect(last.map(({ path }) => path[0])).toEqual(bad);
      }
      await expect(container.root.get('part0')).rejects.toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });
    }),
    { numRuns: times(400, 20_000) },
  );
});
