/** Longer than any message is meant to be, and far below what an event may hold. */
const messageLengthMax = 10_000;

/** The message of whatever was thrown. Never throws itself, whatever that is. */
export function messageOf(thrown: unknown): string {
  try {
    const { message: said } = Object(thrown) as { message?: unknown };
    const isTold = typeof said === 'string' || thrown instanceof Error;
    const isData = typeof thrown === 'object' && !isTold;
    const message = isData ? JSON.stringify(thrown) : String(isTold ? said : thrown);
    return message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message;
  } catch {
    return 'what was thrown has no message';
  }
}
