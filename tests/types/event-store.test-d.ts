import { EventStore, InMemoryEventStoreBackend } from 'holdfast/store';
import { expectTypeOf, test } from 'vitest';

type Known = { type: 'noted'; data: { text: string } } | { type: 'gone' };

test('a store of known events takes no others, and no payload where there is none', () => {
  const store = EventStore.withBackend<Known>(new InMemoryEventStoreBackend());

  void store.append('s', [{ type: 'noted', data: { text: 'a' } }, { type: 'gone' }]);
  // @ts-expect-error: its payload is missing
  void store.append('s', [{ type: 'noted' }]);
  // @ts-expect-error: there is no such event
  void store.append('s', [{ type: 'painted' }]);
  expectTypeOf(store.read('s')).toExtend<AsyncIterable<{ type: 'noted' | 'gone'; version: number }>>();
});
