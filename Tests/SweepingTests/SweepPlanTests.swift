import Foundation
import Sweeping
import Testing
import Training

struct SweepPlanTests {
    static let yaml = """
        model: {input: [2], layers: [ {linear: 4}, tanh, {linear: 1} ]}
        data: {name: truthTable, function: xor, validation: 0}
        loss: logLoss
        batch: all
        epochs: 10
        optimizer: {name: sgd, learningRate: 0.1}

        """

    static func plan(_ axes: SweepAxis...) throws -> SweepPlan {
        try SweepPlan(axes) { try RunConfiguration(yaml: yaml, file: "xor.yaml", varied: $0, environment: [:]) }
    }

    @Test func everyCombinationIsARunThatIsNamedByWhatVaries() throws {
        let plan = try SweepPlanTests.plan(
            SweepAxis(vary: "optimizer.learningRate=0.1,0.01"), SweepAxis(seeds: "2"), SweepAxis(ranks: "1,2"))
        #expect(plan.runs.count == 8)
        #expect(
            plan.runs.prefix(3).map(\.name) == [
                "learningRate=0.1,seed=1,np=1", "learningRate=0.1,seed=1,np=2", "learningRate=0.1,seed=2,np=1",
            ])
        let last = plan.runs[7]
        #expect(last.setting == "learningRate=0.01, np=2" && last.ranks == 2 && last.threads == nil && last.seed == 2)
        #expect(last.varied == ["optimizer.learningRate=0.01", "seed=2"])
    }

    @Test func seedsAloneAreOneSettingOfTheConfigurationsName() throws {
        let plan = try SweepPlanTests.plan(SweepAxis(seeds: "3"))
        #expect(
            plan.runs.map(\.setting) == ["xor", "xor", "xor"]
                && plan.runs.map(\.name) == ["seed=1", "seed=2", "seed=3"])
    }

    @Test func keysWithTheSameLastPartAreWrittenOut() throws {
        let plan = try SweepPlanTests.plan(
            SweepAxis(vary: "optimizer.name=sgd"), SweepAxis(vary: "name=a"), SweepAxis(vary: "batch=2"))
        #expect(plan.runs.map(\.name) == ["optimizer.name=sgd,name=a,batch=2"])
    }

    @Test func namesAreFileNames() throws {
        let values = ["{name: sgd, learningRate: 0.1}", "{name: adam, learningRate: 0.1}"]
        let plan = try SweepPlanTests.plan(SweepAxis(vary: "optimizer=\(values.joined(separator: ";"))"))
        #expect(plan.runs[0].name == "optimizer=name-sgd-learningRate-0.1")
        #expect(plan.runs[0].setting == "optimizer={name: sgd, learningRate: 0.1}")
        // Two names that would be the same, and long ones.
        let paths = try SweepPlanTests.plan(
            SweepAxis(vary: "data.path=/a/b,/a-b,../..,\(String(repeating: "x", count: 300))"))
        let names = paths.runs.map(\.name)
        #expect(Set(names).count == 4 && names.allSatisfy { !$0.contains("/") && $0.utf8.count <= 120 }, "\(names)")
        #expect(names[0].hasPrefix("path=a-b-") && names[2] == "path=..-..")
    }

    @Test func theSameRunTwiceIsRefused() throws {
        #expect(throws: SweepError.sameRuns("learningRate=0.1", "learningRate=0.10")) {
            try SweepPlanTests.plan(SweepAxis(vary: "optimizer.learningRate=0.1,0.10"))
        }
        #expect(throws: SweepError.sameRuns("seed=7", "seed=7")) { try SweepPlanTests.plan(SweepAxis(seeds: "7,7")) }
        #expect(throws: SweepError.sameRuns("np=2", "np=2")) { try SweepPlanTests.plan(SweepAxis(ranks: "2,2")) }
    }

    @Test func axesThatCannotBeAreRefused() throws {
        #expect(throws: SweepError.nothingVaries) { try SweepPlanTests.plan() }
        #expect { try SweepPlanTests.plan(SweepAxis(vary: "seed=1,2"), SweepAxis(seeds: "2")) } throws: {
            "\($0)".contains("given twice")
        }
        #expect(throws: SweepError.tooManyRuns(100_000_000)) {
            try SweepPlanTests.plan(
                SweepAxis(seeds: "10000"),
                SweepAxis(vary: "batch=\((1...10000).map(String.init).joined(separator: ","))"))
        }
        #expect { try SweepPlanTests.plan(SweepAxis(vary: "optimizer.learningRat=0.1")) } throws: {
            "\($0)".hasPrefix("--vary optimizer.learningRat=0.1: ") && "\($0)".contains("did you mean 'learningRate'")
        }
    }
}
