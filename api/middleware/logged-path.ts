const LOGGED_PATH_MAX = 256

/** A path as the log takes it: at most 256 characters, so that long addresses do not push other lines out. */
export const loggedPath = (path: string): string => path.slice(0, LOGGED_PATH_MAX)
