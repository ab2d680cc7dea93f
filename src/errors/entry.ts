/** One kind of error. `exit` is the command line's exit code: 1 findings, 2 usage, 3 a system is not reachable. */
export type ErrorEntry = { readonly title: string; readonly remedy: string; readonly exit: 1 | 2 | 3 };
