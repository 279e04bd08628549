import Foundation
import Inspection
import Reporting
import Testing

/// Drawn graphs as files.
@Suite struct GraphFileTests {
    private var graph: DrawnGraph {
        var graph = DrawnGraph(title: "a \"graph\" <1>")
        let x = graph.add(["x", "[3]"], .input)
        let w = graph.add(["W", "0.weight"], .parameter, needsGradient: true)
        let h = graph.add(["h₁"], .recurrent)
        let next = graph.add(["h₂"], .recurrent)
        let loss = graph.add(["mse"], .loss)
        graph.connect(x, h)
        for state in [h, next] { graph.connect(w, state) }
        graph.connect(h, next, isThroughTime: true)
        graph.connect(next, loss)
        graph.connect(next, loss)
        graph.showBackward()
        return graph
    }

    private func count(_ pattern: String, in text: String) -> Int { text.components(separatedBy: pattern).count - 1 }

    @Test func `the picture has each box and each arrow once, gradients back, and is well-formed`() throws {
        let text = GraphSVG(graph).text
        #expect(count("<g class=\"node ", in: text) == 5 && count("class=\"box\"", in: text) == 5)
        #expect(count("marker-end=", in: text) == 5 && count("marker-start=", in: text) == 2)
        #expect(text.contains("a &quot;graph&quot; &lt;1&gt;") && text.contains("∂L/∂W") && !text.contains("∂L/∂x"))
        let parser = XMLReader(text)
        #expect(parser.isWellFormed)
        #expect(!text.contains("href") && count("http", in: text) == 1)  // the name of the language alone
    }

    @Test func `the text for Graphviz has a line for each box and arrow`() {
        let text = GraphDOT(graph).text
        #expect(count(" [label=", in: text) == 5 && count("style=dashed", in: text) == 2)
        #expect(count(" -> ", in: text) == 5 + 2 && count("rank=same", in: text) == 1)
        #expect(
            text.hasPrefix("digraph network {\n") && text.contains("a \\\"graph\\\" <1>")
                && text.contains("W\\n0.weight"))
    }
}

/// Whether each tag is closed by its own.
private struct XMLReader {
    private(set) var isWellFormed = true

    init(_ text: String) {
        var open: [String] = []
        for match in text.matches(of: /<(\/?)([a-zA-Z]+)[^<>]*?(\/?)>/) {
            let name = String(match.2)
            if match.1 == "/" {
                if open.popLast() != name { isWellFormed = false }
            } else if match.3 != "/" {
                open.append(name)
            }
        }
        if !open.isEmpty { isWellFormed = false }
    }
}
