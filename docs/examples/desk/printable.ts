const lengthMax = 160;

/** A path as one line that cannot steer the terminal: a name may hold any character, such as a line break. */
export function printable(path: string): string {
  const plain = path.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
  if (plain.length <= lengthMax) return plain;
  return `${plain.slice(0, lengthMax / 2)}…${plain.slice(-lengthMax / 2)}`;
}
