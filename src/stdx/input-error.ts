// What a user gave us and we cannot use: one line, `file:line:col: what, expected ..., hint`, exit status 2.

export interface Place {
  file: string;
  line?: number | undefined;
  column?: number | undefined;
}

/** What a terminal obeys, or takes for the end of a line. */
// oxlint-disable-next-line no-control-regex
export const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Control characters in quoted input are shown, not obeyed: a file name must not repaint the terminal. */
export function printable(text: string): string {
  return text.replaceAll(CONTROLS, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

export class InputError extends Error {
  override name = 'InputError';

  /**
   * @param place file (or flag) and, where known, 1-based line and column
   * @param what what is wrong, quoting what was seen
   * @param expected what would have been right
   * @param hint what to do next
   */
  constructor(place: Place, what: string, expected: string, hint: string) {
    const at = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
    super(printable(`${at}: ${what}, expected ${expected}, hint: ${hint}`));
  }
}
