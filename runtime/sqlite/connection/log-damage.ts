import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** What of a write-ahead log SQLite would drop without a word, since it lies behind a place that was damaged. */
export interface LogDamage {
  /** Bytes up to the end of the last transaction before the damage; SQLite reads no further. */
  readonly soundBytes: number;
  /** Transactions behind it whose last frames are whole, each of which was durable before the next one was begun. */
  readonly lostTransactions: number;
}

const headerBytes = 32;
const frameHeaderBytes = 24;
const readBytes = 4 * 1024 * 1024;
/**
 * Transactions of what can be made again from the log that may be committed one after the other before one is synced: few,
 * so that damage among the last ones is found as well, and enough for nearly all to cost no sync.
 */
export const unsyncedTransactionsMax = 3;
/**
 * Those, and one that was being synced, are what a power cut may leave behind a place that it has left unwritten; twice, since
 * two processes may write at the same moment and not know of each other yet.
 */
export const provenTransactions = 2 * (unsyncedTransactionsMax + 1);
/** Of what SQLite makes, for a log whose header does not say it any more. */
const pageBytesDefault = 4_096;

/**
 * Looks for damage in a log that lies beside a database. SQLite recovers a log up to its first frame whose checksum is
 * wrong, which is right for the last transaction of a power cut, and silent about all that was acknowledged after a
 * damaged byte (sqlite.org/fileformat2.html, section 4). Each checksum goes on from the one before it, so that
 * transactions which follow upon each other behind such a frame were written one after the other, and one of a few was
 * durable before the next was begun: as many as {@link provenTransactions} are more than a power cut can leave.
 *
 * Another process may write to the log meanwhile: damage is what two looks in a row find at the same place of the same log.
 *
 * @throws what the file system throws.
 */
export function findLogDamage(logPath: string): LogDamage | undefined {
  let before: Look | undefined;
  for (;;) {
    const found = look(logPath);
    if (found === undefined) return undefined;
    const { damage, header } = found;
    if (damage.soundBytes === before?.damage.soundBytes && header.equals(before.header)) return damage;
    before = found;
  }
}

/** The damage in words, without a full stop. */
export function describeLogDamage(logPath: string, { soundBytes, lostTransactions }: LogDamage): string {
  return (
    `${logPath} is damaged after ${soundBytes} bytes, and SQLite would drop at least ${lostTransactions} transactions that ` +
    'follow, without a word'
  );
}

/** What a look has found. A log that is begun again meanwhile, over the one before it, has another header. */
interface Look {
  readonly damage: LogDamage;
  readonly header: Buffer;
}

function look(logPath: string): Look | undefined {
  const file = openLog(logPath);
  if (file === undefined) return undefined;
  try {
    const header = Buffer.alloc(headerBytes);
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return undefined;
    const pageBytes = pageBytesOf(header);
    const frameBytes = frameHeaderBytes + (pageBytes ?? pageBytesDefault);
    const scan = new LogScan(header, pageBytes !== undefined && isSoundHeader(header), frameBytes);
    forEachFrame(file, frameBytes, (frame) => scan.take(frame));
    const damage = scan.damage();
    return damage && { damage, header };
  } finally {
    closeSync(file);
  }
}

function openLog(logPath: string): number | undefined {
  try {
    return openSync(logPath, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole frames only: what was cut off in one is no frame. */
function forEachFrame(file: number, frameBytes: number, each: (frame: Buffer) => void): void {
  const size = fstatSync(file).size;
  const chunk = Buffer.alloc(Math.max(1, Math.floor(readBytes / frameBytes)) * frameBytes);
  for (let at = headerBytes; at + frameBytes <= size; ) {
    const frames = Math.floor(readSync(file, chunk, 0, chunk.length, at) / frameBytes);
    if (frames === 0) return;
    for (let frame = 0; frame < frames; frame++) {
      each(chunk.subarray(frame * frameBytes, (frame + 1) * frameBytes));
    }
    at += frames * frameBytes;
  }
}

type Checksum = readonly [number, number];

/** A power of two from 512 to 65,536; any other number is of a header that was damaged, also of one that is all zeros. */
function pageBytesOf(header: Buffer): number | undefined {
  const bytes = header.readUInt32BE(8);
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0 ? bytes : undefined;
}

function isSoundHeader(header: Buffer): boolean {
  const [first, second] = sum([0, 0], wordsOf(header, isSwapped(header)).subarray(0, 6));
  return first === header.readInt32BE(24) && second === header.readInt32BE(28);
}

/** Checksums are made of words as the computer has them that made the log, which the header says by its last bit. */
function isSwapped(header: Buffer): boolean {
  return ((header.readUInt32BE(0) & 1) === 1 ? 'BE' : 'LE') !== endianness();
}

function wordsOf(bytes: Buffer, swapped: boolean): Int32Array {
  const content = swapped ? Buffer.from(bytes).swap32() : bytes;
  return new Int32Array(content.buffer, content.byteOffset, content.length / 4);
}

/** Goes on with a checksum, two words at a time. */
function sum(before: Checksum, words: Int32Array): Checksum {
  let [first, second] = before;
  for (let at = 0; at < words.length; at += 2) {
    first = (first + (words[at] as number) + second) | 0;
    second = (second + (words[at + 1] as number) + first) | 0;
  }
  return [first, second];
}

/** Follows the frames of a log: those that SQLite reads, and those behind them that belong to the same log. */
class LogScan {
  readonly #frameBytes: number;
  readonly #isSwapped: boolean;
  /** Two numbers that all frames of a log have, and those of an earlier one in the same file have not. */
  #salts: string | undefined;
  /** What the checksum of the next frame goes on from. */
  #before: Checksum;
  #isSound: boolean;
  #frames = 0;
  #soundFrames = 0;
  #commitsInRun = 0;
  #lostTransactions = 0;

  constructor(header: Buffer, isSound: boolean, frameBytes: number) {
    this.#frameBytes = frameBytes;
    this.#isSwapped = isSound && isSwapped(header);
    this.#salts = isSound ? header.toString('latin1', 16, 24) : undefined;
    this.#before = [header.readInt32BE(24), header.readInt32BE(28)];
    this.#isSound = isSound;
  }

  take(frame: Buffer): void {
    this.#frames++;
    const follows = this.#follows(frame);
    const isCommit = frame.readUInt32BE(4) !== 0;
    this.#before = [frame.readInt32BE(16), frame.readInt32BE(20)];
    if (!follows) {
      this.#isSound = false;
      this.#commitsInRun = 0;
    } else if (isCommit && this.#isSound) this.#soundFrames = this.#frames;
    else if (isCommit && ++this.#commitsInRun >= provenTransactions) {
      // The first ones of a run count once there are enough: they alone may be of a power cut.
      this.#lostTransactions += this.#commitsInRun === provenTransactions ? provenTransactions : 1;
    }
  }

  damage(): LogDamage | undefined {
    if (this.#lostTransactions === 0) return undefined;
    const soundBytes = this.#soundFrames === 0 ? 0 : headerBytes + this.#soundFrames * this.#frameBytes;
    return { soundBytes, lostTransactions: this.#lostTransactions };
  }

  #follows(frame: Buffer): boolean {
    const salts = frame.toString('latin1', 8, 16);
    this.#salts ??= salts;
    if (salts !== this.#salts) return false;
    const words = wordsOf(frame, this.#isSwapped);
    const page = words.subarray(frameHeaderBytes / 4);
    const [first, second] = sum(sum(this.#before, words.subarray(0, 2)), page);
    return first === frame.readInt32BE(16) && second === frame.readInt32BE(20);
  }
}
