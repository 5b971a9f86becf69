import {
  type ClaimResult,
  diedUnder,
  type EnqueueResult,
  enqueueResult,
  type NewOperation,
  type OperationClaim,
  type OperationLimits,
  type OperationMetrics,
  type OperationOutcome,
  type OperationState,
  type StoredOperation,
  wholeMs,
} from '../protocol/operation.ts';
import { storeLimits } from '../protocol/store-limits.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Gauges = 'depth' | 'running' | 'bytes' | 'oldestAgeMs';
type End = 'done' | 'dead' | 'parked' | 'expired' | 'cancelled';

/** See `0008-operations.ts` for what the columns of the same names mean. */
export interface OperationRow {
  readonly stored: Mutable<StoredOperation>;
  bytes: number;
  turn: 'behind' | 'later' | 'now' | 'taken' | null;
  isScheduled: boolean;
  waitsFrom: number;
  forNetwork: boolean;
  starts: number;
  unfinishedStarts: number;
  run: string | null;
  /** All under which it is known. */
  readonly keys: string[];
}

/** One queue in memory: the rules of the tables of the file, over a list. */
export class InMemoryQueue {
  /** In order of their sequences. */
  readonly rows = new Map<string, OperationRow>();
  readonly #keys = new Map<string, { readonly fingerprint: string; readonly row: OperationRow }>();
  readonly #lines = new Map<string, Set<OperationRow>>();
  readonly #counters: Mutable<Omit<OperationMetrics, Gauges>> = {
    queued: 0,
    replayed: 0,
    failed: 0,
    dead: 0,
    parked: 0,
    expired: 0,
    cancelled: 0,
    dropped: 0,
    coalesced: 0,
  };
  readonly #done = new Set<OperationRow>();
  #depth = 0;
  #bytes = 0;
  #lastSequence = 0;

  enqueue(operation: NewOperation, limits: OperationLimits, sequence: number, now: number): EnqueueResult {
    const { operationId, coalesceKey } = operation;
    this.#forgetKeys(now);
    const repeated = this.#repeated(operation);
    if (repeated !== undefined) return repeated;
    const bytes = Buffer.byteLength(operation.payload);
    const isTight = this.#depth >= limits.itemsMax || this.#bytes + bytes > limits.bytesMax;
    const expired = isTight ? this.#expire(now).map((ended) => ended.operationId) : [];
    const target =
      coalesceKey === null ? undefined : this.#all().findLast((row) => coalesces(row, operation));
    const leaving = this.#makeRoom(bytes, target, limits);
    if (leaving === undefined) {
      if (limits.overflow !== 'drop-newest')
        return enqueueResult('refused', operationId, 'dropped', [], expired);
      this.#counters.queued++;
      this.#counters.dropped++;
      return enqueueResult('dropped', operationId, 'dropped', [], expired);
    }
    for (const row of leaving) this.#drop(row, now);
    const dropped = leaving.map(({ stored }) => stored.operationId);
    const row = target ?? this.#add(operation, sequence, now);
    this.#bytes += bytes - row.bytes;
    row.bytes = bytes;
    if (target !== undefined) this.#coalesce(target, operation);
    const { idempotencyKey: key, fingerprint } = operation;
    if (key !== null) {
      this.#keys.set(key, { fingerprint, row });
      row.keys.push(key);
    }
    const outcome = target === undefined ? 'enqueued' : 'coalesced';
    return enqueueResult(outcome, row.stored.operationId, 'waiting', dropped, expired);
  }

  claim(claim: OperationClaim, now: number, lives: (run: string) => boolean): ClaimResult {
    const { run, names, limit, sequenceMax, isIdle, skipsUnfinished = false } = claim;
    const ended = [...this.#takeFromTheDead(claim, now, lives), ...this.#expire(now)];
    const known = this.#all().filter(({ turn, stored }) => turn !== null && names.includes(stored.name));
    for (const row of known) {
      if (row.turn !== 'later') continue;
      row.stored.dueAt -= Math.max(0, row.waitsFrom - now);
      row.waitsFrom = Math.min(row.waitsFrom, now);
      row.turn = turnAt(row.stored.dueAt, now);
    }
    const due = known
      .filter(({ turn, stored: { expiresAt } }) => turn === 'now' && (expiresAt === null || expiresAt > now))
      .filter(({ unfinishedStarts }) => unfinishedStarts === 0 || !skipsUnfinished)
      .sort((a, b) => b.stored.priority - a.stored.priority || a.stored.sequence - b.stored.sequence);
    const isMeant = ({ stored }: OperationRow) => sequenceMax === null || stored.sequence <= sequenceMax;
    // What is meant, and what is handed in later and goes first: nobody goes on for the sake of that alone.
    const last = due.filter(isMeant).slice(0, limit).at(-1);
    const found = due
      .filter((row) => isMeant(row) || (last !== undefined && row.stored.priority > last.stored.priority))
      .slice(0, limit);
    const suspect = found.findIndex(({ unfinishedStarts }) => unfinishedStarts > 0);
    const count = suspect === 0 ? Number(isIdle) : suspect;
    const chosen = suspect < 0 ? found : found.slice(0, count);
    for (const row of chosen) {
      Object.assign(row, { turn: 'taken', run, forNetwork: false });
      row.stored.state = 'running';
      row.starts++;
      row.unfinishedStarts++;
    }
    const dueAt = ({ turn, stored }: OperationRow) => (turn === 'later' ? stored.dueAt : Infinity);
    const next = known.some(({ turn }) => turn === 'now')
      ? now
      : known.reduce((earliest, row) => Math.min(earliest, dueAt(row)), Infinity);
    return {
      claimed: chosen.map(({ stored, unfinishedStarts: starts }) => {
        const { operationId, sequence, name, payload, idempotencyKey, orderKey } = stored;
        const { attempts, enqueuedAt, expiresAt } = stored;
        const content = { operationId, sequence, name, payload, idempotencyKey, orderKey };
        return { ...content, attempts, unfinishedStarts: starts - 1, enqueuedAt, expiresAt };
      }),
      ended,
      nextDueAt: next === Infinity ? null : next,
      lastSequence: this.#lastSequence,
    };
  }

  settle(row: OperationRow, outcome: OperationOutcome, now: number): void {
    if (outcome.outcome === 'not-begun') {
      row.starts--;
      row.unfinishedStarts--;
      return this.#wait(row, Math.min(row.stored.dueAt, now), now);
    }
    const isAgain = outcome.outcome === 'again';
    const hasFailed = isAgain ? outcome.countsAttempt : outcome.outcome === 'dead';
    row.unfinishedStarts = 0;
    row.isScheduled = false;
    row.stored.lastError = outcome.error ?? null;
    if (hasFailed) {
      row.stored.attempts++;
      this.#counters.failed++;
    }
    if (!isAgain) return this.end(row, outcome.outcome, now);
    row.forNetwork = outcome.forNetwork;
    this.#wait(row, Math.ceil(outcome.dueAt), now);
  }

  end(row: OperationRow, state: End, now: number): void {
    this.#counters[state === 'done' ? 'replayed' : state]++;
    this.#count(row, -1);
    Object.assign(row, { turn: null, run: null, forNetwork: false });
    Object.assign(row.stored, { state, endedAt: now });
    if (state === 'done') {
      Object.assign(row.stored, { payload: '', lastError: null });
      if (row.keys.length === 0) this.rows.delete(row.stored.operationId);
      else this.#done.add(row);
    }
    this.#leaveLine(row, now);
    this.#prune();
  }

  networkIsBack(spreadMs: number, now: number): void {
    const waiting = this.#all().filter(({ forNetwork }) => forNetwork);
    for (const [rank, row] of waiting.entries()) {
      row.forNetwork = false;
      const dueAt = now + Math.floor((spreadMs * rank) / waiting.length);
      this.#wait(row, Math.min(row.stored.dueAt, dueAt), now);
    }
  }

  hurry(now: number): void {
    for (const row of this.#all()) if (row.turn === 'later' && !row.isScheduled) this.#wait(row, now, now);
  }

  requeue(row: OperationRow, now: number): void {
    Object.assign(row, { unfinishedStarts: 0, isScheduled: false });
    const { expiresAt } = row.stored;
    const isOver = expiresAt !== null && expiresAt <= now;
    Object.assign(row.stored, { attempts: 0, lastError: null, expiresAt: isOver ? null : expiresAt });
    this.#count(row, 1);
    this.#joinLine(row);
    this.#wait(row, now, now);
    this.#counters.queued++;
  }

  remove(row: OperationRow): void {
    this.rows.delete(row.stored.operationId);
    for (const key of row.keys) this.#keys.delete(key);
    this.#done.delete(row);
  }

  metrics(now: number): OperationMetrics {
    const live = this.#all().filter(({ turn }) => turn !== null);
    const oldest = (state: OperationState) =>
      live.find(({ stored }) => stored.state === state)?.stored.enqueuedAt ?? now;
    return {
      ...this.#counters,
      depth: this.#depth,
      running: live.filter(({ turn }) => turn === 'taken').length,
      bytes: this.#bytes,
      oldestAgeMs: Math.max(0, now - Math.min(oldest('waiting'), oldest('running'))),
    };
  }

  #all(): OperationRow[] {
    return [...this.rows.values()];
  }

  #repeated({ operationId, idempotencyKey, fingerprint }: NewOperation): EnqueueResult | undefined {
    const same = this.rows.get(operationId);
    if (same !== undefined) return enqueueResult('duplicate', operationId, same.stored.state);
    const known = idempotencyKey === null ? undefined : this.#keys.get(idempotencyKey);
    if (known === undefined) return undefined;
    const outcome = known.fingerprint === fingerprint ? 'duplicate' : 'conflict';
    return enqueueResult(outcome, known.row.stored.operationId, known.row.stored.state);
  }

  #makeRoom(
    bytes: number,
    target: OperationRow | undefined,
    limits: OperationLimits,
  ): OperationRow[] | undefined {
    const more = bytes - (target?.bytes ?? 0);
    let items = target === undefined ? this.#depth + 1 - limits.itemsMax : 0;
    let tooMany = more > 0 ? this.#bytes + more - limits.bytesMax : 0;
    if (items <= 0 && tooMany <= 0) return [];
    if (limits.overflow !== 'drop-oldest' || bytes > limits.bytesMax) return undefined;
    const leaving: OperationRow[] = [];
    for (const row of this.rows.values()) {
      if (row.stored.state !== 'waiting' || row === target) continue;
      leaving.push(row);
      items--;
      tooMany -= row.bytes;
      if (items <= 0 && tooMany <= 0) return leaving;
    }
    return undefined;
  }

  #add(operation: NewOperation, sequence: number, now: number): OperationRow {
    const dueAt = Math.ceil(operation.dueAt);
    const expiresAt = wholeMs(operation.expiresAt);
    const fresh = { state: 'waiting', attempts: 0, enqueuedAt: now, endedAt: null, lastError: null } as const;
    const row: OperationRow = {
      stored: { ...operation, dueAt, expiresAt, sequence, ...fresh },
      bytes: 0,
      turn: 'behind',
      isScheduled: dueAt > now,
      waitsFrom: now,
      forNetwork: false,
      starts: 0,
      unfinishedStarts: 0,
      run: null,
      keys: [],
    };
    this.rows.set(operation.operationId, row);
    this.#lastSequence = sequence;
    this.#counters.queued++;
    this.#count(row, 1);
    // Behind others it waits until it is the first.
    if (this.#joinLine(row) === 1) this.#wait(row, dueAt, now);
    return row;
  }

  #coalesce(
    { stored }: OperationRow,
    { payload, fingerprint, expiresAt, idempotencyKey }: NewOperation,
  ): void {
    Object.assign(stored, { payload, fingerprint, expiresAt: wholeMs(expiresAt) });
    stored.idempotencyKey = idempotencyKey ?? stored.idempotencyKey;
    this.#counters.coalesced++;
  }

  #drop(row: OperationRow, now: number): void {
    this.remove(row);
    this.#counters.dropped++;
    this.#count(row, -1);
    row.turn = null;
    this.#leaveLine(row, now);
  }

  #takeFromTheDead(
    { run, unfinishedStartsMax }: OperationClaim,
    now: number,
    lives: (run: string) => boolean,
  ): { operationId: string; state: 'parked' }[] {
    const left = this.#all().filter((row) => row.run !== null && row.run !== run && !lives(row.run));
    return left.flatMap((row) => {
      const { unfinishedStarts, stored } = row;
      if (unfinishedStarts < unfinishedStartsMax) {
        this.#wait(row, Math.min(stored.dueAt, now), now);
        return [];
      }
      stored.lastError = diedUnder(unfinishedStarts);
      this.end(row, 'parked', now);
      return [{ operationId: stored.operationId, state: 'parked' as const }];
    });
  }

  #expire(now: number): { operationId: string; state: 'expired' }[] {
    const expired = this.#all()
      .filter(
        ({ stored }) => stored.state === 'waiting' && stored.expiresAt !== null && stored.expiresAt <= now,
      )
      .sort((a, b) => (a.stored.expiresAt ?? 0) - (b.stored.expiresAt ?? 0))
      .slice(0, storeLimits.operationsExpiredMax);
    return expired.map((row) => {
      this.end(row, 'expired', now);
      return { operationId: row.stored.operationId, state: 'expired' };
    });
  }

  #wait(row: OperationRow, dueAt: number, now: number): void {
    const { stored } = row;
    Object.assign(row, { run: null, waitsFrom: now });
    Object.assign(stored, { state: 'waiting', endedAt: null, dueAt });
    row.turn = stored.orderKey === null ? turnAt(dueAt, now) : 'behind';
    this.#moveUp(stored.orderKey, now);
  }

  #count({ bytes }: OperationRow, by: 1 | -1): void {
    this.#depth += by;
    this.#bytes += by * bytes;
  }

  /** How many stand in the line then; what has no order key is alone in one. */
  #joinLine(row: OperationRow): number {
    const { orderKey } = row.stored;
    if (orderKey === null) return 1;
    const line = (this.#lines.get(orderKey) ?? new Set()).add(row);
    this.#lines.set(orderKey, line);
    return line.size;
  }

  #leaveLine(row: OperationRow, now: number): void {
    const { orderKey } = row.stored;
    if (orderKey === null) return;
    const line = this.#lines.get(orderKey);
    line?.delete(row);
    if (line?.size === 0) this.#lines.delete(orderKey);
    this.#moveUp(orderKey, now);
  }

  /** The first of an order key comes to the front of its line, where nothing is while one is in hand. */
  #moveUp(orderKey: string | null, now: number): void {
    if (orderKey === null) return;
    const line = this.#lines.get(orderKey) ?? [];
    let isTaken = false;
    let first: OperationRow | undefined;
    for (const row of line) {
      isTaken ||= row.turn === 'taken';
      if (row.stored.sequence < (first?.stored.sequence ?? Infinity)) first = row;
    }
    for (const row of line) if (row.turn !== 'taken' && (isTaken || row !== first)) row.turn = 'behind';
    if (!isTaken && first?.turn === 'behind') first.turn = turnAt(first.stored.dueAt, now);
  }

  #forgetKeys(now: number): void {
    const old = [...this.#done]
      .filter(({ stored }) => (stored.endedAt ?? 0) < now - storeLimits.operationKeyMs)
      .sort((a, b) => (a.stored.endedAt ?? 0) - (b.stored.endedAt ?? 0));
    for (const row of old.slice(0, storeLimits.operationKeysForgottenMax)) this.remove(row);
  }

  #prune(): void {
    if (this.rows.size <= storeLimits.operationsKeptMax) return;
    const kept = this.#all().filter(({ turn, stored }) => turn === null && stored.state !== 'done');
    kept.sort((a, b) => (a.stored.endedAt ?? 0) - (b.stored.endedAt ?? 0));
    for (const row of kept.slice(0, Math.max(0, kept.length - storeLimits.operationsKeptMax)))
      this.remove(row);
  }
}

function coalesces({ stored, starts }: OperationRow, { coalesceKey, orderKey, name }: NewOperation): boolean {
  const isSame = stored.coalesceKey === coalesceKey && stored.orderKey === orderKey && stored.name === name;
  return isSame && starts === 0 && stored.state === 'waiting';
}

function turnAt(dueAt: number, now: number): 'later' | 'now' {
  return dueAt <= now ? 'now' : 'later';
}
