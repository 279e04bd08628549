import CMPI
import Glibc

/// Ranks of one host as if they ran on several, for tests of what several hosts do.
enum PretendedHosts {
    /// `TRAINER_TEST_HOSTS=0,1,0` has the ranks with the same number share memory, and no others.
    static let variable = "TRAINER_TEST_HOSTS"

    /// The number of a rank's host; nil where nobody asks.
    static func host(ofRank rank: Int, of worldSize: Int, asked: String?) throws -> Int? {
        guard let asked, !asked.isEmpty else { return nil }
        let numbers = asked.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
        guard numbers.count == worldSize, let number = numbers[rank], number >= 0 else {
            throw CollectivesError.malformedHosts(value: asked, worldSize: worldSize)
        }
        return Int(number)
    }

    /// The ranks of a host that share memory with this one: all, unless somebody asks for less.
    static func part(of host: MPI_Comm, rank: Int, worldSize: Int) throws -> MPI_Comm {
        let asked = getenv(variable).map { String(cString: $0) }
        guard let number = try Self.host(ofRank: rank, of: worldSize, asked: asked) else { return host }
        var part: MPI_Comm?
        try checkMPI(MPI_Comm_split(host, Int32(number), 0, &part), "MPI_Comm_split", rank: rank)
        var whole: MPI_Comm? = host
        try checkMPI(MPI_Comm_free(&whole), "MPI_Comm_free", rank: rank)
        guard let part else {
            throw CollectivesError.mpi(call: "MPI_Comm_split", rank: rank, text: "no communicator was made")
        }
        return part
    }
}
