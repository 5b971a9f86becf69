/** How many there are in the notes that a program promises to keep while the power is cut. */
export const callers = 16;
export const rounds = 4;
const notesPerRound = 2;

export const streamOf = (caller: number): string => `notebook/${caller % 4}`;

/** The notes of a caller in a round, in order. */
export const idsOf = (caller: number, round: number): string[] =>
  Array.from({ length: notesPerRound }, (_, number) => `${caller}-${round}-${number}`);

/** Of a part of a page or of several, and another one for each note. */
export function textOf(id: string): string {
  const [caller = 0, round = 0, number = 0] = id.split('-').map(Number);
  const length = [10, 200, 900, 5_000][(caller + round + number) % 4] as number;
  return `${id} `.repeat(Math.ceil(length / (id.length + 1))).slice(0, length);
}
