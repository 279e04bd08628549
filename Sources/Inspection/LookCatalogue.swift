/// Every kind of look, a line each; the help lists them in this order.
package let lookCatalogue: [any LookKind.Type] = [
    FilterLook.self,
    MapLook.self,
]
