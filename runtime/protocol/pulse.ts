import type { RehearsalPulse } from './rehearsal.ts';

type Phase = 'starting' | 'computing' | 'waiting';

/** Where a thread is, as another one sees it. */
export interface PulseReading {
  readonly phase: Phase;
  /** Index of the stream within its batch; -1 until the modules are imported. */
  readonly index: number;
  readonly version: number;
  /** Grows with every event. */
  readonly beats: number;
}

const phases: readonly Phase[] = ['starting', 'computing', 'waiting'];

/**
 * Where a rehearsal is, in shared memory: what another thread still sees when an event never comes to its end, and for
 * the price of four numbers an event.
 */
export class Pulse implements RehearsalPulse {
  readonly cells: Int32Array<SharedArrayBuffer>;

  /** Of a thread that has not begun, unless there are cells of one. */
  constructor(cells?: Int32Array<SharedArrayBuffer>) {
    this.cells = cells ?? new Int32Array(new SharedArrayBuffer(16));
    if (cells === undefined) this.cells[1] = -1;
  }

  computes(index: number, version: number): void {
    const { cells } = this;
    cells[1] = index;
    cells[2] = version;
    Atomics.add(cells, 3, 1);
    Atomics.store(cells, 0, 1);
  }

  waits(): void {
    Atomics.store(this.cells, 0, 2);
  }

  read(): PulseReading {
    const { cells } = this;
    const phase = phases[Atomics.load(cells, 0)] as Phase;
    const [index, version, beats] = [1, 2, 3].map((cell) => Atomics.load(cells, cell));
    return { phase, index: index as number, version: version as number, beats: beats as number };
  }
}
