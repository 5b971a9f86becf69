import { isRecord } from '../../runtime/protocol/options.ts';

/**
 * A persisted snapshot, with those of its children, in which what history states remember is in one order, so that it can
 * be compared: it is a set, which XState lists in another order after a snapshot was restored.
 */
export function withSortedHistory(persisted: unknown): unknown {
  if (!isRecord(persisted)) return persisted;
  const { historyValue, children } = persisted;
  return {
    ...persisted,
    ...(isRecord(historyValue) ? { historyValue: sortedHistory(historyValue) } : {}),
    ...(isRecord(children) ? { children: sortedChildren(children) } : {}),
  };
}

function sortedHistory(history: Readonly<Record<string, unknown>>): object {
  const sorted = Object.entries(history).flatMap(([id, nodes]) =>
    Array.isArray(nodes) && nodes.length > 0 ? [[id, nodes.toSorted(byText)]] : [],
  );
  return Object.fromEntries(sorted) as object;
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

function sortedChildren(children: Readonly<Record<string, unknown>>): object {
  const sorted = Object.entries(children).map(([id, child]) => [
    id,
    isRecord(child) && 'snapshot' in child
      ? { ...child, snapshot: withSortedHistory(child['snapshot']) }
      : child,
  ]);
  return Object.fromEntries(sorted) as object;
}
