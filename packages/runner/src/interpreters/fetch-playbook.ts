import { closeSync, openSync, readSync } from "node:fs";
import { playbookBytesMax, playbookFetchTimeoutMs, playbookRedirectsMax } from "../limits.ts";
import { findExecutable } from "./find-executable.ts";
import { CommandProblem } from "./tool-arguments.ts";

/** Name of the script in the run directory. */
const scriptName = "fetch-playbook.py";

/** The step is told its URL by the environment: other users of the machine see arguments. */
export const playbookUrlVariable = "COURIER_PLAYBOOK_URL";

/** What must be written into the run directory for `fetchingArgv`. */
export function fetchingFiles(): Readonly<Record<string, string>> {
  return { [scriptName]: fetchScript };
}

/** Fetches the playbook of `playbookUrlVariable` to `playbookPath`, and then becomes `argv`. */
export function fetchingArgv(options: {
  readonly python: string;
  readonly runDirectory: string;
  readonly playbookPath: string;
  readonly argv: readonly string[];
  readonly bytesMax?: number;
  readonly timeoutMs?: number;
  readonly redirectsMax?: number;
}): readonly string[] {
  const { bytesMax = playbookBytesMax, timeoutMs = playbookFetchTimeoutMs } = options;
  const { redirectsMax = playbookRedirectsMax } = options;
  return [
    ...[options.python, "-I", `${options.runDirectory}/${scriptName}`],
    ...[`${bytesMax}`, `${timeoutMs / 1000}`, `${redirectsMax}`, options.playbookPath],
    ...options.argv,
  ];
}

/** Why the playbook was not fetched, by what the step wrote to stderr; undefined when that was not it. */
export function explainFetch(stderr: string): string | undefined {
  const [first = ""] = stderr.split("\n", 1);
  return first.startsWith(failureStart) ? first : undefined;
}

const failureStart = "the playbook was not fetched from ";

/**
 * Path of a Python 3, which is where Ansible is: the one that runs Ansible, because whoever may run that may run it, else the one that
 * is found by name.
 */
export function pythonFor(ansiblePath: string, searchPath: readonly string[]): string {
  const path = shebangOf(ansiblePath) ?? findExecutable(["python3"], searchPath);
  if (path !== undefined) return path;
  throw new CommandProblem(
    '"args.playbook" is a URL, and fetching it needs python3, which is not installed on this node',
  );
}

/** Without a number `/usr/bin/python` may be any. */
function shebangOf(path: string): string | undefined {
  const buffer = Buffer.alloc(512);
  const file = openSync(path, "r");
  try {
    const text = buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, 0));
    const found = /^#!\s*(\/\S*\/python(?:3[\d.]*)?)(?:[ \t]+-\w+)*\s*\n/.exec(text)?.[1];
    return found === "/usr/bin/python" ? undefined : found;
  } finally {
    closeSync(file);
  }
}

/**
 * In Python, because it is there where Ansible is, keeps to the machine's proxies and authorities as Ansible's own modules do, and
 * becomes `ansible-playbook` at the end. No message shows more of a URL than its path, nor a word of what a server says.
 */
const fetchScript = `import http.client
import os
import re
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

bytes_max, seconds, redirects_max = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
path, command = sys.argv[4], sys.argv[5:]
first = url = os.environ.pop("${playbookUrlVariable}")


class Overdue(BaseException):
    pass


class Failure(Exception):
    pass


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def overdue(*_):
    raise Overdue()


def shown(address):
    return re.sub("(?s)[?#].*", "?\\u2026", re.sub("^([^/?#]*//)[^/?#]*@", "\\\\1", address))


def ask():
    address = urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    return opener.open(urllib.request.Request(address, headers={"User-Agent": "courier-runner"}))


def answer():
    global url
    for _ in range(redirects_max + 1):
        try:
            return ask()
        except urllib.error.HTTPError as error:
            error.close()
            target = error.headers.get("Location")
            if error.code not in (301, 302, 303, 307, 308) or target is None:
                raise Failure("HTTP status " + status(error.code))
        before, url = url, urllib.parse.urljoin(url, target)
        scheme, place = urllib.parse.urlsplit(url)[:2]
        is_weaker = scheme == "http" and before.lower().startswith("https:")
        if scheme not in ("http", "https") or is_weaker or "@" in place:
            raise Failure("a redirect from %s is not followed" % shown(before))
    raise Failure("more than %d redirects" % redirects_max)


def status(code):
    return ("%d %s" % (code, http.client.responses.get(code, ""))).strip()


def words_of(error):
    return getattr(error, "strerror", None) or str(error)


def fetch():
    with answer() as response, open(path, "wb") as file:
        if response.getcode() != 200:
            raise Failure("HTTP status " + status(response.getcode()))
        length = response.headers.get("Content-Length")
        size = 0
        while True:
            part = response.read(65536)
            if not part:
                break
            size += len(part)
            if size > bytes_max:
                raise Failure("it is larger than %d bytes" % bytes_max)
            file.write(part)
        if length is not None and size != int(length):
            raise Failure("the connection ended after %d of %s bytes" % (size, length))


def why():
    try:
        signal.signal(signal.SIGALRM, overdue)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)
        fetch()
    except Overdue:
        return "it was not there within %g s" % seconds
    except Failure as failure:
        return str(failure)
    except http.client.IncompleteRead:
        return "the connection ended before its end"
    except urllib.error.URLError as error:
        return words_of(error.reason)
    except OSError as error:
        return words_of(error)
    except (http.client.HTTPException, ValueError) as error:
        return "what is there is no HTTP (%s)" % type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


opener = urllib.request.build_opener(NoRedirect)
reason = why()
if reason is not None:
    by = "" if url == first else ", which leads to " + shown(url)
    text = "${failureStart}" + shown(first) + by + ": " + reason + "\\n"
    sys.stderr.buffer.write(text.encode("utf-8", "replace"))
    sys.exit(1)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execv(command[0], command)
`;
