import { userInfo } from 'node:os';

/** Who runs the command, or null where the system has no name for the user, as in many containers. */
export function userName(): string | null {
  try {
    return userInfo().username || null;
  } catch {
    return null;
  }
}
