import { styleText } from 'node:util';
import type { Outcome } from './bring-up-to-date.ts';
import { printable } from './printable.ts';
import type { Change } from './reconcile.ts';
import type { Skipped } from './skipped.ts';

const linesMax = 20;
const examplesMax = 3;

const signs = {
  created: ['green', '+'],
  revised: ['yellow', '~'],
  renamed: ['cyan', '>'],
  removed: ['red', '-'],
} as const;

/** What a run did, in lines for people. Colours appear on a terminal that wants them (NO_COLOR is respected). */
export function report(outcome: Outcome, elapsedMs: number): string[] {
  const { changes, skipped, documents, overtaken } = outcome;
  const total = `${count(documents, 'document')}, ${seconds(elapsedMs)}`;
  return [
    ...changeLines(changes.toSorted(byPath)),
    ...(overtaken === 0 ? [] : [`${count(overtaken, 'change')} left to another desk on this folder`]),
    ...skippedLines(skipped.toSorted(byPath)),
    ...(changes.length === 0
      ? [`nothing changed: ${total}`]
      : [total, rate(changes.length, outcome.keepingMs)]),
  ];
}

function changeLines(changes: readonly Change[]): string[] {
  const more = changes.length - linesMax;
  return [
    ...changes.slice(0, linesMax).map(changeLine),
    ...(more > 0 ? [`  and ${number(more)} more`] : []),
    ...(changes.length > 0 ? [counts(changes)] : []),
  ];
}

function changeLine({ event, path, pathBefore }: Change): string {
  const [colour, sign] = signs[event.type];
  const from = pathBefore === undefined ? '' : `${printable(pathBefore)} -> `;
  return `${styleText(colour, `${sign} ${event.type}`)} ${from}${printable(path)}`;
}

/** `3 created, 1 removed` */
function counts(changes: readonly Change[]): string {
  const byType = Map.groupBy(changes, ({ event }) => event.type);
  return [...byType].map(([type, all]) => `${number(all.length)} ${type}`).join(', ');
}

/** A line for each reason, the most frequent first: `skipped 2 (binary): a.png, b.png` */
function skippedLines(skipped: readonly Skipped[]): string[] {
  const byReason = [...Map.groupBy(skipped, ({ reason }) => reason)];
  return byReason
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, all]) => {
      const examples = all.slice(0, examplesMax).map(({ path }) => printable(path));
      const rest = all.length > examplesMax ? ', ...' : '';
      return `skipped ${number(all.length)} (${reason}): ${examples.join(', ')}${rest}`;
    });
}

function rate(commands: number, ms: number): string {
  const perSecond = number(Math.round((commands / ms) * 1_000));
  return `${perSecond} durable commands per second (${number(commands)} in ${seconds(ms)})`;
}

function count(amount: number, noun: string): string {
  return `${number(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

function number(amount: number): string {
  return amount.toLocaleString('en');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}
