// Usage: import-door.mjs SPECIFIER. Prints the code of the error, or that there was none.
try {
  await import(process.argv[2]);
  console.log('imported');
} catch (error) {
  console.log(error.code ?? String(error));
}
