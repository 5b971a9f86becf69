import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Mailboxes } from '../../runtime/hosts/mailboxes.ts';
import { PendingRequest } from '../../runtime/hosts/pending-request.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';

const addresses = ['a', 'b', 'c'] as const;
const steps = fc.array(
  fc.record({
    do: fc.constantFrom('send', 'send', 'send', 'take', 'answer', 'abandon', 'die', 'hold', 'release'),
    address: fc.constantFrom(...addresses),
  }),
  { maxLength: 200 },
);

type Numbered = PendingRequest & { readonly number: number };

/** A flood of requests against a host that answers, dies and puts actors in quarantine. */
class Model {
  readonly mailboxes = new Mailboxes(1_000);
  readonly queued: Numbered[] = [];
  sent: Numbered[] = [];
  readonly held = new Map<string, PendingRequest['mailbox']>();
  #last = 0;

  send(address: string): void {
    const mailbox = this.mailboxes.enter(address, 'wait');
    const request = { address, operation: 'send' } as HostRequest;
    const owner = { abandon: () => undefined };
    const pending = new PendingRequest(
      request,
      mailbox,
      owner,
      0,
      () => 0,
      () => 0,
      () => 0,
    );
    const numbered = Object.assign(pending, { number: ++this.#last });
    this.queued.push(numbered);
    this.mailboxes.enqueue(numbered);
  }

  take(): Numbered | undefined {
    const next = this.mailboxes.next() as Numbered | undefined;
    if (next === undefined) return undefined;
    next.phase = 'sent';
    this.queued.splice(this.queued.indexOf(next), 1);
    this.sent.push(next);
    return next;
  }

  answer(): void {
    const answered = this.sent.shift();
    if (answered === undefined) return;
    answered.mailbox.sent--;
    this.mailboxes.leave(answered.mailbox);
  }

  abandon(address: string): void {
    const index = this.queued.findIndex(({ request }) => request.address === address);
    const [abandoned] = index === -1 ? [] : this.queued.splice(index, 1);
    if (abandoned === undefined) return;
    abandoned.phase = 'done';
    this.mailboxes.leave(abandoned.mailbox);
  }

  die(): void {
    for (const pending of this.sent) {
      pending.phase = 'queued';
      pending.mailbox.sent--;
    }
    this.mailboxes.putBack(this.sent);
    this.queued.push(...this.sent.splice(0));
  }

  hold(address: string): void {
    const one = this.queued.find(({ request }) => request.address === address);
    if (one === undefined || this.held.has(address)) return;
    this.held.set(address, one.mailbox);
    this.mailboxes.hold(one.mailbox);
  }

  release(address: string): void {
    const mailbox = this.held.get(address);
    if (mailbox === undefined) return;
    this.held.delete(address);
    this.mailboxes.release(mailbox);
  }

  /** The oldest that waits, of each actor that is not held. */
  oldest(): Map<string, number> {
    const oldest = new Map<string, number>();
    for (const { request, number } of this.queued) {
      if (this.held.has(request.address)) continue;
      oldest.set(request.address, Math.min(number, oldest.get(request.address) ?? number));
    }
    return oldest;
  }
}

test('what leaves is always the oldest of an actor that may send, and something leaves while there is any', () => {
  fc.assert(
    fc.property(steps, (walked) => {
      const model = new Model();
      for (const step of walked) {
        if (step.do !== 'take') {
          model[step.do](step.address);
          continue;
        }
        const oldest = model.oldest();
        const next = model.take();
        if (next === undefined) expect(oldest.size).toBe(0);
        else expect(next.number).toBe(oldest.get(next.request.address));
        expect(model.mailboxes.unanswered).toBe(model.queued.length + model.sent.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('every actor has its turn before one has two', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 3, maxLength: 3 }), (counts) => {
      const model = new Model();
      for (const [index, count] of counts.entries()) {
        for (let sent = 0; sent < count; sent++) model.send(addresses[index] as string);
      }
      const turns = new Map<string, number>(addresses.map((address) => [address, 0]));

      for (let next = model.take(); next !== undefined; next = model.take()) {
        const { address } = next.request;
        turns.set(address, (turns.get(address) ?? 0) + 1);
        const behind = addresses.filter((other) => model.oldest().has(other));
        for (const other of behind)
          expect(turns.get(address)).toBeLessThanOrEqual((turns.get(other) ?? 0) + 1);
      }

      expect([...turns.values()]).toEqual(counts);
    }),
  );
});
