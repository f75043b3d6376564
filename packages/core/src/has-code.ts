/** Whether something that was thrown is an error of the operating system, or of Node.js, with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
