import { sha256 } from '../../protocol/sha256.ts';

/** When every model begins, in milliseconds since 1970: a moment that is easily recognised. */
const beginMs = Date.UTC(2020, 0, 1);

/** Twenty years: what asks for the time may ask for the hour, or whether some day is over. */
const apartMs = 631_152_000_000;

/**
 * The id of an event of a model: UUID version 7 as the ids of the runtime, and always the same for the same event at the
 * same place after the same one, so that a run can be repeated. Time and chance of its step are drawn from it. Another salt is
 * another time and chance.
 */
export function modelEventId(nowMs: number, place: number, salt: number, what = ''): string {
  const random = sha256(`${place} ${salt} ${what}`);
  const apart = salt === 0 ? 0 : Number.parseInt(random.slice(20, 32), 16) % apartMs;
  const time = (beginMs + nowMs + apart).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}
