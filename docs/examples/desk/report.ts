import { styleText } from 'node:util';
import { obfuscateUrl } from 'holdfast/security';
import type { Outcome } from './bring-up-to-date.ts';
import type { News } from './news.ts';
import type { Delivery } from './notify.ts';
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
  const { changes, skipped, documents, overtaken, outdated } = outcome;
  const total = `${count(documents, 'document')}, ${seconds(elapsedMs)}`;
  return [
    ...changeLines(changes.toSorted(byPath)),
    ...(overtaken === 0 ? [] : [`${count(overtaken, 'change')} left to another desk on this folder`]),
    ...(outdated === 0
      ? []
      : [`${count(outdated, 'change')} left to the next run: the file has changed again, or is gone`]),
    ...linesByReason('skipped', skipped.toSorted(byPath)),
    ...(changes.length === 0
      ? [`nothing changed: ${total}`]
      : [total, rate(changes.length, outcome.keepingMs)]),
  ];
}

/** What a server was told, in a line, and a line for each reason for which it did not take something. */
export function deliveryReport(url: URL, { delivered, waiting, reason, dead }: Delivery): string[] {
  const to = printable(obfuscateUrl(url.href));
  if (delivered + waiting + dead.length === 0) return [`nothing to deliver to ${to}`];
  const left = [
    ...(waiting === 0 ? [] : [`${number(waiting)} waiting (${plainReason(reason)})`]),
    ...(dead.length === 0 ? [] : [`${number(dead.length)} dead`]),
  ];
  const next = left.length === 0 ? '' : `, ${left.join(', ')}: sent by the next run with --notify`;
  const refused = dead.map(({ payload, lastError }) => ({
    path: (payload as News).path,
    reason: plainReason(lastError ?? 'refused'),
  }));
  return [`${number(delivered)} delivered to ${to}${next}`, ...linesByReason('dead', refused)];
}

/** The name of the class says nothing to people. */
function plainReason(error: string): string {
  return printable(error.replace(/^\w*Error: /, ''));
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
function linesByReason(word: string, items: readonly Pick<Skipped, 'path' | 'reason'>[]): string[] {
  const byReason = [...Map.groupBy(items, ({ reason }) => reason)];
  return byReason
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, all]) => {
      const examples = all.slice(0, examplesMax).map(({ path }) => printable(path));
      const rest = all.length > examplesMax ? ', ...' : '';
      return `${word} ${number(all.length)} (${reason}): ${examples.join(', ')}${rest}`;
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
