import { exitCodes } from '../exit-codes.ts';
import { readingVerb } from '../verb.ts';

type Row = Readonly<Record<string, unknown>>;

interface Finding {
  readonly level: 'ok' | 'look' | 'problem';
  readonly what: string;
  readonly advice: string;
}

const ok = (what: string): Finding => ({ level: 'ok', what, advice: '' });

/** Looks at everything that can be wrong with a database, and says what to do. */
export const doctor = readingVerb({
  summary: 'look at everything that can be wrong with a database, and say what to do',
  usage: '',
  options: {},
  async run(backend, { terminal, signal }) {
    const reader = backend.reader();
    const ask = (sql: string): Promise<readonly Row[]> => reader.request('query', sql, []);
    const { ok: isSound, problems, events } = await backend.verify({ signal, onProgress: terminal.progress });
    terminal.clearProgress();
    const findings: Finding[] = problems.map(({ kind, message }) => ({
      level: 'problem',
      what: `${kind}: ${message}`,
      advice: 'Copy the file aside and restore a backup; export what can still be read.',
    }));
    if (isSound) {
      findings.push(ok(`${events} events, each as it was written`));
      for (const look of [deadLetters, operations, projections, work, wal])
        findings.push(...(await look(ask)));
    }
    if (terminal.isJson) for (const finding of findings) terminal.json(finding);
    else terminal.rows(findings.map(({ level, what, advice }) => ({ level, what, advice })));
    return isSound ? exitCodes.done : exitCodes.problems;

    async function wal(): Promise<Finding[]> {
      const { walBytes, databaseBytes } = await backend.stats();
      if (walBytes < Math.max(64 * 2 ** 20, databaseBytes))
        return [ok(`a write-ahead log of ${walBytes} bytes`)];
      const advice = 'A reader keeps it from being copied back; it is when all have closed the file.';
      return [{ level: 'look', what: `a write-ahead log of ${walBytes} bytes`, advice }];
    }
  },
});

type Ask = (sql: string) => Promise<readonly Row[]>;

async function deadLetters(ask: Ask): Promise<Finding[]> {
  const rows = await ask('select reason, count(*) as count from dead_letters group by reason');
  if (rows.length === 0) return [ok('no dead letters')];
  return rows.map(({ reason, count }) => ({
    level: 'look',
    what: `${String(count)} dead letters: ${String(reason)}`,
    advice: 'holdfast dead-letters FILE shows them.',
  }));
}

async function operations(ask: Ask): Promise<Finding[]> {
  const rows = await ask(
    `select queue, state, count(*) as count from operations where state in ('dead', 'parked') group by queue, state`,
  );
  if (rows.length === 0) return [ok('no dead or parked operations')];
  return rows.map(({ queue, state, count }) => ({
    level: 'look',
    what: `${String(count)} ${String(state)} operations in the queue ${String(queue)}`,
    advice: 'list() of the queue shows them; requeue sends one again, discard removes it.',
  }));
}

async function projections(ask: Ask): Promise<Finding[]> {
  const rows = await ask(
    `select name, role, version, position, skipped, (select coalesce(max(position), 0) from events) as head from projections`,
  );
  return rows.map(({ name, role, version, position, skipped, head }) => {
    const what = `projection ${String(name)} ${String(version)}, ${String(role)}, at ${String(position)} of ${String(head)}`;
    if (role === 'building')
      return {
        level: 'look',
        what,
        advice:
          'Its build was interrupted, or stopped at an event; a start goes on with it, and health() says where it fails.',
      };
    if (Number(skipped) > 0)
      return {
        level: 'look',
        what: `${what}, ${String(skipped)} events passed over`,
        advice: 'Mend its handlers and raise its version.',
      };
    const isBehind = Number(head) - Number(position) > 10_000;
    if (isBehind)
      return {
        level: 'look',
        what,
        advice: 'It is behind: it was stopped, or no module exports it any more.',
      };
    return ok(what);
  });
}

async function work(ask: Ask): Promise<Finding[]> {
  const [row] = await ask(
    `select (select count(*) from work) as work, (select count(*) from timers) as timers,
       (select count(*) from outbox) as messages, (select min(sent_at) from outbox) as oldest`,
  );
  const { work: underway, timers, messages, oldest } = row ?? {};
  const what = `${String(timers)} timers, ${String(messages)} messages, ${String(underway)} actors with work under way`;
  const isOld = typeof oldest === 'number' && Date.now() - oldest > 3_600_000;
  if (!isOld) return [ok(what)];
  const since = new Date(oldest).toISOString();
  return [
    {
      level: 'look',
      what: `${what}; the oldest message waits since ${since}`,
      advice: 'No application that knew its receiver has run since.',
    },
  ];
}
