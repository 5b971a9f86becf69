import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppendReceipt, AppendRequest, EncodedEvent } from '../../runtime/protocol/append.ts';
import {
  type DirectAnswer,
  type Frame,
  readAppends,
  readOutcomes,
  writeAppend,
  writeOutcome,
} from '../../runtime/protocol/append-frame.ts';
import type { Consequences } from '../../runtime/protocol/consequences.ts';
import {
  type HostRequest,
  readHostRequests,
  writeHostRequest,
} from '../../runtime/protocol/host-messages.ts';
import { appendRequest } from '../../runtime/testing/contract/check-backend.ts';

const text = fc.string({ maxLength: 8 });
const whole = fc.nat();
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 2 });

const event: fc.Arbitrary<EncodedEvent> = fc.record(
  {
    id: text,
    type: text,
    schemaVersion: whole,
    data: text,
    metadata: orNull(text),
    hash: text,
    recordedAt: whole,
  },
  { requiredKeys: ['id', 'type', 'schemaVersion', 'data', 'metadata', 'hash'] },
);

const append: fc.Arbitrary<AppendRequest> = fc.record({
  stream: text,
  events: fc.array(event, { maxLength: 4 }),
  expectedVersion: fc.oneof(whole, fc.constantFrom('any' as const, 'no-stream' as const)),
  expectedHead: orNull(text),
  idsAreKeys: fc.boolean(),
  idempotencyKey: orNull(text),
  fingerprint: text,
  reply: orNull(text),
  snapshot: orNull(fc.record({ version: whole, fingerprint: text, state: text })),
  consequences: orNull(fc.constant({ timers: [], messages: [], hasWork: true } as unknown as Consequences)),
});

/** One that does without everything that is rare. */
const plainAppend = append.map(({ stream, events, expectedVersion, expectedHead }) =>
  appendRequest({
    stream,
    events: events.map(({ recordedAt: _, ...rest }) => rest),
    expectedVersion,
    expectedHead,
  }),
);

const answer: fc.Arbitrary<DirectAnswer> = fc.record({
  requestId: whole,
  state: fc.oneof(text, fc.constant({ a: 'b' })),
  status: text,
});

const request: fc.Arbitrary<HostRequest> = fc
  .record({
    id: fc.integer(),
    operation: fc.constantFrom('send' as const, 'execute' as const, 'watch' as const, 'deliver' as const),
    address: text,
    name: text,
    payload: text,
    metadata: orNull(text),
    expectedVersion: orNull(whole),
    idempotencyKey: orNull(text),
    fingerprint: text,
    delivery: orNull(fc.constant({ actor: '' } as unknown as HostRequest['delivery'])),
  })
  // A fingerprint is that of a key.
  .map((each) => ({ ...each, fingerprint: each.idempotencyKey === null ? '' : each.fingerprint }));

test('appends cross to the store as they are, in order and with what answers their senders', () => {
  const item = fc.tuple(whole, fc.oneof(append, plainAppend), orNull(answer));
  fc.assert(
    fc.property(fc.array(item, { maxLength: 8 }), (items) => {
      const frame: Frame = [];
      for (const [id, each, direct] of items) writeAppend(frame, id, each, direct);
      const read: unknown[] = [];
      readAppends(structuredClone(frame), (...each) => read.push(each));
      expect(read).toEqual(items);
    }),
  );
});

test('requests cross to a host as they are, in order', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
      const frame: Frame = [];
      for (const each of requests) writeHostRequest(frame, each);
      const read: HostRequest[] = [];
      readHostRequests(structuredClone(frame), (each) => read.push(each));
      expect(read).toEqual(requests);
    }),
  );
});

test('outcomes come back as they are, in order', () => {
  const receipt: fc.Arbitrary<AppendReceipt> = fc.record({
    outcome: fc.constantFrom('appended' as const, 'already-appended' as const),
    version: whole,
    position: whole,
    head: text,
    reply: orNull(text),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(whole, receipt), { maxLength: 8 }), (outcomes) => {
      const frame: Frame = [];
      for (const [id, each] of outcomes) writeOutcome(frame, id, each);
      const read: unknown[] = [];
      readOutcomes(structuredClone(frame), (...each) => read.push(each));
      expect(read).toEqual(outcomes);
    }),
  );
});
