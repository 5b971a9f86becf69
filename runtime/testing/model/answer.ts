/**
 * What a property answers. A promise is refused, since it is no `false`, whatever comes of it; and that it rejects, nobody
 * need hear.
 */
export function answerOf(property: () => unknown): unknown {
  const answer = property();
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => undefined);
  throw new TypeError('It returned a promise, and has to answer at once.');
}
