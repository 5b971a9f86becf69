/**
 * That of the system, whatever is put in its place later: by a simulation, or by the fake timers of a test. The door
 * loads it, before a test can.
 */
export const systemImmediate = setImmediate;
