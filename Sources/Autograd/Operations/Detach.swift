/// The same value, through which no gradient flows.
package func detach(_ x: Variable) -> Variable { x.tape.constant(x.value) }
