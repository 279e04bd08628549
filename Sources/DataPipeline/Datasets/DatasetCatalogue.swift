/// The data sets that a configuration can name: a new one is a line here.
package let datasetCatalogue: [any DatasetFactory.Type] = [
    Digits.self, Points.self, TruthTable.self, Curve.self, Shapes.self, MNIST.self, FashionMNIST.self,
    RotatedMNIST.self, CIFAR10.self, CIFAR100.self, Images.self, CSV.self, Series.self, GroupedTable.self, Text.self,
    Sound.self,
    GraphData.self,
    Drawn<AddingProblem>.self, Drawn<Recall>.self, Drawn<Strings>.self, Drawn<Waves>.self, Drawn<Opinions>.self,
    Drawn<Captions>.self, Drawn<Objects>.self, Drawn<Figures>.self,
]
