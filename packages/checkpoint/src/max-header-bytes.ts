/** The reference implementation's own limit on the header. */
export const maxHeaderBytes = 100_000_000;
