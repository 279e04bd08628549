// Started by Tests/scripts/pillow-pictures: decodes and fits pictures and writes their values.
//
// Each line of standard input asks for one picture, by fields that tabs separate: its path and 1 or 3 channels; then,
// where it is to be fitted, height, width and mode; then, where a window of it is, its top, left, height and width.
// Each answer is a line "FORMAT HEIGHT WIDTH CHANNELS BITS" and the values as floats, or "problem TEXT".
import DataPipeline
import Foundation

struct Request {
    let path: String
    let channels: Int
    var fit: PictureFit?
    var window: PictureWindow?

    init?(_ line: String) {
        let fields = line.split(separator: "\t").map(String.init)
        guard fields.count >= 2, let channels = Int(fields[1]) else { return nil }
        (path, self.channels) = (fields[0], channels)
        if fields.count >= 5, let height = Int(fields[2]), let width = Int(fields[3]) {
            guard let mode = PictureFit.Mode(rawValue: fields[4]) else { return nil }
            fit = PictureFit(height: height, width: width, mode: mode)
        }
        let extents = fields.dropFirst(5).compactMap(Double.init)
        if extents.count == 4 {
            window = PictureWindow(top: extents[0], left: extents[1], height: extents[2], width: extents[3])
        }
    }
}

func answer(_ request: Request, _ decoder: PictureDecoder, _ workspace: PictureFit.Workspace) throws -> Data {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: request.path))
    return try bytes.withUnsafeBytes { file in
        let header = try decoder.header(of: file)
        let picture = try decoder.decode(file, channels: request.channels)
        let (height, width) = (request.fit?.height ?? picture.height, request.fit?.width ?? picture.width)
        var values = [Float](repeating: 0, count: height * width * picture.channels)
        values.withUnsafeMutableBufferPointer { room in
            // Without a fit, stretching onto its own extents gives the pixels themselves.
            let fit = request.fit ?? PictureFit(height: height, width: width, mode: .stretch)
            fit(picture, window: request.window, workspace: workspace, into: room)
        }
        let line = "\(header.format.rawValue) \(height) \(width) \(picture.channels) \(picture.bitsPerSample)\n"
        return Data(line.utf8) + values.withUnsafeBytes { Data($0) }
    }
}

let (decoder, workspace) = (PictureDecoder(), PictureFit.Workspace())
while let line = readLine() {
    guard let request = Request(line) else {
        FileHandle.standardError.write(Data("picture-values: no request: \(line)\n".utf8))
        exit(64)
    }
    do {
        FileHandle.standardOutput.write(try answer(request, decoder, workspace))
    } catch {
        FileHandle.standardOutput.write(Data("problem \(error)\n".utf8))
    }
}
