/** A message that more can follow: with a full stop, unless it ends with one or with a code in brackets. */
export function sentence(message: string): string {
  return /[.!?\]…]\s*$/.test(message) ? message.trimEnd() : `${message.trimEnd()}.`;
}
