import type { MessagePort } from 'node:worker_threads';
import type { HostBoard } from '../protocol/host-board.ts';
import { startTicks } from './ticks.ts';

/** So often in a limit, and at least so often in milliseconds: what waits too long is looked at with each beat. */
const [beatsPerLimit, beatMaxMs] = [5, 1_000] as const;

/**
 * Notices an event loop that no longer turns. Numbers are sent to the thread, which writes the last one to shared
 * memory; the thread is given up when several in a row did not arrive, and it went on to no other request meanwhile: one turn
 * may have thousands to decide, which takes long where many others want the processors. Only the main thread's own ticks count
 * as time, so neither a busy main thread nor a suspended computer is taken for a hung host.
 */
export class Watchdog {
  readonly #heartbeat: MessagePort;
  readonly #board: Pick<HostBoard, 'lastBeat' | 'begun'>;
  readonly #tickMs: number;
  readonly #missedMax: number;
  readonly #onTick: (sleptMs: number) => void;
  readonly #onSilent: () => void;
  readonly #onHung: () => void;
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  #missed = 0;
  #begun = 0;
  #isArmed = false;

  constructor(options: {
    heartbeat: MessagePort;
    board: Pick<HostBoard, 'lastBeat' | 'begun'>;
    limitMs: number;
    /** Called with every tick, and how long was slept over it. */
    onTick: (sleptMs: number) => void;
    /** Called with every tick that the thread did not answer to. */
    onSilent: () => void;
    onHung: () => void;
  }) {
    this.#heartbeat = options.heartbeat;
    this.#board = options.board;
    this.#tickMs = Math.min(beatMaxMs, Math.max(10, Math.floor(options.limitMs / beatsPerLimit)));
    this.#missedMax = Math.max(beatsPerLimit, Math.ceil(options.limitMs / this.#tickMs));
    this.#onTick = options.onTick;
    this.#onSilent = options.onSilent;
    this.#onHung = options.onHung;
  }

  /** Watches from now on; nothing is watched, and no timer runs, while nobody waits for an answer. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#missed = 0;
    this.#begun = this.#board.begun;
    this.#beat();
    this.#timer = startTicks(this.#tickMs, (sleptMs) => this.#tick(sleptMs));
    this.#timer.unref();
  }

  /** From now on silence counts. While a thread starts, it may import for longer than it may hang later. */
  arm(): void {
    this.#isArmed = true;
    this.#missed = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(sleptMs: number): void {
    this.#onTick(sleptMs);
    const { lastBeat, begun } = this.#board;
    const goesOn = begun !== this.#begun;
    this.#begun = begun;
    if (lastBeat === this.#sent) {
      this.#missed = 0;
      this.#beat();
      return;
    }
    if (!this.#isArmed || sleptMs > 0) return;
    this.#missed = goesOn ? 0 : this.#missed + 1;
    this.#onSilent();
    if (this.#missed < this.#missedMax) return;
    this.stop();
    this.#onHung();
  }

  #beat(): void {
    this.#sent++;
    this.#heartbeat.postMessage(this.#sent);
  }
}
