import { checkSeals } from '../cpu/check-seals.ts';
import type { CpuPool } from '../cpu/pool.ts';
import type { IntegrityProblem, IntegrityReport, LongWorkOptions } from '../ports/event-store-backend.ts';
import { limits } from '../protocol/limits.ts';
import type { SealedRow } from '../protocol/reader-control.ts';
import type { ReaderClient } from '../threads/reader-client.ts';
import { neverAborted } from '../waiting/on-abort.ts';
import { orAborted } from '../waiting/or-aborted.ts';

const problemsMax = 1_000;

/**
 * Checks a whole log: the file itself, positions and versions without gaps, each event's parent being the event before
 * it, and each event's hash, which is computed in the CPU pool while the next page is read, or here if there are few.
 */
export async function verifyLog(
  reader: Pick<ReaderClient, 'request'>,
  pool: CpuPool,
  options: LongWorkOptions,
): Promise<IntegrityReport> {
  const { signal = neverAborted, onProgress } = options;
  signal.throwIfAborted();
  // A damaged file may not tell it, and the check says so.
  const head = reader.request('head').catch(() => 0);
  // The check of a call that was aborted may still be going on before it.
  const total = await orAborted(head, signal);
  onProgress?.({ done: 0, total });
  // SQLite goes on with it also when nobody waits for it any more.
  const problems = await orAborted(reader.request('checkFile'), signal);
  // A file that SQLite itself finds damaged may not be readable to its end: what was found so far is the report.
  if (problems.some(({ kind }) => kind === 'file')) return { ok: false, problems, events: 0 };
  const order = new OrderCheck();
  const seals: Promise<IntegrityProblem[]>[] = [];
  let events = 0;
  try {
    for (let after = 0; problems.length < problemsMax; ) {
      signal.throwIfAborted();
      const rows = await reader.request('sealedPage', after);
      if (rows.length === 0) break;
      problems.push(...order.check(rows));
      const sealed = total > limits.sealsHereMax ? pool.run('checkSeals', rows) : checkSealsHere(rows);
      // It may fail while the next page is read: whoever waits for it below hears of that.
      sealed.catch(() => undefined);
      seals.push(sealed);
      if (seals.length > 4) problems.push(...(await (seals.shift() as Promise<IntegrityProblem[]>)));
      after = rows.at(-1)?.[0] ?? after;
      events += rows.length;
      onProgress?.({ done: events, total: Math.max(total, events) });
    }
    for (const found of await Promise.all(seals)) problems.push(...found);
  } finally {
    // After an abort or an error, what was begun is let finish, so that nothing fails with nobody listening.
    await Promise.allSettled(seals);
  }
  return { ok: problems.length === 0, problems: problems.slice(0, problemsMax), events };
}

async function checkSealsHere(rows: readonly SealedRow[]): Promise<IntegrityProblem[]> {
  return checkSeals(rows);
}

/** Follows positions and streams through the log. Remembers one version and id per stream. */
class OrderCheck {
  readonly #heads = new Map<string, { version: number; id: string }>();
  #position = 0;

  check(rows: readonly SealedRow[]): IntegrityProblem[] {
    const problems: IntegrityProblem[] = [];
    for (const [position, id, stream, version, , , , , parents] of rows) {
      if (position !== this.#position + 1) {
        const message = `Position ${this.#position + 1} is missing; the next event is at ${position}.`;
        problems.push({ kind: 'position-gap', message });
      }
      this.#position = position;
      if (stream === null) {
        problems.push({ kind: 'version-gap', message: `Event ${position} (${id}) belongs to no stream.` });
        continue;
      }
      const head = this.#heads.get(stream) ?? { version: 0, id: '' };
      if (version !== head.version + 1) {
        const message = `${stream} goes from version ${head.version} to ${version} at position ${position}.`;
        problems.push({ kind: 'version-gap', message });
      } else if (parents !== head.id) {
        const message = `Event ${position} (${id} of ${stream}) names another event than the one before it.`;
        problems.push({ kind: 'parent', message });
      }
      this.#heads.set(stream, { version, id });
    }
    return problems;
  }
}
