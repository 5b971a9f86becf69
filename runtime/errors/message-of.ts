/** Longer than any message is meant to be, and far below what an event may hold. */
const messageLengthMax = 10_000;

/** The message of whatever was thrown. Never throws itself, whatever that is. */
export function messageOf(thrown: unknown): string {
  try {
    const { message: said } = Object(thrown) as { message?: unknown };
    const message = String(said ?? (typeof thrown === 'object' ? JSON.stringify(thrown) : thrown));
    return message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message;
  } catch {
    return 'what was thrown has no message';
  }
}
