import ts from 'typescript';

/** How one file names another: at load, for its types only, or later, when a function runs. */
export type ImportKind = 'static' | 'type' | 'lazy';

export interface ImportFact {
  readonly kind: ImportKind;
  /** As written, or null when it is computed. */
  readonly specifier: string | null;
  readonly line: number;
}

export interface SourceFacts {
  readonly imports: readonly ImportFact[];
  /** Places that read or wait for time without the clock, as `line: expression`. */
  readonly clockReads: readonly string[];
  /** Lines of statements that do more than export from elsewhere. */
  readonly ownStatements: readonly number[];
  readonly lines: number;
}

const GLOBAL_OBJECTS = new Set(['globalThis', 'global', 'window', 'self']);
const GLOBAL_TIMES = new Set(['setTimeout', 'setInterval', 'performance']);
const TIME_MEMBERS = new Set([
  'Date.now',
  'DateTime.now',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
  'Temporal.Now',
]);
const NOW_WITHOUT_ARGUMENTS = new Set(['DateTime.local', 'DateTime.utc', 'Date']);
export const TIME_MODULES = /^(node:)?(timers|timers\/promises|perf_hooks)$/;

/** Reads one file's imports, clock reads and length from its syntax tree. */
export function factsOf(path: string, text: string): SourceFacts {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  return {
    imports: importsOf(source),
    clockReads: clockReadsOf(source),
    ownStatements: source.statements.filter((it) => !isReExport(it)).map((it) => lineOf(source, it)),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
  };
}

function isReExport(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

function visitAll(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => visitAll(child, visit));
}

function importsOf(source: ts.SourceFile): ImportFact[] {
  const facts: ImportFact[] = [];
  const requires = requireNamesOf(source);
  visitAll(source, (node) => {
    const found = declaredImport(node) ?? calledImport(node, requires);
    if (found) facts.push({ ...found, line: lineOf(source, node) });
  });
  return facts;
}

type Found = Omit<ImportFact, 'line'>;

function declaredImport(node: ts.Node): Found | undefined {
  if (ts.isImportDeclaration(node)) {
    return { kind: isTypeOnlyImport(node.importClause) ? 'type' : 'static', specifier: textOf(node.moduleSpecifier) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return { kind: isTypeOnlyExport(node) ? 'type' : 'static', specifier: textOf(node.moduleSpecifier) };
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return { kind: node.isTypeOnly ? 'type' : 'static', specifier: textOf(node.moduleReference.expression) };
  }
  if (ts.isImportTypeNode(node)) {
    const argument = node.argument;
    return { kind: 'type', specifier: ts.isLiteralTypeNode(argument) ? textOf(argument.literal) : null };
  }
  return undefined;
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  return !clause.name && !!bindings && ts.isNamedImports(bindings) && allTypes(bindings.elements);
}

function isTypeOnlyExport(node: ts.ExportDeclaration): boolean {
  const clause = node.exportClause;
  return node.isTypeOnly || (!!clause && ts.isNamedExports(clause) && allTypes(clause.elements));
}

function allTypes(elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]): boolean {
  return elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

function calledImport(node: ts.Node, requires: ReadonlySet<string>): Found | undefined {
  if (!ts.isCallExpression(node) || !isImportCall(node.expression, requires)) return undefined;
  const argument = node.arguments[0];
  return { kind: isInsideFunction(node) ? 'lazy' : 'static', specifier: argument ? textOf(argument) : null };
}

function isImportCall(callee: ts.Expression, requires: ReadonlySet<string>): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return requires.has(callee.text);
  return ts.isCallExpression(callee) && isNamed(callee.expression, 'createRequire');
}

/** `require` itself, and every variable that holds what `createRequire(…)` returned. */
function requireNamesOf(source: ts.SourceFile): Set<string> {
  const names = new Set(['require']);
  visitAll(source, (node) => {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer) return;
    const made = node.initializer;
    if (ts.isCallExpression(made) && isNamed(made.expression, 'createRequire')) names.add(node.name.text);
  });
  return names;
}

function isNamed(node: ts.Expression, name: string): boolean {
  return ts.isIdentifier(node) ? node.text === name : ts.isPropertyAccessExpression(node) && node.name.text === name;
}

function isInsideFunction(node: ts.Node): boolean {
  for (let at = node.parent; at; at = at.parent) if (ts.isFunctionLike(at)) return true;
  return false;
}

function textOf(node: ts.Node): string | null {
  return ts.isStringLiteralLike(node) ? node.text : null;
}

function clockReadsOf(source: ts.SourceFile): string[] {
  const reads: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return; // `ReturnType<typeof setTimeout>` reads nothing
    if (readsTime(node)) reads.push(`${lineOf(source, node)}: ${node.getText(source)}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return reads;
}

function readsTime(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return GLOBAL_TIMES.has(node.text) && isFreeName(node);
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    const path = memberPath(node);
    if (path === null) return false;
    return TIME_MEMBERS.has(path) || GLOBAL_TIMES.has(path);
  }
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    return !node.arguments?.length && NOW_WITHOUT_ARGUMENTS.has(memberPath(node.expression) ?? '');
  }
  return false;
}

/** `a.b` or `a['b']` as `a.b`, without a leading global object; null for anything else. */
function memberPath(node: ts.Expression): string | null {
  if (ts.isIdentifier(node)) return node.text;
  const member = ts.isPropertyAccessExpression(node)
    ? node.name.text
    : ts.isElementAccessExpression(node)
      ? textOf(node.argumentExpression)
      : null;
  if (member === null) return null;
  const owner = memberPath((node as ts.PropertyAccessExpression).expression);
  if (owner === null) return null;
  return GLOBAL_OBJECTS.has(owner) ? member : `${owner}.${member}`;
}

/** Not the name after a dot, nor the name that a declaration or an object literal gives to something of its own. */
function isFreeName(name: ts.Identifier): boolean {
  const parent = name.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === name;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) return parent.initializer === name;
  if (ts.isBindingElement(parent)) return true; // const { setTimeout } = globalThis
  return !(
    ts.isImportSpecifier(parent) ||
    ts.isClassElement(parent) ||
    ts.isTypeElement(parent) ||
    ts.isFunctionLike(parent)
  );
}
