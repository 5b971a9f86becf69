import { Pulse } from '../protocol/pulse.ts';

const ticksPerLimit = 5;
const tickMsMax = 100;
const startLimitMs = 30_000;

/**
 * Notices that the application's code does not come to an end on another thread. Ticks of this thread count as time,
 * so that neither a busy main thread nor a suspended computer is taken for it; waiting for the disk does not count.
 */
export class PulseWatch {
  readonly pulse: Pulse;
  /** What was waited for, when it was given up. */
  hungFor: string | undefined;
  readonly #limitMs: number;
  readonly #onHung: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #tickMs: number;
  #lastBeats = -1;
  #silentTicks = 0;

  constructor(options: { limitMs: number; onTick?: () => void; onHung: () => void; pulse?: Pulse }) {
    const { limitMs, onTick, onHung } = options;
    this.pulse = options.pulse ?? new Pulse();
    this.#limitMs = limitMs;
    this.#onHung = onHung;
    this.#tickMs = Math.max(10, Math.min(tickMsMax, Math.floor(limitMs / ticksPerLimit)));
    this.#timer = setInterval(() => {
      onTick?.();
      this.#tick();
    }, this.#tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { phase, beats } = this.pulse.read();
    if (phase === 'waiting' || beats !== this.#lastBeats) this.#silentTicks = 0;
    else this.#silentTicks++;
    this.#lastBeats = beats;
    const limitMs = phase === 'starting' ? Math.max(startLimitMs, this.#limitMs) : this.#limitMs;
    if (this.#silentTicks * this.#tickMs < limitMs) return;
    this.stop();
    this.hungFor = `${limitMs} ms`;
    this.#onHung();
  }
}
