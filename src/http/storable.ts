/** Whether a text of a caller can be stored: PostgreSQL takes well-formed Unicode without NUL, and nothing else. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** What is said of a text that is not. */
export const notStorable = 'holds a character that is no text';
