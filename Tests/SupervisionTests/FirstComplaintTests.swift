import Supervision
import Testing

struct FirstComplaintTests {
    @Test(arguments: [
        ("trainer: no such file\nrank 1: late\n", "no such file"),
        ("warning: few cores\nnote: slow\n-----------\n\ntrainer: bad key\n", "bad key"),
        ("[host:1] mca noise\nrank 1 on a (step 3): loss is not finite\n", "rank 1 on a (step 3): loss is not finite"),
        ("warning: only this\n", nil), ("without an end of line", nil),
    ])
    func theFirstLineThatIsNoRemarkIsTheCause(text: String, line: String?) {
        var complaint = FirstComplaint()
        for byte in text.utf8 { complaint.read([byte]) }
        #expect(complaint.line == line)
    }
}
