/** Not the time and chance of an event under way: see `actors/steps/install-entropy.ts`. */
const systemNow = Date.now.bind(Date);
let systemFill: ((target: Uint8Array) => unknown) | undefined;

const idBytes = 10;
const pool = new Uint8Array(idBytes * 512);
/** The pool in hex: pieces of one text are cheaper to put together than single bytes. */
let random = '';
let used = 0;
let prefix = '';
let simulated: (() => string | undefined) | undefined;
let prefixMs = -1;

/**
 * A new event id: UUID version 7 (RFC 9562), so that ids sort roughly by time and the index on them grows at its end.
 * Random bytes are drawn in bulk, which makes an id cost a fifth of a microsecond. Ids carry no meaning: the order of
 * events is their position, never their id.
 */
export function createEventId(nowMs: number = systemNow()): string {
  if (simulated !== undefined) {
    const id = simulated();
    if (id !== undefined) return id;
  }
  if (used === random.length) {
    loadRandom()(pool);
    random = Buffer.from(pool.buffer).toString('hex');
    used = 0;
  }
  if (nowMs !== prefixMs) {
    const time = nowMs.toString(16).padStart(12, '0');
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    prefixMs = nowMs;
  }
  const at = used;
  used += idBytes * 2;
  // Of the fourth digit, the format leaves two bits.
  const variant = '89ab'[(pool[at / 2 + 1] as number) & 3];
  return `${prefix}${random.slice(at, at + 3)}-${variant}${random.slice(at + 4, at + 7)}-${random.slice(at + 8, at + 20)}`;
}

/**
 * A new id for a run of a runtime. It only has to be another one than that of any other run, also one of another process or
 * computer: numbers of the system for that would be loaded before the first thread starts, which then starts 10 ms later.
 */
export function createRunId(): string {
  const id = simulated?.();
  if (id !== undefined) return id;
  // The moment, since chance is the same in each thread under `node --random-seed`.
  return [process.pid, process.hrtime.bigint(), ++runs, Math.random(), Math.random()].join('-');
}

let runs = 0;

/** Has ids be made by somebody else where that answers with one: by a simulation. Returns how to go back. */
export function simulateEventIds(make: () => string | undefined): () => void {
  simulated = make;
  return () => {
    simulated = undefined;
  };
}

/** Takes hold of the random numbers of the system: to be called before anybody puts others in their place. */
export function loadRandom(): (target: Uint8Array) => unknown {
  systemFill ??= process.getBuiltinModule('node:crypto').randomFillSync;
  return systemFill;
}
