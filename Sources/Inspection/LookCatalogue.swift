/// Every kind of look, a line each; the help lists them in this order.
package let lookCatalogue: [any LookKind.Type] = [
    FilterLook.self,
    MapLook.self,
    KernelLook.self,
    SaliencyLook.self,
    AdversarialLook.self,
    OcclusionLook.self,
    ReceptiveLook.self,
    ActivationLook.self,
    ConfusionLook.self,
    MistakeLook.self,
    AugmentedLook.self,
    PatchLook.self,
]
