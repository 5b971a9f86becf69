/** Why the desk ends early, in a sentence for the user, and the exit code that says so to scripts. */
export class DeskError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
