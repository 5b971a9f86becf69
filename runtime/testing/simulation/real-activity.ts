/** What Node.js calls requests to the system and open connections; pipes and terminals of the process are always there. */
const request = /Req|Request|^TCP|^TLS|^UDP|^Process/;

/** How much of this process waits for the system: files, names, connections, other processes. */
export function realActivity(): number {
  return process.getActiveResourcesInfo().filter((kind) => request.test(kind)).length;
}
