export { EventBus, UnknownEventError } from './event-bus.js';
export type { EventListener, ListenerReporter } from './event-bus.js';
export { LogListener } from './log-listener.js';
export type { LineWriter, LogLevel } from './log-listener.js';
