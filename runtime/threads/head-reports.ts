import type { MessagePort } from 'node:worker_threads';
import type { HeadMoved } from '../protocol/store-control.ts';
import type { LogWriter } from '../sqlite/log/log-writer.ts';
import type { ProjectionWriter } from '../sqlite/projections/projection-writer.ts';

/** How often the file is looked at for what other processes have written, in milliseconds. */
const foreignPollMs = 25;

/**
 * Tells the main thread that the log has grown, and which projections others have put to service, for as long as somebody
 * watches. News is reported by whoever comes first: the poll, a commit, or another write that noticed it on its way.
 */
export class HeadReports {
  readonly #port: MessagePort;
  readonly #writer: LogWriter;
  readonly #projections: ProjectionWriter;
  #poll: NodeJS.Timeout | undefined;
  /** The last position that was told. */
  #reported = 0;
  /** Which of the commits of others were looked at for projections. */
  #lookedAt = 0;
  /** Whether an append came that is of no host, and was not told yet. */
  #hasOthers = false;

  constructor(port: MessagePort, writer: LogWriter, projections: ProjectionWriter) {
    this.#port = port;
    this.#writer = writer;
    this.#projections = projections;
  }

  /** Begins to watch, or ends it. Returns the position from which on there will be reports. */
  watch(on: boolean): number {
    clearInterval(this.#poll);
    this.#poll = on ? setInterval(() => this.#look(), foreignPollMs) : undefined;
    this.#writer.noticeForeignCommits();
    this.report();
    this.#reported = this.#writer.position;
    return this.#reported;
  }

  /** An append of this process comes from no host: the next report says so, since it changes actors behind their backs. */
  appendedBeyondHosts(): void {
    this.#hasOthers = true;
  }

  /** Tells the position if it has moved. */
  report(): void {
    const { position } = this.#writer;
    if (this.#poll === undefined || position === this.#reported) return;
    this.#reported = position;
    const beyondHosts = this.#writer.takeForeignNews() || this.#hasOthers;
    this.#hasOthers = false;
    this.#tell({ position, beyondHosts });
  }

  end(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  #look(): void {
    try {
      this.#writer.noticeForeignCommits();
      this.report();
      if (this.#writer.foreignCommits === this.#lookedAt) return;
      const served = this.#projections.servedAnew();
      this.#lookedAt = this.#writer.foreignCommits;
      if (served !== undefined) this.#tell({ position: this.#reported, beyondHosts: false, served });
    } catch {
      // The disk failed or another process holds a lock: the next look is soon.
    }
  }

  #tell(moved: HeadMoved): void {
    this.#port.postMessage(moved);
  }
}
