/** An error with a code that a program can act on; the message is for people. */
export class TransferError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "TransferError";
    this.code = code;
  }
}
