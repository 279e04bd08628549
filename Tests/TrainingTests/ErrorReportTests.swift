import Checkpointing
import Foundation
import JobHealth
import Testing
import Training

@Suite struct ErrorReportTests {
    @Test(arguments: [ENOENT, ENOTDIR, ESTALE, EACCES, ENODEV, ENOSPC, EIO])
    func `a file that cannot be read is bad data, one that cannot be saved is worth another attempt`(code: Int32) {
        let error = CheckpointError.system(
            path: "run/checkpoints/step-00000004.safetensors", operation: "open", code: code)
        let isOfDisk = [ENOSPC, EIO].contains(code)
        #expect(ErrorReport(error).code == (isOfDisk ? ExitCode.internal : .data).rawValue)
        let saving = ErrorReport(TrainingError.notSaved(error))
        #expect(saving.code == ExitCode.internal.rawValue && saving.text == "\(error)")
    }
}
