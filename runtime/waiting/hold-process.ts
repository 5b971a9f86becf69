/** Keeps the process alive for somebody who waits for what nothing else would. Returns how to let it go. */
export function holdProcess(): () => void {
  const hold = setInterval(() => undefined, 2 ** 30);
  return () => clearInterval(hold);
}
