import TensorCore

/// The data sets that a config can name.
public enum DatasetLibrary {
    /// The registered names.
    public static let names = ["digits", "mnist", "fashion-mnist", "cifar10"]

    package static let digitNames = (0...9).map(String.init)
    static let fashionNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]
}
