import type { Llama, LlamaGrammar } from 'node-llama-cpp';
import { EngineError, type OutputConstraint } from '../engine.ts';
import { jsonGrammar } from './json-grammar.ts';
import { jsonSchemaGrammar } from './json-schema.ts';

/** Compiles a constraint. Throws EngineError `InvalidGrammar`. */
export async function compileConstraint(llama: Llama, constraint: OutputConstraint): Promise<LlamaGrammar> {
  try {
    return await llama.createGrammar({ grammar: grammarText(constraint) });
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError('InvalidGrammar', `The grammar cannot be used: ${reason}`, { cause: error });
  }
}

function grammarText(constraint: OutputConstraint): string {
  switch (constraint.type) {
    case 'json':
      return jsonGrammar('object | array');
    case 'json_schema':
      return jsonSchemaGrammar(constraint.schema);
    case 'gbnf':
      return constraint.grammar;
  }
}
