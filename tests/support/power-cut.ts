import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './child-program.ts';
import { DiskRecord, folderItself, type Recorded, recordingArguments } from './disk-record.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Draws numbers below a bound, always the same ones for a seed. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From nought up to one (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  of<One>(ones: readonly One[]): One {
    return ones[this.below(ones.length)] as One;
  }
}

/** Of all power cuts of a run. Set `HOLDFAST_SEED` to have the same ones again, of what may have happened in another order. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** A child program that is run in the folder, before the power is cut or not. */
export interface RecordedRun {
  readonly program: string;
  readonly args?: readonly string[];
  /** What strace injects, such as a signal that ends it. */
  readonly inject?: string;
}

/** Runs programs one after the other in a folder, and records what they do to its files. */
export async function recordRuns(folder: string, runs: readonly RecordedRun[]): Promise<DiskRecord> {
  const record = new DiskRecord(folder, readdirSync(folder));
  for (const { program, args = [], inject } of runs) {
    const trace = join(temporaryFolder(), 'trace');
    const { code, stderr } = await runChild(program, [folder, ...args], {
      prefix: recordingArguments(trace, inject === undefined ? [] : ['-e', `inject=${inject}`]),
    });
    if (inject === undefined && code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
    record.read(trace);
  }
  return record;
}

/** What one finds in the folder after a power cut, of what was said before it. */
export type AfterCut = (folder: string, said: readonly string[], chance: Chance) => Promise<void>;

/**
 * Cuts the power so many times: every other time by chance, and else right after the last promise of a kind, with all lost that
 * may be. What fails is kept in a folder, and the error names it.
 */
export async function afterEachCut(record: DiskRecord, count: number, check: AfterCut): Promise<void> {
  const base = temporaryFolder();
  const worst = worstCuts(record, new Chance(seed));
  for (let number = 0; number < count; number++) {
    const chance = new Chance(seed + number);
    const cut = (number % 2 === 0 && worst.pop()) || randomCut(record, chance);
    const folder = join(base, `${number}`);
    writeAfterCut(record, cut, folder, chance);
    cpSync(folder, `${folder}-before`, { recursive: true });
    try {
      await check(folder, record.said(cut.line), chance);
    } catch (error) {
      const kept = mkdtempSync(join(tmpdir(), 'holdfast-power-cut-'));
      cpSync(`${folder}-before`, kept, { recursive: true });
      const where = `HOLDFAST_SEED=${seed}, cut ${number}, ${JSON.stringify(cut)}, kept in ${kept}`;
      throw new Error(`After a power cut (${where}): ${(error as Error).message}`, { cause: error });
    }
    for (const each of [folder, `${folder}-before`]) rmSync(each, { recursive: true });
  }
}

/** What is left of writes that were not synced, and of names that the folder was not synced after. */
const losses = ['nothing', 'everything', 'some calls', 'some sectors', 'some pages', 'a beginning'] as const;

/** When the power is cut, and what the disk makes of what it was not told to keep. */
export interface PowerCut {
  /** Before this line of the trace. */
  readonly line: number;
  readonly writes: (typeof losses)[number];
  readonly names: 'nothing' | 'everything' | 'some' | 'a beginning';
  /** How much is kept of what may be lost: from nought to one. */
  readonly share: number;
  /** Whether a file has become longer already by what is not in it. */
  readonly grows: boolean;
  readonly sharedIndex: 'lost' | 'zeros' | 'noise';
}

/** Right after the last promise of each kind, with nothing that the disk was not told to keep; in any order. */
function worstCuts({ calls }: DiskRecord, chance: Chance): PowerCut[] {
  const last = new Map<string, number>();
  for (const call of calls) if (call.kind === 'say') last.set(call.line.split(' ')[0] ?? '', call.began + 1);
  const worst = { writes: 'nothing', names: 'nothing', share: 0, grows: false, sharedIndex: 'lost' } as const;
  const cuts = [...last.values()].map((line) => ({ order: chance.next(), cut: { ...worst, line } }));
  return cuts.toSorted((one, other) => one.order - other.order).map(({ cut }) => cut);
}

/** A power cut by chance: often where something is under way, or has just been promised. */
function randomCut({ calls, lines }: DiskRecord, chance: Chance): PowerCut {
  const disk = calls.filter(({ began }) => began > 0);
  const syncs = disk.filter(({ kind }) => kind === 'sync');
  const said = disk.filter(({ kind }) => kind === 'say');
  const where = [
    () => 1 + chance.below(lines),
    () => chance.of(disk).began + chance.below(2),
    // All that was to be synced is written then, and none of it has to be there.
    () => chance.of(syncs).began + chance.below(2),
    () => chance.of(said).began + 1,
  ];
  return {
    line: chance.of(where)(),
    writes: chance.of(losses),
    names: chance.of(['nothing', 'everything', 'some', 'a beginning']),
    share: chance.of([0.05, 0.5, 0.95]),
    grows: chance.next() < 0.5,
    sharedIndex: chance.of(['lost', 'zeros', 'noise']),
  };
}

/**
 * Makes the folder as a disk could hold it after a power cut. What was written before a sync of its file began is there once
 * that sync has ended, and a name once its folder was synced; of the rest, anything may be there: whole calls or sectors of
 * them, in any order.
 */
function writeAfterCut(record: DiskRecord, cut: PowerCut, folder: string, chance: Chance): void {
  const issued = record.calls.filter(({ began }) => began < cut.line);
  const isKept = keptBySyncs(issued, cut.line);
  const files = new Map<number, Content>();
  const names = new Map<string, number>();
  const unsynced = issued.filter((call) => (isWrite(call) || isNaming(call)) && !isKept(call));
  // Where a beginning is there.
  const beginning = new Set(unsynced.slice(0, Math.floor(unsynced.length * cut.share)));
  for (const call of issued) {
    if (isNaming(call)) {
      const isThere = isKept(call) || isNamed(cut, chance, beginning.has(call));
      if (isThere) applyName(names, call);
    } else if (isWrite(call)) {
      const content = files.get(call.file) ?? new Content();
      files.set(call.file, content);
      if (isKept(call)) content.apply(call);
      else content.applyPart(call, cut, chance, beginning.has(call));
    }
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, file] of names) {
    if (name.endsWith('-shm')) continue;
    writeFileSync(join(folder, name), files.get(file)?.bytes ?? '');
    const index = sharedIndex(cut, chance);
    if (name.endsWith('.db') && index !== undefined) writeFileSync(join(folder, `${name}-shm`), index);
  }
}

type Write = Extract<Recorded, { kind: 'write' | 'resize' }>;
type Naming = Extract<Recorded, { kind: 'name' | 'unname' | 'rename' }>;

const isWrite = (call: Recorded): call is Write => call.kind === 'write' || call.kind === 'resize';
const isNaming = (call: Recorded): call is Naming =>
  call.kind === 'name' || call.kind === 'unname' || call.kind === 'rename';

/** Whether a sync that has ended began after the call had. */
function keptBySyncs(issued: readonly Recorded[], line: number): (call: Write | Naming) => boolean {
  const lastSync = new Map<number, number>();
  for (const call of issued)
    if (call.kind === 'sync' && call.ended < line)
      lastSync.set(call.file, Math.max(call.began, lastSync.get(call.file) ?? 0));
  return (call) => call.ended <= (lastSync.get(isNaming(call) ? folderItself : call.file) ?? -1);
}

function isNamed({ names, share }: PowerCut, chance: Chance, isInBeginning: boolean): boolean {
  if (names === 'a beginning') return isInBeginning;
  return names === 'everything' || (names === 'some' && chance.next() < share);
}

function applyName(names: Map<string, number>, call: Naming): void {
  if (call.kind !== 'name') names.delete(call.name);
  if (call.kind === 'name') names.set(call.name, call.file);
  if (call.kind === 'rename') names.set(call.to, call.file);
}

function sharedIndex({ sharedIndex: kind }: PowerCut, chance: Chance): Buffer | undefined {
  if (kind === 'lost') return undefined;
  const index = Buffer.alloc(32_768);
  if (kind === 'noise') for (let at = 0; at < index.length; at++) index[at] = chance.below(256);
  return index;
}

/** What is in a file. */
class Content {
  #room = Buffer.alloc(65_536);
  #length = 0;

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  apply(call: Write): void {
    if (call.kind === 'resize') this.#resize(call.size);
    else this.#write(call.at, call.data);
  }

  applyPart(call: Write, cut: PowerCut, chance: Chance, isInBeginning: boolean): void {
    const { writes, share, grows } = cut;
    const isChosen = (): boolean => chance.next() < share;
    if (writes === 'nothing') return;
    if (writes === 'a beginning' ? isInBeginning : writes === 'everything') return this.apply(call);
    if (writes === 'a beginning') return;
    if (call.kind === 'resize' || writes === 'some calls') {
      if (isChosen()) this.apply(call);
      return;
    }
    const { at, data } = call;
    const sector = writes === 'some sectors' ? 512 : 4_096;
    for (let from = at; from < at + data.length; ) {
      const to = Math.min(at + data.length, (Math.floor(from / sector) + 1) * sector);
      if (isChosen()) this.#write(from, data.subarray(from - at, to - at));
      from = to;
    }
    if (grows) this.#resize(Math.max(this.#length, at + data.length));
  }

  #write(at: number, data: Buffer): void {
    this.#resize(Math.max(this.#length, at + data.length));
    data.copy(this.#room, at);
  }

  #resize(size: number): void {
    if (size > this.#room.length) {
      const room = Buffer.alloc(size * 2);
      this.bytes.copy(room);
      this.#room = room;
    }
    // What is cut off is zeros when the file grows again.
    if (size < this.#length) this.#room.fill(0, size, this.#length);
    this.#length = size;
  }
}
