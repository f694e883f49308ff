const LOGGED_PATH_MAX = 256

/** Truncates paths, so that long URLs do not flood the log. */
export const loggedPath = (path: string): string => path.slice(0, LOGGED_PATH_MAX)
