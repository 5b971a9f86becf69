import fc from 'fast-check';
import type { AnyUpcastChains } from '../../actors/definitions/upcast.ts';
import { arbitraryEvent, type MachineEvent } from './arbitrary-machine.ts';

/** An event as some version of an application wrote it. */
export interface PastEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly payload: object;
}

/** One change of a payload, forwards as an upcaster and backwards to make up a past. */
interface Change {
  readonly forwards: (payload: never) => object;
  readonly backwards: (payload: never) => object;
}

type Payload = { data: { by: number } };

const arbitraryChange: fc.Arbitrary<Change> = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((offset) => ({
    forwards: ({ data, ...rest }: Payload) => ({ ...rest, data: { by: data.by - offset } }),
    backwards: ({ data, ...rest }: Payload) => ({ ...rest, data: { by: data.by + offset } }),
  })),
  fc.constant({
    forwards: ({ data, ...rest }: Payload) => ({ ...rest, data: { by: Number(data.by) } }),
    backwards: ({ data, ...rest }: Payload) => ({ ...rest, data: { by: data.by } }),
  }),
);

const types = ['a', 'b', 'c', 'd'] as const;

/** A history as it would be written today, and one of the past that means the same. */
export interface Past {
  readonly upcast: AnyUpcastChains;
  readonly today: readonly MachineEvent[];
  readonly stored: readonly PastEvent[];
}

/** How an event was written: at which schema version, under which type, and what that is not there any more with it. */
const arbitraryManner = fc.record({
  age: fc.nat(5),
  under: fc.constantFrom('own', 'own', 'older', 'oldest'),
  noise: fc.boolean(),
  joined: fc.boolean(),
});

/**
 * Histories of the past: payloads of every schema version, types that were renamed once and twice, events that are
 * dropped today, and two events that were one.
 */
export const arbitraryPast: fc.Arbitrary<Past> = fc
  .record({
    changes: fc.tuple(...types.map(() => fc.array(arbitraryChange, { maxLength: 3 }))),
    events: fc.array(fc.tuple(arbitraryEvent, arbitraryManner), { minLength: 1, maxLength: 14 }),
  })
  .map(({ changes, events }) => {
    const chains = new Map<string, readonly Change[]>(
      types.map((type, index) => [type, changes[index] ?? []]),
    );
    const upcast: Record<string, ((payload: never) => unknown)[]> = {
      noise: [() => []],
      joined: [({ parts }: { parts: { type: string }[] }) => parts],
    };
    for (const [type, chain] of chains) {
      upcast[type] = chain.map(({ forwards }) => forwards);
      upcast[`older-${type}`] = [(payload: object) => [{ ...payload, type }]];
      upcast[`oldest-${type}`] = [
        (payload: object) => payload,
        (payload: object) => [{ ...payload, type: `older-${type}` }],
      ];
    }
    const stored: PastEvent[] = [];
    for (const [event, { age, under, noise, joined }] of events) {
      if (noise) stored.push({ type: 'noise', schemaVersion: 1, payload: {} });
      const chain = chains.get(event.type) ?? [];
      const isRenamed = under !== 'own' && chains.has(event.type);
      // What was written under another type has the whole chain of its type of today before it.
      const steps = isRenamed || joined ? chain.length : Math.min(age, chain.length);
      let payload: object = { data: event.data };
      for (const { backwards } of chain.slice(chain.length - steps).reverse()) {
        payload = (backwards as (payload: object) => object)(payload);
      }
      const type = isRenamed ? `${under}-${event.type}` : event.type;
      const schemaVersion = isRenamed ? 1 : chain.length - steps + 1;
      if (joined)
        stored.push({ type: 'joined', schemaVersion: 1, payload: { parts: [{ type, ...payload }] } });
      else stored.push({ type, schemaVersion, payload });
    }
    return { upcast: upcast as AnyUpcastChains, today: events.map(([event]) => event), stored };
  });
