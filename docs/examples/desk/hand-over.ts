import type { Runtime } from 'holdfast';
import { eachAtOnce } from './each-at-once.ts';
import { type News, newsAfter } from './news.ts';

/** A stream beside the documents. Each of its events says up to which position of the log the news were handed over. */
const stream = 'webhooks';
const atOnceMax = 512;

/**
 * Hands over what happened to documents since the last time, whoever kept it: it follows from the log and not from what
 * this run has done, so a crash between a change and its news loses nothing. The position is kept after the news. A
 * crash in between has the next run hand them over again, and `keep` recognises them by their ids.
 */
export async function handOver(
  store: Runtime['store'],
  signal: AbortSignal,
  keep: (news: News) => Promise<unknown>,
): Promise<void> {
  const news = await newsAfter(store, await positionBefore(store), signal);
  await eachAtOnce(news, atOnceMax, signal, async (each) => void (await keep(each)));
  const position = news.at(-1)?.position;
  if (position !== undefined) await store.append(stream, [{ type: 'handed-over', data: { position } }]);
}

/** The highest, and not the last: of two desks at once, the one that knew less may have written later. */
async function positionBefore(store: Runtime['store']): Promise<number> {
  let highest = 0;
  for await (const { data } of store.read(stream)) {
    highest = Math.max(highest, (data as { position: number }).position);
  }
  return highest;
}
