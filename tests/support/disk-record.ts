import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Something that a program did to the files of a folder, or said, with the lines of the trace at which it began and ended. */
export type Recorded = {
  readonly began: number;
  /** Infinite for what had not ended when the program did. */
  readonly ended: number;
} & (
  | { readonly kind: 'write'; readonly file: number; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'resize'; readonly file: number; readonly size: number }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'name'; readonly name: string; readonly file: number }
  | { readonly kind: 'unname'; readonly name: string }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string; readonly file: number }
  | { readonly kind: 'say'; readonly line: string }
);

/** What the folder itself is synced as: no file has this number. */
export const folderItself = 0;

/** Of some, nobody knows here what a disk makes of them: a program that calls one fails the test. */
const tracedCalls = [
  'open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,truncate,ftruncate,fallocate,fsync,fdatasync,sync_file_range',
  'copy_file_range,sendfile,unlink,unlinkat,rename,renameat,renameat2,link,linkat',
].join(',');

/** How to have strace write down all that matters to a disk, and whatever the program says. */
export function recordingArguments(trace: string, extra: readonly string[] = []): string[] {
  // A signal is not injected through the filter in the kernel.
  const filter = extra.length === 0 ? ['--seccomp-bpf'] : extra;
  // Names of descriptors, and all texts as hexadecimal numbers, however long.
  const texts = ['-y', '-xx', '-s', '100000000'];
  const what = ['-e', 'signal=none', '-e', `trace=${tracedCalls}`];
  return ['strace', '-f', '-qqq', ...filter, ...texts, ...what, '-o', trace];
}

const text = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/** Names of descriptors stand in angle brackets. */
const fileOf = (argument: string): { fd: number; path: string } | undefined => {
  const [, fd, path] = /^(-?\w+)<([^>]*)>/.exec(argument) ?? [];
  return fd === undefined || path === undefined ? undefined : { fd: Number(fd), path: `${text(path)}` };
};

/**
 * What several programs, one after the other, did to one folder: files are numbered as they were made, since one name may be
 * that of several, and one file may have several names.
 */
export class DiskRecord {
  readonly folder: string;
  readonly calls: Recorded[] = [];
  /** The lines of all traces so far. */
  lines = 0;
  readonly #names = new Map<string, number>();
  #files = folderItself;

  /** With the files that are in the folder already, which are durable. */
  constructor(folder: string, names: readonly string[] = []) {
    this.folder = folder;
    for (const name of names) {
      const file = this.#make(name, 0, 0);
      const data = readFileSync(join(folder, name));
      this.calls.push({ kind: 'write', file, at: 0, data, began: 0, ended: 0 });
      this.calls.push({ kind: 'sync', file, began: 0, ended: 0 });
    }
    this.calls.push({ kind: 'sync', file: folderItself, began: 0, ended: 0 });
  }

  /** Reads the trace of a program and those that it has started, which comes after those that were read before. */
  read(trace: string): void {
    const begun = new Map<string, { line: number; start: string }>();
    const reader = new TraceReader(this.folder, this.#names, (name, began, ended) =>
      this.#make(name, began, ended),
    );
    const take = (call: string, began: number, ended: number): void => {
      this.calls.push(...reader.read(call, began, ended));
    };
    for (const entry of readFileSync(trace, 'latin1').split('\n')) {
      const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(entry) ?? [];
      const line = ++this.lines;
      const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
      if (rest.endsWith(' <unfinished ...>')) begun.set(thread, { line, start: rest.slice(0, -17) });
      else if (resumed === undefined) take(rest, line, line);
      else {
        const { line: began = line, start = '' } = begun.get(thread) ?? {};
        begun.delete(thread);
        take(start + resumed, began, line);
      }
    }
    for (const { line, start } of begun.values()) take(`${start}) = ?`, line, line);
    this.calls.sort((one, other) => one.began - other.began);
  }

  /** What was said before a line. */
  said(before: number): string[] {
    return this.calls.flatMap((call) => (call.kind === 'say' && call.began < before ? [call.line] : []));
  }

  #make(name: string, began: number, ended: number): number {
    const file = ++this.#files;
    this.#names.set(name, file);
    this.calls.push({ kind: 'name', name, file, began, ended });
    return file;
  }
}

/** Several processes may have the same descriptor for different files. */
const keyOf = ({ fd, path }: { fd: number; path: string }): string => `${fd} ${path}`;

/** Understands the calls of one trace. */
class TraceReader {
  readonly #folder: string;
  readonly #names: Map<string, number>;
  readonly #make: (name: string, began: number, ended: number) => number;
  readonly #open = new Map<string, { readonly file: number; at: number }>();
  #said = '';

  constructor(
    folder: string,
    names: Map<string, number>,
    make: (name: string, began: number, ended: number) => number,
  ) {
    this.#folder = folder;
    this.#names = names;
    this.#make = make;
  }

  read(call: string, began: number, ended: number): Recorded[] {
    const [, name = '', given = '', result = ''] = /^(\w+)\((.*)\) += (-?\d+|\?)/.exec(call) ?? [];
    // One that has failed has done nothing; one that was cut off may have.
    if (result.startsWith('-')) return [];
    const args = given.split(', ');
    const when = { began, ended: result === '?' ? Number.POSITIVE_INFINITY : ended };
    if (/^open|^creat/.test(name)) return this.#opened(args, call, when);
    if (/link|rename/.test(name)) return this.#named(name, args, when);
    const found = fileOf(args[0] ?? '');
    if (found === undefined) return [];
    if (found.fd === 1) return this.#say(text(args[1]?.slice(1, -1) ?? '').toString(), when);
    if (!this.#isHere(found.path)) return [];
    if (found.path === this.#folder) return [{ kind: 'sync', file: folderItself, ...when }];
    // The index of the log is in memory that is shared: what is lost of it is made anew.
    if (found.path.endsWith('-shm')) return [];
    const open = this.#open.get(keyOf(found));
    if (open === undefined) throw new Error(`nobody knows which file is meant by ${call.slice(0, 400)}`);
    switch (name) {
      case 'fsync':
      case 'fdatasync':
        return [{ kind: 'sync', file: open.file, ...when }];
      case 'ftruncate':
        return [{ kind: 'resize', file: open.file, size: Number(args[1]), ...when }];
      case 'pwrite64':
      case 'write': {
        const length = result === '?' ? Number.POSITIVE_INFINITY : Number(result);
        const data = text(args[1]?.slice(1, -1) ?? '').subarray(0, length);
        const at = name === 'write' ? open.at : Number(args[3]);
        if (name === 'write') open.at += data.length;
        return [{ kind: 'write', file: open.file, at, data, ...when }];
      }
      default:
        throw new Error(`nobody knows what a disk makes of ${call.slice(0, 200)}`);
    }
  }

  #opened(args: readonly string[], call: string, when: { began: number; ended: number }): Recorded[] {
    const opened = fileOf(/ = (\d+<.*>)$/.exec(call)?.[1] ?? '');
    if (opened === undefined || !this.#isHere(opened.path) || opened.path === this.#folder) return [];
    const name = basename(opened.path);
    const isNew = !this.#names.has(name);
    const file = this.#names.get(name) ?? this.#make(name, when.began, when.ended);
    this.#open.set(keyOf(opened), { file, at: 0 });
    const isEmptied = !isNew && args.some((argument) => argument.includes('O_TRUNC'));
    return isEmptied ? [{ kind: 'resize', file, size: 0, ...when }] : [];
  }

  #named(name: string, args: readonly string[], when: { began: number; ended: number }): Recorded[] {
    const paths = args.flatMap((argument) =>
      argument.startsWith('"') ? [`${text(argument.slice(1, -1))}`] : [],
    );
    const [path = '', to = ''] = paths;
    if (!this.#isHere(path)) return [];
    const [one, other] = [basename(path), basename(to)];
    const file = this.#names.get(one);
    if (file === undefined) return [];
    if (name.startsWith('unlink')) {
      this.#names.delete(one);
      return [{ kind: 'unname', name: one, ...when }];
    }
    this.#names.set(other, file);
    if (name.startsWith('link')) return [{ kind: 'name', name: other, file, ...when }];
    this.#names.delete(one);
    return [{ kind: 'rename', name: one, to: other, file, ...when }];
  }

  #say(said: string, when: { began: number; ended: number }): Recorded[] {
    const lines = (this.#said + said).split('\n');
    this.#said = lines.pop() ?? '';
    return lines.map((line) => ({ kind: 'say', line, ...when }));
  }

  #isHere(path: string): boolean {
    return path === this.#folder || path.startsWith(`${this.#folder}/`);
  }
}
