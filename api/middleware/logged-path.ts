const LOGGED_PATH_MAX = 256

/** Long URLs must not flood the log. */
export const loggedPath = (path: string): string => path.slice(0, LOGGED_PATH_MAX)
