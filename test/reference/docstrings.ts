import ts from 'typescript';

/** Docstrings of one source file: of its interfaces' properties, its classes and the entries of a constant list. */
export class Docstrings {
  private readonly source: ts.SourceFile;

  constructor(path: string, text: string) {
    this.source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  }

  /** By property, of an interface of this file; null: there is no such interface. */
  ofInterface(name: string): Map<string, string> | null {
    const found = this.source.statements.find(
      (it): it is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(it) && it.name.text === name,
    );
    if (found === undefined) return null;
    const members = found.members.filter((it) => ts.isPropertySignature(it));
    return new Map(members.map((it) => [(it.name as ts.Identifier).text, docOf(it)]));
  }

  /** Text above an interface. */
  aboveInterface(name: string): string {
    const found = this.source.statements.find((it) => ts.isInterfaceDeclaration(it) && it.name.text === name);
    return found === undefined ? '' : docOf(found);
  }

  /** Classes with a literal `code`, as `[code, class, text]`. */
  errors(): { code: string; name: string; text: string }[] {
    return this.source.statements.filter(ts.isClassDeclaration).flatMap((it) => {
      const code = it.members.filter(ts.isPropertyDeclaration).find((member) => member.name.getText() === 'code');
      const value = code?.initializer;
      if (value === undefined || !ts.isStringLiteral(value)) return [];
      return [{ code: value.text, name: it.name?.text ?? '', text: docOf(it) }];
    });
  }

  /** Texts of a constant list, each with the comment before it. */
  listOf(name: string): Map<string, string> {
    const entries = new Map<string, string>();
    const visit = (node: ts.Node): void => {
      if (ts.isVariableDeclaration(node) && node.name.getText() === name) {
        const list = ts.isAsExpression(node.initializer!) ? node.initializer.expression : node.initializer!;
        for (const entry of (list as ts.ArrayLiteralExpression).elements) {
          entries.set((entry as ts.StringLiteral).text, commentBefore(entry, this.source));
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(this.source);
    return entries;
  }
}

function docOf(node: ts.Node): string {
  const [doc] = (node as { jsDoc?: ts.JSDoc[] }).jsDoc ?? [];
  return doc === undefined ? '' : plain(ts.getTextOfJSDocComment(doc.comment) ?? '');
}

function commentBefore(node: ts.Node, source: ts.SourceFile): string {
  const [range] = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  if (range === undefined) return '';
  return plain(
    source.text
      .slice(range.pos, range.end)
      .replace(/^\/\*\*?|\*\/$/g, '')
      .replace(/^\s*(\*|\/\/) ?/gm, ''),
  );
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
