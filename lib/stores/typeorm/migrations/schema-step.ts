/** Statements of one schema step on one kind of database, for tables with a prefix; in a schema, where the database has them. */
export type Statements = (prefix: string, schema?: string | null) => string[];

/** One step of the schema. It is never changed after its release; a later change is a later step. */
export interface SchemaStep {
  /** Ends in the timestamp: TypeORM reads it from there. */
  readonly name: string;
  readonly timestamp: number;
  /** By TypeORM's type of the database. */
  readonly up: Readonly<Record<string, Statements>>;
  readonly down: Readonly<Record<string, Statements>>;
}
