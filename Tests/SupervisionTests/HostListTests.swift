import Foundation
import Testing

import Supervision

/// Hosts with their slots, from the command line and from files.
struct HostListTests {
    @Test func `--host takes names with slots, one where none are given, and adds up repeated names`() throws {
        #expect(try HostList.parse(option: "a:2,b,a:3") == [Host(name: "a", slots: 5), Host(name: "b", slots: 1)])
    }

    @Test(arguments: ["a:0", "a:x", ":2", "a:1:2", "-x"])
    func `what is no host is refused with its text`(text: String) {
        #expect(throws: SupervisionError.malformedHost(place: "--host", text: text)) {
            try HostList.parse(option: "b," + text)
        }
    }

    @Test func `a host file may have comments, empty lines and other settings`() throws {
        let text = "# two machines\nnode1 slots=4 max_slots=8\n\n  node2   # one rank\n"
        #expect(
            try HostList.parse(text, file: "hosts") == [Host(name: "node1", slots: 4), Host(name: "node2", slots: 1)])
    }

    @Test(arguments: [
        "a slots=2\r\nb slots=1\r\n", "a slots = 2\nb\n", "a slots= 2\rb slots =1\r", "a max_slots = 4 slots=2\nb",
    ])
    func `line ends of other systems and spaces around the sign are read`(text: String) throws {
        #expect(try HostList.parse(text, file: "hosts") == [Host(name: "a", slots: 2), Host(name: "b", slots: 1)])
    }

    @Test func `a word that is no setting is refused`() {
        #expect(throws: SupervisionError.malformedHost(place: "hosts:1", text: "node1 2")) {
            try HostList.parse("node1 2\n", file: "hosts")
        }
    }

    @Test func `a bad line of a host file is named`() {
        #expect(throws: SupervisionError.malformedHost(place: "hosts:2", text: "node2 slots=none")) {
            try HostList.parse("node1\nnode2 slots=none\n", file: "hosts")
        }
        #expect(throws: SupervisionError.noHosts(place: "hosts")) { try HostList.parse("# none\n", file: "hosts") }
        #expect(throws: SupervisionError.unreadableHostFile(path: "/no/such/file", code: ENOENT)) {
            try HostList.read(file: "/no/such/file")
        }
    }

    @Test(arguments: [
        ("node1", "node1", true), ("node1.cluster.org", "node1", true), ("node1", "node1.cluster.org", true),
        ("node1", "node2", false),
        ("node1.cluster.org", "node1.other.org", false), ("node1", "node10", false), ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false), ("localhost", ProcessInfo.processInfo.hostName, true),
        ("localhost", "node1", false),
    ])
    func `a host is known by its name with and without its domain`(listed: String, told: String, isSame: Bool) {
        #expect(Host(name: listed, slots: 1).isNamed(told) == isSame)
    }
}
