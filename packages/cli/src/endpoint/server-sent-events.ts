/**
 * The `data` of each event in a body of server-sent events (WHATWG HTML, "Interpreting an event stream"): lines joined by newlines,
 * comments and other fields left out. An event cut off by the end of the body is dropped, as the standard says.
 */
export async function* eventData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === '') {
      if (data.length > 0) yield data.join('\n');
      data = [];
    } else if (line.startsWith('data:')) {
      data.push(line.slice(line[5] === ' ' ? 6 : 5));
    }
  }
}

/** The lines of a body that are ended, by LF, CRLF or CR. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    // A carriage return at the end may be the first half of a CRLF.
    const held = rest.endsWith('\r') ? '\r' : '';
    const found = rest.slice(0, rest.length - held.length).split(/\r\n|\n|\r/);
    rest = (found.pop() ?? '') + held;
    yield* found;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}
