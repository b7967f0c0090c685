import type { Llama, LlamaGrammar } from 'node-llama-cpp';
import { EngineError, type OutputConstraint } from '../engine.ts';

/** RFC 8259 with an object or array at the top; white space is bounded so that a model cannot fill its answer with it. */
const json = String.raw`root ::= object | array
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws ( member ( "," ws member )* )? "}" ws
member ::= string ":" ws value ws
array ::= "[" ws ( value ws ( "," ws value ws )* )? "]" ws
string ::= "\"" ( [^"\\\x00-\x1F] | "\\" ( ["\\/bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\""
number ::= "-"? ( "0" | [1-9] [0-9]{0,15} ) ( "." [0-9]{1,16} )? ( [eE] [-+]? [0-9]{1,3} )?
ws ::= " "? | "\n" [ \t]{0,20}
`;

/** Compiles a constraint. Throws EngineError `InvalidGrammar`. */
export async function compileConstraint(llama: Llama, constraint: OutputConstraint): Promise<LlamaGrammar> {
  try {
    if (constraint.type === 'json') return await llama.createGrammar({ grammar: json });
    if (constraint.type === 'gbnf') return await llama.createGrammar({ grammar: constraint.grammar });
    return await llama.createGrammarForJsonSchema(
      constraint.schema as Parameters<Llama['createGrammarForJsonSchema']>[0],
    );
  } catch (error) {
    const what = constraint.type === 'json_schema' ? 'JSON schema' : 'grammar';
    throw new EngineError(
      'InvalidGrammar',
      `The ${what} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
