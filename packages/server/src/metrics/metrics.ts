import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { GenerationObserver } from '../generation/generations.ts';
import type { Service } from '../service.ts';

const prefix = 'kaito_server_';

/**
 * The server's Prometheus metrics, in a registry of their own. Counts of tokens and the queue are read from the engine when scraped; latencies
 * are observed once per answer, so that a token costs nothing here.
 */
export class Metrics implements GenerationObserver {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: `${prefix}requests_total`,
    help: 'HTTP requests answered.',
    labelNames: ['route', 'method', 'status'],
    registers: [this.registry],
  });
  readonly #durations = new Histogram({
    name: `${prefix}request_duration_seconds`,
    help: 'From the head of the request to the end of the response.',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    registers: [this.registry],
  });
  readonly #firstToken = new Histogram({
    name: `${prefix}time_to_first_token_seconds`,
    help: 'From the admission of a request to its first token, the wait in the queue included.',
    buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  readonly #perToken = new Histogram({
    name: `${prefix}time_per_output_token_seconds`,
    help: 'Mean time between the tokens of one answer, after its first.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28],
    registers: [this.registry],
  });
  readonly #tokensPerSecond = new Histogram({
    name: `${prefix}tokens_per_second`,
    help: 'Tokens per second of one answer, after its first.',
    buckets: [1, 2, 5, 10, 20, 40, 80, 160, 320, 640],
    registers: [this.registry],
  });

  /** Adds what is read from the service when scraped. */
  watch(service: Service): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({ name: prefix + name, help, registers: [this.registry], collect: setTo(read) });
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({ name: prefix + name, help, registers: [this.registry], collect: countTo(read) });
    const stats = () => service.loaded?.engine.stats();
    gauge('ready', '1 while new requests are served, else 0.', () => (service.state === 'ready' ? 1 : 0));
    gauge('requests_running', 'Sequences being generated: the size of the batch.', () => stats()?.running ?? 0);
    gauge('requests_waiting', 'Sequences waiting for a place: the depth of the queue.', () => stats()?.waiting ?? 0);
    gauge(
      'requests_admitted',
      'Sequences admitted and not yet ended.',
      () => service.loaded?.generations.admitted ?? 0,
    );
    gauge('parallel', 'Sequences that the engine generates at once.', () => service.loaded?.engine.info.parallel ?? 0);
    gauge('context_length_tokens', 'Tokens per request.', () => service.loaded?.engine.info.contextLength ?? 0);
    gauge('resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
    counter('prompt_tokens_total', 'Prompt tokens received.', () => stats()?.promptTokens ?? 0);
    counter(
      'cached_tokens_total',
      'Prompt tokens that needed no work: found in the cache.',
      () => stats()?.cachedTokens ?? 0,
    );
    counter('completion_tokens_total', 'Tokens generated.', () => stats()?.completionTokens ?? 0);
  }

  /** Durations in ms. */
  request(route: string, method: string, status: number, duration: number): void {
    this.#requests.inc({ route, method, status });
    this.#durations.observe({ route, status }, duration / 1000);
  }

  firstToken(sinceAdmission: number): void {
    this.#firstToken.observe(sinceAdmission / 1000);
  }

  ended(tokens: number, duration: number): void {
    if (tokens < 2 || duration <= 0) return;
    this.#perToken.observe(duration / 1000 / (tokens - 1));
    this.#tokensPerSecond.observe(((tokens - 1) * 1000) / duration);
  }
}

function setTo(read: () => number): (this: Gauge) => void {
  return function collect() {
    this.set(read());
  };
}

function countTo(read: () => number): (this: Counter) => void {
  return function collect() {
    this.reset();
    this.inc(read());
  };
}
