import type { Runtime, StoreAndForward } from 'holdfast';
import { expectTypeOf, test } from 'vitest';

declare const runtime: Runtime;

const webhooks = runtime.storeAndForward('webhooks', { deliver: (_: { url: string }) => undefined });

const notices = runtime.storeAndForward('notices', {
  mail: ({ to }: { to: string }) => to,
  ring: ({ times }: { times: number }, { signal }) => [times, signal],
});

test('a queue of one handler takes what it takes, with its name or without', () => {
  void webhooks.enqueue({ url: '/notes/1' });
  void webhooks.enqueue({ url: '/notes/1' }, { orderKey: 'notes' });
  void webhooks.enqueue({ url: '/notes/1' }, { name: 'deliver' });
  // @ts-expect-error: the URL is missing
  void webhooks.enqueue({});
  // @ts-expect-error: there is no such handler
  void webhooks.enqueue({ url: '/notes/1' }, { name: 'mail' });
});

test('a queue of several handlers is told which, and takes what that one takes', () => {
  void notices.enqueue({ to: 'ada' }, { name: 'mail' });
  void notices.enqueue({ times: 2 }, { name: 'ring', priority: 1 });
  // @ts-expect-error: the other handler takes that
  void notices.enqueue({ times: 2 }, { name: 'mail' });
  // @ts-expect-error: which handler is not said
  void notices.enqueue({ to: 'ada' });
  // @ts-expect-error: which handler is not said
  void notices.enqueue({ to: 'ada' }, { orderKey: 'ada' });
});

test('any queue is a queue, and one of unknown handlers takes anything', () => {
  expectTypeOf(notices).toExtend<StoreAndForward>();
  const any: StoreAndForward = webhooks;
  void any.enqueue({ anything: 1 });
  void any.enqueue({ anything: 1 }, { name: 'deliver' });
});
