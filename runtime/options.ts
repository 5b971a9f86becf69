import { pathToFileURL } from 'node:url';
import { checkOverflow, type MailboxOverflow } from './hosts/mailboxes.ts';
import {
  type AnyBlueprint,
  handleOf,
  isBlueprint,
  type ThreadContainerOptions,
} from './protocol/container-blueprint.ts';
import { describe } from './protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption, toWorkerUrl } from './protocol/options.ts';
import {
  type ConnectivityOptions,
  type ResolvedConnectivity,
  resolveConnectivity,
} from './resilience/connectivity-options.ts';
import {
  type ResolvedSupervision,
  resolveSupervision,
  type SupervisionOptions,
} from './supervision-options.ts';
import { threadsByDefault } from './threads/threads-by-default.ts';

/** Options of `createRuntime`. */
export interface RuntimeOptions {
  /**
   * The file that everything is kept in; created if it is missing. Its folder must exist. A relative path goes by the working
   * folder of the process, not by this module.
   */
  readonly database: string | URL;
  /**
   * The modules that export definitions: `new URL('./domain.ts', import.meta.url)`. Every host thread imports them, so
   * they should only define. TypeScript works as it is in development; once it is compiled, `domain.js` is found as well.
   */
  readonly modules: readonly (string | URL)[];
  /** Threads that machines run in. Default: one less than the processors, at least 1 and at most 4. */
  readonly hosts?: number;
  /** Unanswered commands of one actor; for one more see `mailboxOverflow`. Default 4,096. */
  readonly mailboxCapacity?: number;
  /**
   * What becomes of a command for which its actor's mailbox, or its host, has no room: `'reject'` rejects it with
   * `HOLDFAST_ERR_MAILBOX_FULL`; `'wait'` has it wait in order until there is room, which its time-out and its signal
   * end. What waits takes memory of the main thread. Default `'reject'`.
   */
  readonly mailboxOverflow?: MailboxOverflow;
  /** How long a command may take before `HOLDFAST_ERR_TIMEOUT`, in milliseconds. Default 30,000. */
  readonly commandTimeoutMs?: number;
  /** Idle actors kept in memory, over all hosts. Default 100,000, about a kilobyte each. */
  readonly residentsMax?: number;
  /** How long an idle actor stays in memory, in milliseconds, within a factor of two. Default 60,000. */
  readonly passivateAfterMs?: number;
  /** Heap of a host thread, in megabytes; one that needs more is replaced. Default 512. */
  readonly hostMemoryMb?: number;
  /**
   * What the buffers of a host thread may take outside of its heap, in megabytes: `ArrayBuffer`, `Buffer` and what
   * addons report. One that needs more is replaced. Default 512.
   */
  readonly hostExternalMemoryMb?: number;
  /**
   * How long a host with work may neither turn its event loop nor go on to another command before it is replaced, in
   * milliseconds. Default 5,000.
   */
  readonly hostUnresponsiveMs?: number;
  /** How hosts that die are restarted. Default: at once, then with back-off, up to 10 times a minute. */
  readonly supervision?: SupervisionOptions;
  /** How long an append waits for another process's write lock, in milliseconds. Default 30,000. */
  readonly lockTimeoutMs?: number;
  /** How long `close` waits for handlers, for commands, and for each step of a host's end, in milliseconds. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /** How it is found out whether the network is there, once that matters. Default: by the network interfaces. */
  readonly connectivity?: ConnectivityOptions;
  /**
   * What `defineContainer` returned, exported by one of `modules` too: every host thread makes a container of its own from it
   * before its first command, for invoked work and actions, which reach it by `servicesOf`. It is disposed when the runtime
   * closes, but not when a host thread dies; the next one makes another.
   */
  readonly container?: AnyBlueprint;
  /**
   * How long a factory of the container may take, in milliseconds, unless its binding says otherwise. Default: without end;
   * eager ones have the half minute in which a thread has to be ready.
   */
  readonly containerInitTimeoutMs?: number;
  /** The worker file, when a bundler has moved it. Default: the file of the package. */
  readonly workerUrl?: string | URL;
}

/** The options with defaults filled in. */
export interface ResolvedOptions {
  readonly database: string | URL;
  readonly modules: readonly string[];
  readonly hosts: number;
  readonly mailboxCapacity: number;
  readonly mailboxOverflow: MailboxOverflow;
  readonly commandTimeoutMs: number;
  readonly residentsMax: number;
  readonly passivateAfterMs: number;
  readonly hostMemoryMb: number;
  readonly hostExternalMemoryMb: number;
  readonly hostUnresponsiveMs: number;
  readonly supervision: ResolvedSupervision;
  readonly lockTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly connectivity: ResolvedConnectivity;
  /** `null` for none. */
  readonly container: ThreadContainerOptions | null;
  readonly workerUrl: string | URL | undefined;
}

/** The smallest and greatest value of each number. */
const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  hosts: [1, 64],
  mailboxCapacity: [1, 1_000_000],
  commandTimeoutMs: [1, 2 ** 31 - 1],
  residentsMax: [1, 10_000_000],
  passivateAfterMs: [10, 2 ** 31 - 1],
  hostMemoryMb: [16, 65_536],
  hostExternalMemoryMb: [16, 65_536],
  hostUnresponsiveMs: [100, 2 ** 31 - 1],
  lockTimeoutMs: [0, 2 ** 31 - 1],
  closeTimeoutMs: [0, 2 ** 31 - 1],
  containerInitTimeoutMs: [1, 2 ** 31 - 1],
};

const owner = 'createRuntime';
const otherNames = [
  'database',
  'modules',
  'workerUrl',
  'mailboxOverflow',
  'supervision',
  'connectivity',
  'container',
];

/** Checks the options and fills in the defaults. */
export function resolveOptions(options: RuntimeOptions): ResolvedOptions {
  checkOptions(owner, options, [...otherNames, ...Object.keys(ranges)]);
  for (const [name, [min, max]] of Object.entries(ranges)) {
    checkWholeOption(owner, name, options[name as keyof RuntimeOptions], min, max);
  }
  const { database, modules, mailboxOverflow = 'reject' } = options;
  checkOverflow(owner, mailboxOverflow);
  if (typeof database !== 'string' && !(database instanceof URL)) {
    throw invalidOption(`${owner}: "database" must be the path or file URL of the database.`);
  }
  return {
    database,
    modules: toModuleUrls(owner, modules),
    hosts: options.hosts ?? threadsByDefault(),
    mailboxCapacity: options.mailboxCapacity ?? 4_096,
    mailboxOverflow,
    commandTimeoutMs: options.commandTimeoutMs ?? 30_000,
    residentsMax: options.residentsMax ?? 100_000,
    passivateAfterMs: options.passivateAfterMs ?? 60_000,
    hostMemoryMb: options.hostMemoryMb ?? 512,
    hostExternalMemoryMb: options.hostExternalMemoryMb ?? 512,
    hostUnresponsiveMs: options.hostUnresponsiveMs ?? 5_000,
    supervision: resolveSupervision(options.supervision),
    lockTimeoutMs: options.lockTimeoutMs ?? 30_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 10_000,
    connectivity: resolveConnectivity(options.connectivity),
    container: containerOf(options),
    workerUrl: toWorkerUrl(owner, options.workerUrl),
  };
}

/** What host threads make their containers with. */
function containerOf(options: RuntimeOptions): ThreadContainerOptions | null {
  const { closeTimeoutMs = 10_000, containerInitTimeoutMs } = options;
  const container: unknown = options.container;
  if (container === undefined) return null;
  if (isBlueprint(container))
    return {
      signature: handleOf(container).signature(),
      initTimeoutMs: containerInitTimeoutMs,
      closeTimeoutMs,
    };
  throw invalidOption(
    `${owner}: "container" must be what defineContainer returned, got ${describe(container)}.`,
  );
}

/** The URLs of modules. */
export function toModuleUrls(by: string, modules: unknown): string[] {
  if (!Array.isArray(modules)) {
    throw invalidOption(
      `${by}: "modules" must be an array such as [new URL('./domain.ts', import.meta.url)].`,
    );
  }
  return modules.map((module) => toModuleUrl(by, module));
}

/** A URL, a `file:` or `data:` URL as a string, or an absolute path. A relative path would be relative to nothing. */
function toModuleUrl(by: string, module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module === 'string' && URL.canParse(module) && !/^[a-z]:[\\/]/i.test(module)) return module;
  if (typeof module === 'string' && isAbsolutePath(module)) return pathToFileURL(module).href;
  throw invalidOption(
    `${by}: a module must be a URL such as new URL('./domain.ts', import.meta.url), got ${describe(module)}.`,
  );
}

function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[a-z]:[\\/]/i.test(path) || path.startsWith('\\\\');
}
