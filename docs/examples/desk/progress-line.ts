import type { WriteStream } from 'node:tty';

const barWidth = 24;
const redrawMs = 80;
const lineMs = 2_000;

/** Shows how far it is: a bar that redraws itself on a terminal, a plain line now and then anywhere else. */
export class ProgressLine {
  readonly #out: WriteStream;
  readonly #isTerminal: boolean;
  #shownAt = performance.now();
  #isDrawn = false;

  constructor(out: WriteStream) {
    this.#out = out;
    this.#isTerminal = out.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  show(done: number, total: number): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#isTerminal ? redrawMs : lineMs)) return;
    this.#shownAt = now;
    const count = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} files`;
    if (!this.#isTerminal) this.#out.write(`${count}\n`);
    else this.#draw(`${bar(done / total)} ${count}`);
  }

  /** Takes the bar away, so that what is printed next stands alone. */
  clear(): void {
    if (this.#isDrawn) this.#draw('');
    this.#isDrawn = false;
  }

  #draw(text: string): void {
    this.#isDrawn = true;
    const eraseToEnd = '\u001b[K';
    this.#out.write(`\r${text.slice(0, (this.#out.columns || 80) - 1)}${eraseToEnd}`);
  }
}

function bar(share: number): string {
  const filled = Math.round(share * barWidth);
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${Math.floor(share * 100)} %`;
}
